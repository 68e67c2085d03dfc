/** What has to hold whatever crashes, races or lies. */
export const invariants = {
  I1: 'what is spent, held and asked never exceeds a limit, decided and written in one step',
  I2: 'at most one authorization of a purchase is executed',
  I3: 'no signature exists without an earlier durable record of its terms',
  I4: 'what is confirmed is in a final block',
  I5: 'what is released can never be executed',
  I6: 'what leaves our accounts is explained by one payment, or the wallet is frozen',
  I7: 'totals are the sum of the payments',
  I8: 'time of the ledger never runs back, nor forward faster than time passes',
  I9: 'what a server says releases and confirms nothing',
  I10: 'what was judged, recorded, signed and sent is one and the same',
  I11: 'an error in a policy, a ledger or a clock uses no key',
  I12: 'an approval is used once, in the step that records the payment',
  I13: 'over HTTP only the owner widens, only a session pays, and nobody else is answered',
  I14: 'no secret is in what is thrown, told or logged, and no word of a stranger in a sentence of ours',
  I15: 'nothing that is not ours is waited for without end, and a call given up before its signature moves no money',
} as const

/** One way to break a promise of this library, and the tests that have to notice. */
export type KnownBad = {
  /** Which of the invariants below it breaks. */
  readonly invariant: keyof typeof invariants
  readonly breaks: string
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly tests: readonly string[]
}

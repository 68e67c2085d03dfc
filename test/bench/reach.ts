/** What is to be reached, as the page has it. */
export type Goal = {
  readonly measure: string
  /** Names in the facts that the bench has found; all of them have to be reached. */
  readonly facts: readonly (readonly [name: string, atMost: number] | readonly [name: string, 'at least', number])[]
  readonly digits?: number
  readonly unit?: string
  /** Where the time or the bytes go, for a row that is not reached. */
  readonly why: string
}

const signing =
  'Most of what a payment computes is one ECDSA signature in JavaScript, which the default signer makes as often as the others do; `stipend/fast` makes it in WebAssembly. Mixed, each call finds the caches cold from six other clients.'
const size =
  'More than two thirds are our own code: the wallet carries sessions, actions, transfers, signing in, MPP and both versions of x402, and every sentence that it refuses with. noble is 57 KB before compression, the BIP-39 words 13. Bundlers keep all of it, since one object, the wallet, has all of it as methods.'

/** In the order of the page. */
export const goals: readonly Goal[] = [
  {
    measure: 'paid request, stub, ÷ `@x402/fetch`, default: own / mixed',
    facts: [
      ['stubOwn', 0.85],
      ['stubMixed', 0.95],
    ],
    why: signing,
  },
  {
    measure: 'the same with the fast signer: own / mixed',
    facts: [
      ['stubOwnFast', 0.4],
      ['stubMixedFast', 0.6],
    ],
    why: 'What is left without the signature is the policy, the ledger and the journal of a payment, which the others do not keep.',
  },
  {
    measure: 'HTTP, ÷ `@x402/fetch`: default / payAhead / payAhead and fast',
    facts: [
      ['http', 1],
      ['httpAhead', 0.7],
      ['httpAheadFast', 0.5],
    ],
    why: 'Node’s own fetch and server take most of a request on loopback, whichever client asks: the bare trip is the floor of all of them.',
  },
  {
    measure: 'passthrough over a bare fetch, stub',
    facts: [['passthroughUs', 1]],
    digits: 1,
    unit: ' µs',
    why: 'A median of some microseconds moves by one with what else the machine does; the wallet wraps the promise and reads the status.',
  },
  {
    measure: 'trips, terms known',
    facts: [['trips', 1]],
    digits: 0,
    why: 'A payment was not sent with the first request.',
  },
  {
    measure: 'Solana client CPU ÷ official client, RPC 0 / 50 ms',
    facts: [
      ['solana0', 0.35],
      ['solana50', 0.25],
    ],
    why: 'Half of it is the two HTTP trips of the payment, which both clients make; the rest is building, signing and reading again one message.',
  },
  {
    measure: 'import above empty',
    facts: [['importMs', 50]],
    digits: 0,
    unit: ' ms',
    why: 'It is files that are found, read and compiled: those of the package are one or two dozen, noble adds its own.',
  },
  {
    measure: 'first payment after import',
    facts: [['firstMs', 30]],
    digits: 0,
    unit: ' ms',
    why: 'The first signature makes the table of the curve’s base point, and nothing is compiled yet.',
  },
  { measure: 'browser, min+gz: whole', facts: [['wholeKb', 45]], digits: 1, unit: ' KB', why: size },
  {
    measure: 'browser, min+gz: lean',
    facts: [['leanKb', 30]],
    digits: 1,
    unit: ' KB',
    why: 'There is no lean entry yet.',
  },
  {
    measure: 'SQLite, 64 callers ÷ 1; 256 ÷ 1',
    facts: [
      ['SQLite (WAL, FULL) 64', 'at least', 8],
      ['SQLite (WAL, FULL) 256', 'at least', 10],
    ],
    digits: 1,
    why: 'Callers at once share the sync of a commit, and nothing else: where a sync is fast, what each reservation computes is most of it, and the ratio is smaller.',
  },
  {
    measure: 'PostgreSQL, 64 ÷ 1',
    facts: [['PostgreSQL 64', 'at least', 5]],
    digits: 1,
    why: 'The server computes a batch on one core, beside the client: with two cores both wait for each other.',
  },
  {
    measure: 'SQLite with many payments: open',
    facts: [['sqliteOpenMs', 1000]],
    digits: 0,
    unit: ' ms',
    why: 'Opening adds up what counts in each window that is limited.',
  },
  {
    measure: 'SQLite with many payments: reserve p50 ÷ at 10³',
    facts: [['sqliteReserve', 1.5]],
    why: 'An index over random names is deeper, and its pages are spread: more of them are written for each payment.',
  },
  {
    measure: 'SQLite with many payments: list by scope',
    facts: [['sqliteListMs', 20]],
    digits: 2,
    unit: ' ms',
    why: 'A list by scope walks its index.',
  },
  {
    measure: 'memory ledger with many payments: list(10) / refusal',
    facts: [
      ['memoryListMs', 1],
      ['memoryRefuseMs', 1],
    ],
    digits: 3,
    unit: ' ms',
    why: 'A refusal looks for the instant at which the payment fits.',
  },
  {
    measure: '1,000 at once: rise of memory',
    facts: [['crowdMb', 130]],
    digits: 0,
    unit: ' MB',
    why: 'Most of it is a thousand connections of Node’s fetch with their buffers, as for the others.',
  },
  { measure: '1,000 at once: CPU ÷ `@x402/fetch`', facts: [['crowdCpu', 0.9]], why: signing },
]

type Facts = Readonly<Record<string, number>>

/** Answers the rows of the page's first table, and why those that were not reached were not. */
export function compareWith(facts: Facts): {
  readonly rows: readonly (readonly string[])[]
  readonly missed: readonly Goal[]
} {
  const judged = goals.map((goal) => ({ goal, isReached: goal.facts.every((fact) => isReached(fact, facts)) }))
  return {
    rows: judged.map(({ goal, isReached: reached }) => [
      ...toCells(goal, facts),
      reached ? 'reached' : '**not reached**',
    ]),
    missed: judged.filter((one) => !one.isReached).map(({ goal }) => goal),
  }
}

function isReached([name, bound, least]: Goal['facts'][number], facts: Facts): boolean {
  const found = facts[name] ?? Number.NaN
  return bound === 'at least' ? found >= Number(least) : found <= bound
}

function toCells({ measure, facts: wanted, digits = 2, unit = '' }: Goal, facts: Facts): readonly string[] {
  const reach = wanted.map(([, bound, least]) => (bound === 'at least' ? `≥ ${least}` : `≤ ${bound}`)).join(' / ')
  const found = wanted.map(([name]) => facts[name]?.toFixed(digits) ?? '–').join(' / ')
  return [measure, reach + unit, found + unit]
}

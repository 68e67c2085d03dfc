import type { KnownBad } from './known-bad.ts'

/** How sessions can be broken. */
export const sessionPatches: readonly KnownBad[] = [
  {
    invariant: 'I10',
    breaks: 'every session sees what the wallet holds',
    file: 'src/session/session.ts',
    find: "if (!isPermitted(links, 'balances')) return {}",
    replace: '',
    tests: ['test/tools/holdings.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'a session that is over goes on seeing what the wallet holds',
    file: 'src/session/session.ts',
    find: 'requireLive(links, maker).then(balances)',
    replace: 'balances()',
    tests: ['test/tools/holdings.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: "a limit on a label counts by what a session's holder writes",
    file: 'src/pay/create-payer.ts',
    find: 'ownerLabels ?? withoutCall(labels)',
    replace: 'withoutCall(labels)',
    tests: ['test/session/labels.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'a limit on a label counts by the label of a session that a holder has made',
    file: 'src/session/session.ts',
    find: 'ownerLabels: ownerLabelsOf(links)',
    replace: 'ownerLabels: labelsOf(links)',
    tests: ['test/session/labels.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'a session is held to its own caveats only, and not to those of what it is made from',
    file: 'src/session/session.ts',
    find: 'const rules = links.flatMap(',
    replace: 'const rules = links.slice(-1).flatMap(',
    tests: ['test/session'],
  },
  {
    invariant: 'I11',
    breaks: 'whoever can write a token has a session',
    file: 'src/session/token.ts',
    find: '!equalBytes(mac, expected)',
    replace: 'mac.length === 0',
    tests: ['test/session/token.test.ts'],
  },
  {
    invariant: 'I11',
    breaks: 'a session that is revoked between the record and the signature is signed for',
    file: 'src/pay/sign.ts',
    find: '  if (!freeze && !session) return\n',
    replace: '  if (!freeze) return\n',
    tests: ['test/session/session.test.ts', 'test/session/narrowed.test.ts', 'test/wallet/current-policy.test.ts'],
  },
  {
    invariant: 'I8',
    breaks: 'a session that has expired pays again when the clock is put back',
    file: 'src/ledger/reserve.ts',
    find: 'findHalt(options, now) ??',
    replace: 'findHalt(options, { ...now, now: payment.createdAt }) ??',
    tests: ['test/ledger/contract.test.ts'],
  },
]

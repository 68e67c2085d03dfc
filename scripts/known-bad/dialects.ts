import type { KnownBad } from './known-bad.ts'

const tests = ['test/gauntlet/dialects.test.ts', '-t', 'is passed by stipend']

/** How what is paid, or shown, in another dialect than x402's `exact` can be broken; the gauntlet has to notice. */
export const dialectsPatches: readonly KnownBad[] = [
  {
    invariant: 'I10',
    breaks: 'a sign-in is answered for another domain than the one that is connected to',
    file: 'src/sign-in/index.ts',
    find: "info['domain'] === resource.host && originOf",
    replace: 'originOf',
    tests,
  },
  {
    invariant: 'I10',
    breaks: 'a sign-in is answered with words of the server in it',
    file: 'src/sign-in/index.ts',
    find: "const isPlain = ['statement', 'notBefore', 'requestId']",
    replace: "const isPlain = ['notBefore', 'requestId']",
    tests,
  },
  {
    invariant: 'I1',
    breaks: 'a price by use counts as what the server says that it took',
    file: 'src/ledger/lifecycle.ts',
    find: "const taken = status === 'confirmed' && receipt?.status === 'confirmed' ? receipt.amount : undefined",
    replace: 'const taken = status ? receipt?.amount : undefined',
    tests,
  },
]

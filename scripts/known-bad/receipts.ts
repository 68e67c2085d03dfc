import type { KnownBad } from './known-bad.ts'

const tests = (name: string): readonly string[] => ['test/receipts/index.test.ts', '-t', name]

/** How what servers sign can be believed too much, or weigh too much. */
export const receiptsPatches: readonly KnownBad[] = [
  {
    invariant: 'I9',
    breaks: 'a receipt of another payment attests this one',
    file: 'src/receipts/index.ts',
    find: 'return problem === undefined ? verify(receipt) : { problem }',
    replace: 'return verify(receipt)',
    tests: tests('another payer'),
  },
  {
    invariant: 'I9',
    breaks: 'any key signs receipts of an origin',
    file: 'src/pay/attest.ts',
    find: 'equalBytes(await secret(`issuer:${origin}`, own), own)',
    replace: '(await secret(`issuer:${origin}`, own)).length === own.length',
    tests: tests('signed first for an origin'),
  },
  {
    invariant: 'I9',
    breaks: 'a JWS is believed of a key that did not sign it',
    file: 'src/receipts/jws.ts',
    find: 'return isGood ? { issuer: key.id }',
    replace: 'return isGood || key.id ? { issuer: key.id }',
    tests: tests('another key than it names'),
  },
  {
    invariant: 'I15',
    breaks: 'a receipt that cannot be looked at takes away what was bought',
    file: 'src/pay/attest.ts',
    find: "return { note: 'not attested: the signed receipt could not be looked at' }",
    replace: "throw new Error('no receipt')",
    tests: tests('fail to be looked at'),
  },
  {
    invariant: 'I14',
    breaks: 'the query of a URL is kept in a signed receipt',
    file: 'src/receipts/index.ts',
    find: 'if (receipt.hasQuery || offer?.hasQuery) return { issuer }',
    replace: '',
    tests: tests('with the query of a URL'),
  },
]

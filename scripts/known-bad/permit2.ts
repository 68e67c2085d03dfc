import type { KnownBad } from './known-bad.ts'

/** How what is signed for Permit2 can be broken. */
export const permit2Patches: readonly KnownBad[] = [
  {
    invariant: 'I2',
    breaks: 'a purchase is signed by its token and by Permit2, which both take its nonce',
    file: 'src/pay/renew.ts',
    find: 'one.terms.method === other.terms.method &&',
    replace: '',
    tests: ['test/evm/permit2.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'Permit2 takes a payment for one second longer than is recorded',
    file: 'src/evm/permit2.ts',
    find: 'BigInt(terms.validBefore - 1)',
    replace: 'BigInt(terms.validBefore)',
    tests: ['test/evm/permit2.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'a key signs a transfer by Permit2 for any spender',
    file: 'src/keys/worker/payments-only.ts',
    find: 'spender: z.literal(spender)',
    replace: 'spender: address()',
    tests: ['test/keys/worker/worker-signer.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'a key signs a transfer by Permit2 for a contract that is not Permit2',
    file: 'src/keys/worker/payments-only.ts',
    find: 'verifyingContract: z.literal(permit2)',
    replace: 'verifyingContract: address()',
    tests: ['test/keys/worker/worker-signer.test.ts'],
  },
]

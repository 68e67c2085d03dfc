import type { KnownBad } from './known-bad.ts'

/** How rules can be broken. */
export const policyPatches: readonly KnownBad[] = [
  {
    invariant: 'I11',
    breaks: 'a policy that throws allows',
    file: 'src/policy/engine.ts',
    find: "    const isLate = cause instanceof DOMException && cause.name === 'TimeoutError'\n",
    replace:
      "    if (cause) return { type: 'allow', limits: [] }\n    const isLate = cause instanceof DOMException && cause.name === 'TimeoutError'\n",
    tests: ['test/wallet/create-wallet.test.ts'],
  },
]

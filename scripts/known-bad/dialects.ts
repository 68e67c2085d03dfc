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
  {
    invariant: 'I10',
    breaks: 'a permit beside a payment is for twice as much as it, at servers that lie',
    file: 'src/evm/allowance-permit.ts',
    find: 'value: amount,',
    replace: 'value: amount * 2n,',
    tests,
  },
  {
    invariant: 'I10',
    breaks: 'a permit is signed at servers that lie where there is allowance enough',
    file: 'src/evm/allowance-permit.ts',
    find: 'if ((await readAllowance(client, asset, payer)) >= amount) return undefined',
    replace: '',
    tests,
  },
  {
    invariant: 'I10',
    breaks: 'an approval beside a payment is of everything, at servers that lie',
    file: 'src/evm/allowance-approval.ts',
    find: 'data: encodeCall(functions.approve, permit2, amount),',
    replace: 'data: encodeCall(functions.approve, permit2, (1n << 256n) - 1n),',
    tests,
  },
  {
    invariant: 'I10',
    breaks: 'an approval has a later number than the account has',
    file: 'src/evm/allowance-approval.ts',
    find: 'return { nonce: accountNonce.toString(),',
    replace: 'return { nonce: (accountNonce + 1n).toString(),',
    tests,
  },
]

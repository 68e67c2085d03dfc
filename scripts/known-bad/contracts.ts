import type { KnownBad } from './known-bad.ts'

/** How payers that are contracts can be believed more than their chain says. */
export const contractsPatches: readonly KnownBad[] = [
  {
    invariant: 'I10',
    breaks: 'what a contract signed is sent without a look at what it is worth',
    file: 'src/pay/sign.ts',
    find: '? await context.contracts.check(payment, signature, scheme.contract)',
    replace: '? undefined',
    tests: ['test/pay/contract-payer.test.ts', '-t', 'sends nothing where the chain'],
  },
  {
    invariant: 'I11',
    breaks: 'a contract whose signatures nobody can judge signs a payment',
    file: 'src/pay/contract-payer.ts',
    find: 'if (!contracts) return noChain(offer.network)',
    replace: 'if (!contracts) return undefined',
    tests: ['test/pay/contract-payer.test.ts', '-t', 'no chain can say'],
  },
  {
    invariant: 'I11',
    breaks: 'a chain that does not answer has said yes to the signature of a contract',
    file: 'src/pay/contract-payer.ts',
    find: "return `the chain did not say${why} whether the payer's contract takes the signature`",
    replace: 'return why === undefined ? why : undefined',
    tests: ['test/pay/contract-payer.test.ts', '-t', 'does not answer'],
  },
  {
    invariant: 'I10',
    breaks: 'a contract that answers anything has taken the signature as its own',
    file: 'src/evm/contract-payer.ts',
    find: "answer.toLowerCase() === functions.isValidSignature.padEnd(66, '0')",
    replace: 'answer.length > 2',
    tests: ['test/evm/contract-payer.test.ts', '-t', 'deployed contract is worth|but the one word'],
  },
  {
    invariant: 'I10',
    breaks: 'a signature of nobody is taken of an address without code',
    file: 'src/evm/contract-payer.ts',
    find: 'isSignedBy(hexToBytes(digest.slice(2)), parsed, payer as Hex)',
    replace: 'true',
    tests: ['test/evm/contract-payer.test.ts', '-t', 'no other of an address without code'],
  },
  {
    invariant: 'I10',
    breaks: "a contract pays on chains where its address is anybody's",
    file: 'src/keys/account.ts',
    find: '(contractOn ?? network) !== network',
    replace: 'contractOn === network.toUpperCase()',
    tests: ['test/pay/contract-payer.test.ts', '-t', 'on the chain of its contract alone'],
  },
]

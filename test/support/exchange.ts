import { type Address, createTestClient, encodeFunctionData, http, parseAbi } from 'viem'
import { type KeyPair, startChain } from '../../examples/support/chain.ts'
import { compile } from '../../examples/support/compile.ts'
import { type ExchangeChain, gold, router, send, withExchange } from '../../examples/support/exchange.ts'

export { router }

/** Tokens that are bought: one that is sound, and some that are not. */
export const tokens = {
  gold,
  taxed: '0x0000000000000000000000000000000000001902',
  thieving: '0x0000000000000000000000000000000000001903',
  openHanded: '0x0000000000000000000000000000000000001904',
} as const satisfies Readonly<Record<string, Address>>

const tokenAbi = parseAbi([
  'function allowance(address, address) view returns (uint256)',
  'function approve(address, uint256) returns (bool)',
])

/** A chain with an exchange that swaps at a rate of the test's choice. */
export type TestExchange = ExchangeChain & {
  readonly allowance: (token: Address, owner: Address, spender?: Address) => Promise<bigint>
  readonly approve: (owner: KeyPair, token: Address, spender: Address, amount: bigint) => Promise<void>
  readonly setAutomine: (on: boolean) => Promise<void>
  /** Lets so many seconds pass on the chain, for good, until its blocks are final. */
  readonly passTime: (seconds: number) => Promise<void>
  /** How many transactions an account has made. */
  readonly nonceOf: (address: Address) => Promise<number>
}

/** Starts a chain with an exchange, which sells what is sound and what is not. */
export async function startExchange(): Promise<TestExchange> {
  const chain = await withExchange(await startChain())
  const { publicClient } = chain
  const admin = createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' })
  const { TaxedToken, ThievingToken, OpenHandedToken } = compile(new URL('BadTokens.sol', import.meta.url))
  await chain.list(tokens.taxed, TaxedToken ?? '0x')
  await chain.list(tokens.thieving, ThievingToken ?? '0x')
  await chain.list(tokens.openHanded, OpenHandedToken ?? '0x')
  return {
    ...chain,
    allowance: (address, owner, spender = router) =>
      publicClient.readContract({ abi: tokenAbi, address, functionName: 'allowance', args: [owner, spender] }),
    approve: (owner, token, spender, amount) =>
      send(
        chain,
        owner,
        token,
        encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [spender, amount] }),
      ),
    setAutomine: (on) => admin.setAutomine(on),
    passTime: async (seconds) => {
      await admin.increaseTime({ seconds })
      await admin.mine({ blocks: 100, interval: 0 })
    },
    nonceOf: (address) => publicClient.getTransactionCount({ address }),
  }
}

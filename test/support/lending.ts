import { type Address, createTestClient, encodeFunctionData, http, parseAbi } from 'viem'
import { type KeyPair, startChain, type TestChain } from '../../examples/support/chain.ts'
import { compile } from '../../examples/support/compile.ts'
import { send } from '../../examples/support/exchange.ts'

/** Where the pool of Aave v3 stands on Base Sepolia. */
export const pool: Address = '0x8bAB6d1b75f19e9eD9fCe8b9BD338844fF79aE27'
const receipt: Address = '0x0000000000000000000000000000000000001905'
const abi = parseAbi([
  'function set(int256, bool)',
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address, address) view returns (uint256)',
])

/** A chain with a pool that lends the test dollar, and rounds as a test says. */
export type LendingChain = TestChain & {
  readonly set: (options: { readonly rounding?: bigint; readonly isThief?: boolean }) => Promise<void>
  /** What an account has of the pool's own token. */
  readonly lent: (owner: Address) => Promise<bigint>
  readonly allowance: (owner: Address) => Promise<bigint>
  readonly nonceOf: (address: Address) => Promise<number>
  readonly passBlocks: () => Promise<void>
}

/** Starts it. */
export async function startLending(): Promise<LendingChain> {
  const chain = await startChain()
  const { publicClient, token } = chain
  const admin = createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' })
  const { LendingPool = '0x', Receipt = '0x' } = compile(new URL('LendingPool.sol', import.meta.url))
  await admin.setCode({ address: pool, bytecode: LendingPool })
  await admin.setCode({ address: receipt, bytecode: Receipt })
  // What gas costs is high on a new chain.
  await admin.mine({ blocks: 20 })
  const [, , keeper] = chain.accounts as readonly [KeyPair, KeyPair, KeyPair]
  return {
    ...chain,
    set: ({ rounding = 0n, isThief = false }) =>
      send(chain, keeper, pool, encodeFunctionData({ abi, functionName: 'set', args: [rounding, isThief] })),
    lent: (owner) => publicClient.readContract({ abi, address: receipt, functionName: 'balanceOf', args: [owner] }),
    allowance: (owner) =>
      publicClient.readContract({ abi, address: token, functionName: 'allowance', args: [owner, pool] }),
    nonceOf: (address) => publicClient.getTransactionCount({ address }),
    passBlocks: () => admin.mine({ blocks: 100, interval: 0 }),
  }
}

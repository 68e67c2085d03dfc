import { type Address, createWalletClient, type Hex, http, maxUint256, parseAbi, parseEther } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { KeyPair, TestChain } from '../../examples/support/chain.ts'
import { constructAt, readArtifact } from './contracts.ts'

/** Where Uniswap v3 stands on Base Sepolia. */
export const addresses = {
  factory: '0x4752ba5DBc23f44D87826276BF6Fd6b1C372aD24',
  router: '0x94cC0AaC535CCDB3C01d6787D6413C739ae12bc4',
  quoter: '0xC5290058841028F1614F3A6F0F5816cAd0df5E27',
  weth: '0x4200000000000000000000000000000000000006',
  positions: '0x27F971cb582BF9E50F397e4d29a5C7A34f11faA2',
} as const

const tokenAbi = parseAbi([
  'function approve(address, uint256) returns (bool)',
  'function allowance(address, address) view returns (uint256)',
  'function balanceOf(address) view returns (uint256)',
  'function transfer(address, uint256) returns (bool)',
  'function deposit() payable',
])
const factoryAbi = parseAbi(['function getPool(address, address, uint24) view returns (address)'])
const positionsAbi = parseAbi([
  'function createAndInitializePoolIfNecessary(address, address, uint24, uint160) payable returns (address)',
  'function mint((address, address, uint24, int24, int24, uint256, uint256, uint256, uint256, address, uint256)) payable',
])
const routerAbi = parseAbi([
  'function exactInputSingle((address, address, uint24, address, uint256, uint256, uint160)) payable returns (uint256)',
])

/** A chain with Uniswap v3, its wrapped coin, and pools. */
export type UniswapChain = TestChain & {
  readonly weth: Address
  readonly router: Address
  readonly holds: (token: Address, owner: Address) => Promise<bigint>
  readonly allowance: (token: Address, owner: Address, spender?: Address) => Promise<bigint>
  readonly wrap: (owner: KeyPair, value: bigint) => Promise<void>
  /** Makes a pool of two tokens that one of the chain's rich accounts has, at so much of the second for one unit of the first. */
  readonly createPool: (pool: PoolOptions) => Promise<Address>
  /** Somebody else's swap, which moves the price. */
  readonly swapBy: (trader: KeyPair, sell: Address, buy: Address, amount: bigint) => Promise<void>
}

type PoolOptions = {
  readonly tokens: readonly [Address, Address]
  readonly amounts: readonly [bigint, bigint]
  readonly fee?: number
}

/** Puts Uniswap v3 on a chain, with a pool of the test dollar and the wrapped coin at $2000. */
export async function withUniswap(chain: TestChain): Promise<UniswapChain> {
  const { factory, router, quoter, weth, positions } = addresses
  const v3 = (path: string) => readArtifact(`@uniswap/${path}.json`)
  await constructAt(chain, weth, v3('v2-periphery/build/WETH9'))
  await constructAt(chain, factory, v3('v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory'))
  const lens = v3('swap-router-contracts/artifacts/contracts/lens/QuoterV2.sol/QuoterV2')
  await constructAt(chain, quoter, { ...lens, args: [factory, weth] })
  const manager = v3('v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager')
  await constructAt(chain, positions, { ...manager, args: [factory, weth, `0x${'0'.repeat(40)}`] })
  const router02 = v3('swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02')
  await constructAt(chain, router, { ...router02, args: [`0x${'0'.repeat(40)}`, factory, positions, weth] })
  const known = describe(chain)
  const [, , rich] = chain.accounts
  if (!rich) throw new Error('the chain has no accounts')
  await chain.mint(rich.address, 10_000_000_000_000n)
  await known.wrap(rich, parseEther('3000'))
  await known.createPool({ tokens: [chain.token, weth], amounts: [1_000_000_000_000n, parseEther('500')] })
  return known
}

function describe(chain: TestChain): UniswapChain {
  const { publicClient } = chain
  const write = async (by: KeyPair, to: Address, call: object, value = 0n): Promise<void> => {
    const account = privateKeyToAccount(by.privateKey)
    const sender = createWalletClient({ chain: chain.chain, transport: http(), account })
    const hash: Hex = await sender.writeContract({ address: to, value, ...call } as never)
    const { status } = await publicClient.waitForTransactionReceipt({ hash })
    if (status !== 'success') throw new Error(`Failed to write to ${to}`)
  }
  const { positions, factory, router, weth } = addresses
  const call = (abi: object, functionName: string, args: readonly unknown[]) => ({ abi, functionName, args })
  return {
    ...chain,
    weth,
    router,
    holds: (token, owner) =>
      publicClient.readContract({ address: token, abi: tokenAbi, functionName: 'balanceOf', args: [owner] }),
    allowance: (token, owner, spender = router) =>
      publicClient.readContract({ address: token, abi: tokenAbi, functionName: 'allowance', args: [owner, spender] }),
    wrap: (owner, value) => write(owner, weth, call(tokenAbi, 'deposit', []), value),
    createPool: async ({ tokens, amounts, fee = 500 }) => {
      const [, , rich] = chain.accounts
      if (!rich) throw new Error('the chain has no accounts')
      const [one, other] = tokens
      const isSorted = BigInt(one) < BigInt(other)
      const [token0, token1] = isSorted ? [one, other] : [other, one]
      const [amount0, amount1] = isSorted ? amounts : [amounts[1], amounts[0]]
      for (const token of tokens) await write(rich, token, call(tokenAbi, 'approve', [positions, maxUint256]))
      const price = squareRoot((amount1 << 192n) / amount0)
      const create = [token0, token1, fee, price]
      await write(rich, positions, call(positionsAbi, 'createAndInitializePoolIfNecessary', create))
      const range = fee === 500 ? 887_270 : 887_220
      const deadline = 2n ** 40n
      const mint = [token0, token1, fee, -range, range, amount0, amount1, 0n, 0n, rich.address, deadline]
      await write(rich, positions, call(positionsAbi, 'mint', [mint]))
      return publicClient.readContract({
        address: factory,
        abi: factoryAbi,
        functionName: 'getPool',
        args: [one, other, fee],
      })
    },
    swapBy: async (trader, sell, buy, amount) => {
      await write(trader, sell, call(tokenAbi, 'approve', [router, amount]))
      const swap = [sell, buy, 500, trader.address, amount, 0n, 0n]
      await write(trader, router, call(routerAbi, 'exactInputSingle', [swap]))
    },
  }
}

function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2))
  for (;;) {
    const next = (root + value / root) / 2n
    if (next >= root) return root
    root = next
  }
}

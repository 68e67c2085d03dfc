import { type Address, createTestClient, createWalletClient, encodeFunctionData, type Hex, http, parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type KeyPair, startChain, type TestChain } from './chain.ts'
import { compile, compileTestUsd } from './compile.ts'

/** Where SwapRouter02 and QuoterV2 stand on Base Sepolia. */
export const router: Address = '0x94cC0AaC535CCDB3C01d6787D6413C739ae12bc4'
const quoter: Address = '0xC5290058841028F1614F3A6F0F5816cAd0df5E27'

/** Tokens that are bought: one that is sound, and some that are not. */
export const tokens = {
  gold: '0x0000000000000000000000000000000000001901',
  taxed: '0x0000000000000000000000000000000000001902',
  thieving: '0x0000000000000000000000000000000000001903',
  openHanded: '0x0000000000000000000000000000000000001904',
} as const satisfies Readonly<Record<string, Address>>

const exchangeAbi = parseAbi(['function setRate(uint256)'])
const tokenAbi = parseAbi([
  'function mint(address, uint256)',
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address, address) view returns (uint256)',
  'function approve(address, uint256) returns (bool)',
])

/** A chain with an exchange that swaps at a rate of the test's choice. */
export type ExchangeChain = TestChain & {
  /** Sets what comes for a thousand that is sold: the exchange's, and the quoter's where that says something else. */
  readonly setRate: (rate: bigint, quoted?: bigint) => Promise<void>
  readonly holds: (token: Address, owner: Address) => Promise<bigint>
  readonly allowance: (token: Address, owner: Address, spender?: Address) => Promise<bigint>
  readonly approve: (owner: KeyPair, token: Address, spender: Address, amount: bigint) => Promise<void>
  /** Gives an address what gas is paid with. */
  readonly giveCoin: (address: Address) => Promise<void>
  readonly setAutomine: (on: boolean) => Promise<void>
  readonly passBlocks: (blocks?: number) => Promise<void>
  /** Lets so many seconds pass on the chain, for good, until its blocks are final. */
  readonly passTime: (seconds: number) => Promise<void>
  /** How many transactions an account has made. */
  readonly nonceOf: (address: Address) => Promise<number>
}

/** Starts a chain with an exchange. */
export async function startExchange(): Promise<ExchangeChain> {
  return withExchange(await startChain())
}

/** Puts an exchange where Uniswap's router and quoter stand, full of every token. */
export async function withExchange(chain: TestChain): Promise<ExchangeChain> {
  const { publicClient } = chain
  const admin = createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' })
  const codes = compile('Exchange.sol')
  const put = (address: Address, bytecode: Hex = '0x') => admin.setCode({ address, bytecode })
  for (const address of [router, quoter]) await put(address, codes['Exchange'])
  await put(tokens.gold, compileTestUsd())
  await put(tokens.taxed, codes['TaxedToken'])
  await put(tokens.thieving, codes['ThievingToken'])
  await put(tokens.openHanded, codes['OpenHandedToken'])
  const [, , keeper] = chain.accounts
  if (!keeper) throw new Error('the chain has no accounts')
  const write = async (by: KeyPair, to: Address, data: Hex): Promise<void> => {
    const account = privateKeyToAccount(by.privateKey)
    const sender = createWalletClient({ chain: chain.chain, transport: http(), account })
    await publicClient.waitForTransactionReceipt({ hash: await sender.sendTransaction({ to, data }) })
  }
  const mint = encodeFunctionData({ abi: tokenAbi, functionName: 'mint', args: [router, 10n ** 15n] })
  for (const token of Object.values(tokens)) await write(keeper, token, mint)
  const setRate = async (rate: bigint, quoted = rate): Promise<void> => {
    const data = (value: bigint) => encodeFunctionData({ abi: exchangeAbi, functionName: 'setRate', args: [value] })
    await write(keeper, router, data(rate))
    await write(keeper, quoter, data(quoted))
  }
  await setRate(2000n)
  const read = { abi: tokenAbi } as const
  return {
    ...chain,
    setRate,
    holds: (address, owner) =>
      publicClient.readContract({ ...read, address, functionName: 'balanceOf', args: [owner] }),
    allowance: (address, owner, spender = router) =>
      publicClient.readContract({ ...read, address, functionName: 'allowance', args: [owner, spender] }),
    approve: (owner, token, spender, amount) =>
      write(owner, token, encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [spender, amount] })),
    giveCoin: (address) => admin.setBalance({ address, value: 10n ** 18n }),
    setAutomine: (on) => admin.setAutomine(on),
    passBlocks: (blocks = 100) => admin.mine({ blocks, interval: 0 }),
    passTime: async (seconds) => {
      await admin.increaseTime({ seconds })
      await admin.mine({ blocks: 100, interval: 0 })
    },
    nonceOf: (address) => publicClient.getTransactionCount({ address }),
  }
}

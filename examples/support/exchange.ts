import { type Address, createTestClient, createWalletClient, encodeFunctionData, type Hex, http, parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { KeyPair, TestChain } from './chain.ts'
import { compile, compileTestUsd } from './compile.ts'

/** Where SwapRouter02 and QuoterV2 stand on Base Sepolia. */
export const router: Address = '0x94cC0AaC535CCDB3C01d6787D6413C739ae12bc4'
const quoter: Address = '0xC5290058841028F1614F3A6F0F5816cAd0df5E27'

/** What is bought there. */
export const gold: Address = '0x0000000000000000000000000000000000001901'

const exchangeAbi = parseAbi(['function setRate(uint256)'])
const tokenAbi = parseAbi(['function mint(address, uint256)', 'function balanceOf(address) view returns (uint256)'])

/** A chain with an exchange. */
export type ExchangeChain = TestChain & {
  /** Sets what comes for a thousand that is sold: the exchange's, and the quoter's where that says something else. */
  readonly setRate: (rate: bigint, quoted?: bigint) => Promise<void>
  readonly holds: (token: Address, owner: Address) => Promise<bigint>
  /** Puts a token's code at an address, and fills the exchange with it. */
  readonly list: (token: Address, code: Hex) => Promise<void>
  /** Gives an address what gas is paid with. */
  readonly giveCoin: (address: Address) => Promise<void>
  readonly passBlocks: (blocks?: number) => Promise<void>
}

/** Puts an exchange where Uniswap's router and quoter stand, full of gold. */
export async function withExchange(chain: TestChain): Promise<ExchangeChain> {
  const { publicClient } = chain
  const admin = createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' })
  const { Exchange: code = '0x' } = compile(new URL('Exchange.sol', import.meta.url))
  for (const address of [router, quoter]) await admin.setCode({ address, bytecode: code })
  const [, , keeper] = chain.accounts
  if (!keeper) throw new Error('the chain has no accounts')
  const setRate = async (rate: bigint, quoted = rate): Promise<void> => {
    const data = (value: bigint) => encodeFunctionData({ abi: exchangeAbi, functionName: 'setRate', args: [value] })
    await send(chain, keeper, router, data(rate))
    await send(chain, keeper, quoter, data(quoted))
  }
  const mint = encodeFunctionData({ abi: tokenAbi, functionName: 'mint', args: [router, 10n ** 15n] })
  const list = async (token: Address, bytecode: Hex): Promise<void> => {
    await admin.setCode({ address: token, bytecode })
    await send(chain, keeper, token, mint)
  }
  await list(gold, compileTestUsd())
  await setRate(2000n)
  return {
    ...chain,
    setRate,
    holds: (address, owner) =>
      publicClient.readContract({ abi: tokenAbi, address, functionName: 'balanceOf', args: [owner] }),
    list,
    giveCoin: (address) => admin.setBalance({ address, value: 10n ** 18n }),
    passBlocks: (blocks = 100) => admin.mine({ blocks, interval: 0 }),
  }
}

/** Sends a transaction, and waits for it. */
export async function send({ chain, publicClient }: TestChain, by: KeyPair, to: Address, data: Hex): Promise<void> {
  const sender = createWalletClient({ chain, transport: http(), account: privateKeyToAccount(by.privateKey) })
  await publicClient.waitForTransactionReceipt({ hash: await sender.sendTransaction({ to, data }) })
}

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Address, createTestClient, createWalletClient, getAddress, http, parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type AgentWallet, allowActions, createAgentWallet, spendingLimit } from 'stipend'
import { swap, type SwapBounds } from 'stipend/actions'
import { evm, type Rpc } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import { type KeyPair, startChain } from '../../examples/support/chain.ts'
import { compile } from '../../examples/support/compile.ts'
import { ether } from '../support/ether.ts'
import { type UniswapChain, withUniswap } from '../support/uniswap.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const tokens = {
  taxed: '0x0000000000000000000000000000000000001a01',
  thieving: '0x0000000000000000000000000000000000001a02',
  openHanded: '0x0000000000000000000000000000000000001a03',
  reentering: '0x0000000000000000000000000000000000001a04',
  sticky: '0x0000000000000000000000000000000000001a05',
} as const
const abi = parseAbi(['function mint(address, uint256)', 'function approve(address, uint256) returns (bool)'])
const dollar = 1_000_000n

let chain: UniswapChain
let payer: KeyPair

beforeAll(async () => {
  chain = await withUniswap(await startChain())
  const { TaxedToken, ThievingToken, OpenHandedToken, ReenteringToken, StickyToken } = compile(
    new URL('../support/BadTokens.sol', import.meta.url),
  )
  const codes = [TaxedToken, ThievingToken, OpenHandedToken, ReenteringToken, StickyToken]
  for (const [index, token] of Object.values(tokens).entries()) await listToken(token, codes[index] ?? '0x')
})
afterAll(() => chain?.stop())
beforeEach(async () => {
  payer = await chain.createSender()
  await chain.mint(payer.address, 100n * dollar)
})
afterEach(async () => {
  for (const token of [chain.token, ...Object.values(tokens)]) {
    if ((await chain.allowance(token, payer.address)) !== 0n) throw new Error(`an allowance of ${token} is left`)
  }
})

/** Puts a token at an address, and a pool of it and the dollar beside it: as much of one as of the other. */
async function listToken(token: Address, code: `0x${string}`): Promise<void> {
  const [, , rich] = chain.accounts
  if (!rich) throw new Error('the chain has no accounts')
  await createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' }).setCode({
    address: token,
    bytecode: code,
  })
  await write(rich, token, { functionName: 'mint', args: [rich.address, 1_000_000n * dollar] })
  // What reenters has dollars to do it with.
  await chain.mint(token, 10n * dollar)
  await chain.createPool({ tokens: [chain.token, token], amounts: [100_000n * dollar, 100_000n * dollar] })
}

async function write(by: KeyPair, to: Address, call: { functionName: 'mint' | 'approve'; args: [Address, bigint] }) {
  const account = privateKeyToAccount(by.privateKey)
  const sender = createWalletClient({ chain: chain.chain, transport: http(), account })
  const hash = await sender.writeContract({ address: to, abi, ...call })
  await chain.publicClient.waitForTransactionReceipt({ hash })
}

function open(token: Address): AgentWallet {
  const named = getAddress(token)
  const bounds: SwapBounds = {
    network,
    pairs: [
      ['USDC', named],
      [named, 'USDC'],
    ],
    maxSlippageBps: 100,
    maxUsd: 50,
  }
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [allowActions([swap(bounds)]), spendingLimit({ perPaymentUsd: 60, dailyLimitUsd: 100 })],
    assets: [ether],
    chains: [evm({ network, clients: [chain.publicClient as Rpc] })],
  })
}
const buy = { action: 'swap', network, sell: 'USDC', amount: '5' } as const

describe('a swap at Uniswap for a token that its owner named', () => {
  test.each<[string, keyof typeof tokens, string]>([
    ['keeps a part of what is moved', 'taxed', 'would come, and the plan needs'],
    ['takes what it was once let take', 'thieving', '12 USDC would leave, and the plan lets 5 USDC leave'],
    ['lets somebody else move it', 'openHanded', 'no such spender'],
    ['swaps in the pool that pays it out', 'reentering', 'the chain would not execute call 2 of 3'],
  ])('is not signed where it %s', async (_what, name, reason) => {
    const token = tokens[name]
    if (name === 'thieving') {
      await write(payer, chain.token, { functionName: 'approve', args: [token, 50n * dollar] })
    }
    const before = await chain.publicClient.getTransactionCount(payer)
    const wallet = open(token)
    const error = await rejection(wallet.act({ ...buy, buy: getAddress(token) }))
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(String(error)).toContain(reason)
    expect(await wallet.payments.list()).toEqual([])
    expect(await chain.publicClient.getTransactionCount(payer)).toBe(before)
    expect(await chain.balanceOf(payer.address)).toBe(100n * dollar)
  })

  test('that cannot be sold buys it once, counts what left, and signs no sale of it', async () => {
    const wallet = open(tokens.sticky)
    const sticky = getAddress(tokens.sticky)
    await wallet.act({ ...buy, buy: sticky })
    const held = await chain.holds(tokens.sticky, payer.address)
    expect(held).toBeGreaterThan(0n)
    const sale = { ...buy, sell: sticky, buy: 'USDC', amount: held }
    expect(await rejection(wallet.act(sale))).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(await wallet.payments.list()).toMatchObject([{ amount: 5n * dollar, status: 'claimed' }])
    expect(await chain.holds(tokens.sticky, payer.address)).toBe(held)
  })

  test('that nobody named is refused by the policy, whatever pool there is', async () => {
    const wallet = open(tokens.taxed)
    const error = await rejection(wallet.act({ ...buy, buy: getAddress(tokens.sticky) }))
    expect(String(error)).toContain('not an allowed pair')
    expect(await wallet.payments.list()).toEqual([])
  })
})

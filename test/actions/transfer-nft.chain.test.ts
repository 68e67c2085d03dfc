import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestClient, http } from 'viem'
import { type AgentWallet, allowActions, createAgentWallet, spendingLimit } from 'stipend'
import { type NftBounds, transferNft } from 'stipend/actions'
import { evm } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import { type KeyPair, startChain, type TestChain } from '../../examples/support/chain.ts'
import { artAbi, itemsAbi, nfts, withNfts } from '../support/nfts.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const friend = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const stranger = '0x000000000000000000000000000000000000dEaD'
const coin = { network, symbol: 'ETH', address: `0x${'0'.repeat(40)}`, decimals: 18, transfer: 'native' } as const
const assets = [
  { ...coin, microUsd: 2_000_000_000n },
  { network, symbol: 'ART', address: nfts.art, decimals: 0, transfer: 'erc721', microUsd: 20_000_000n },
  { network, symbol: 'ITEM', address: nfts.items, decimals: 0, transfer: 'erc1155', microUsd: 1_000_000n },
] as const
const bounds: NftBounds = { network, contracts: [nfts.art, nfts.items], to: [friend], maxUsd: 30 }
const art = { action: 'transferNft', network, contract: 'ART', id: '7', to: friend, standard: 'erc721' } as const
const items = { ...art, contract: 'ITEM', standard: 'erc1155', amount: '5' } as const

let chain: TestChain
let payer: KeyPair
let mint: Awaited<ReturnType<typeof withNfts>>
let next = 7n

beforeAll(async () => {
  chain = await startChain()
  mint = await withNfts(chain)
})
afterAll(() => chain?.stop())
beforeEach(async () => {
  payer = await chain.createSender()
  next += 1n
  await mint.mintArt(payer.address, next)
  await mint.mintItems(payer.address, 7n, 9n)
})

function open(own: Partial<NftBounds> = {}): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [
      allowActions([transferNft({ ...bounds, ...own })]),
      spendingLimit({ perPaymentUsd: 50, dailyLimitUsd: 90 }),
    ],
    assets,
    chains: [evm({ network, clients: [chain.publicClient] })],
  })
}

function ownerOf(id: bigint): Promise<string> {
  return chain.publicClient.readContract({ address: nfts.art, abi: artAbi, functionName: 'ownerOf', args: [id] })
}

function itemsOf(owner: `0x${string}`): Promise<bigint> {
  const call = { address: nfts.items, abi: itemsAbi, functionName: 'balanceOf', args: [owner, 7n] } as const
  return chain.publicClient.readContract(call)
}

describe('a transfer of an NFT', () => {
  test('gives an ERC-721 to whom the owner named, counted as what a piece is worth', async () => {
    const wallet = open()
    const payment = await wallet.act({ ...art, id: next })
    expect(payment).toMatchObject({ status: 'claimed', asset: { symbol: 'ART' }, amount: 1n })
    expect(payment.microUsd).toBeGreaterThan(20_000_000n)
    expect(await ownerOf(next)).toBe(friend)
    await createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' }).mine({ blocks: 100, interval: 0 })
    const unwatched: unknown[] = []
    wallet.on('transfers.unwatched', (event) => void unwatched.push(event))
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [{ amount: 1n }] })
    expect(unwatched).toEqual([])
  })

  test('gives so many of an ERC-1155', async () => {
    const before = await itemsOf(friend)
    const payment = await open().act(items)
    expect(payment).toMatchObject({ amount: 5n })
    expect(await itemsOf(friend)).toBe(before + 5n)
    expect(await itemsOf(payer.address)).toBe(4n)
  })

  test.each<[string, object, Partial<NftBounds>, string]>([
    ['the owner did not name whom', { to: stranger }, {}, 'not allowed to be sent any'],
    ['the owner did not name the collection', {}, { contracts: [nfts.items] }, 'not an allowed contract'],
    ['it is worth more than may leave', {}, { maxUsd: 19 }, '$19.00 at most'],
    ['it is not there', { id: 999n }, {}, 'would not execute'],
    ['there are too few', { ...items, amount: '10' }, {}, 'would not execute'],
    ['nobody there can take it', { to: nfts.art }, { to: [nfts.art] }, 'would not execute'],
  ])('is not signed when %s', async (_why, different, own, reason) => {
    const error = await rejection(open(own).act({ ...art, id: next, ...different }))
    expect(error).toMatchObject({ moved: 'no' })
    expect(String(error)).toContain(reason)
    expect(await chain.publicClient.getTransactionCount(payer)).toBe(0)
    expect(await ownerOf(next)).toBe(payer.address)
  })
})

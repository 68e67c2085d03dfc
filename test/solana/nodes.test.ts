import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { allowHosts, isStipendError, spendingLimit } from '../../src/index.js'
import { exactSolana } from '../../src/solana/index.js'
import { asked, createSolanaAgent, schemeFor } from '../support/solana-agent.ts'
import {
  type Answer,
  describeTransaction,
  entryFor,
  type Json,
  settling,
  type SolanaShop,
  startShop,
} from '../support/solana-shop.ts'
import {
  createParties,
  createSolanaKeyPair,
  devnetUsdc,
  type Parties,
  RpcError,
  solanaDevnet,
  startSolana,
  type TestSolana,
} from '../support/solana/index.ts'
import { outcome } from '../support/offers.ts'
import { rejection } from '../support/wallets.ts'

let chain: TestSolana
let parties: Parties
let now: number
const shops: SolanaShop[] = []

beforeEach(async () => {
  chain = await startSolana()
  parties = await createParties(chain)
  now = Date.now()
})
afterEach(async () => {
  for (const shop of shops.splice(0)) await shop.close()
  await chain?.close()
})

const clock = (): number => now
const open = async (different: Json = {}, answer: Answer = settling(chain, parties)): Promise<SolanaShop> => {
  const shop = await startShop([entryFor(parties, different)], answer)
  shops.push(shop)
  return shop
}
const createAgent = (): ReturnType<typeof createSolanaAgent> =>
  createSolanaAgent(chain, parties.payer, { clock, schemes: [schemeFor(chain, { clock })] })
const paid = (): Promise<bigint> => chain.tokenBalance(parties.payTo, devnetUsdc)
const hashesIn = ({ transactions }: SolanaShop): readonly string[] =>
  transactions.map((transaction) => describeTransaction(transaction).blockhash)
/** What the first payment asks a node, and no later one does. */
const once = { getGenesisHash: 1, getLatestBlockhash: 1, getEpochInfo: 1, getMultipleAccounts: 1 }

describe('a payment on Solana', () => {
  test('asks no node once one was made, whatever it buys from whom has been bought from before', async () => {
    const shop = await open()
    const wallet = createAgent()
    expect(asked(chain)).toEqual({})
    await wallet.fetch(shop.url)
    expect(asked(chain)).toEqual(once)
    for (let count = 0; count < 5; count += 1) await wallet.fetch(`${shop.url}/${count}`)
    expect(await paid()).toBe(6000n)
    expect(asked(chain)).toEqual(once)
  })

  test('asks for a payee that it does not know yet, and for nothing else', async () => {
    const wallet = createAgent()
    await wallet.fetch((await open()).url)
    await wallet.fetch((await open({ payTo: await chain.createPayee() })).url)
    expect(asked(chain)).toEqual({ ...once, getMultipleAccounts: 2 })
  })

  test('asks once where ten are the first ones at the same time', async () => {
    const shop = await open()
    const wallet = createAgent()
    await Promise.all(Array.from({ length: 10 }, (_, index) => wallet.fetch(`${shop.url}/${index}`)))
    expect(await paid()).toBe(10_000n)
    expect(asked(chain)).toEqual(once)
  })

  test.each<readonly [string, () => unknown]>([
    ['young', () => chain.blockAt('processed').hash],
    ['old', () => chain.blockAt('finalized').hash],
    ['of no block of this chain', () => createSolanaKeyPair().address],
    ['of no bytes', () => '0'.repeat(44)],
    ['a number', () => 42],
  ])('never has the blockhash that the server gives along, be it %s', async (_what, name) => {
    const wallet = createAgent()
    await wallet.fetch((await open()).url)
    chain.tick(40)
    const ours = chain.blockAt('confirmed').hash
    now += 20_001
    const shop = await open({ extra: { recentBlockhash: name(), lastValidBlockHeight: '1' } })
    await wallet.fetch(shop.url)
    expect(hashesIn(shop)).toEqual([ours])
    expect(await paid()).toBe(2000n)
  })

  test('that waited for a person has a blockhash from afterwards', async () => {
    const shop = await open()
    const onApproval = (): boolean => {
      now += 60_000
      chain.tick(152)
      return true
    }
    const policy = [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 0.0001, onExceed: 'approve' })]
    const schemes = [schemeFor(chain, { clock })]
    await createSolanaAgent(chain, parties.payer, { clock, schemes, policy, onApproval }).fetch(shop.url)
    expect(await paid()).toBe(1000n)
  })

  test('takes the greatest height that a node names, and the least slot', async () => {
    chain.lie('getEpochInfo', (info) => ({ ...Object(info), blockHeight: 7, absoluteSlot: 7e8 }), { tag: 'low' })
    const rpcs = [`${chain.url}/low`, `${chain.url}/honest`]
    const schemes = [exactSolana({ rpcs, network: solanaDevnet, clock })]
    const { height, slot } = chain.blockAt('confirmed')
    const wallet = createSolanaAgent(chain, parties.payer, { clock, schemes })
    await wallet.fetch((await open()).url)
    const [payment] = await wallet.payments.list()
    expect(payment?.terms.details).toMatchObject({ blockHeight: String(height), slot: String(slot) })
  })
})

describe('two payments of the same terms', () => {
  const memo = { extra: { memo: 'order 42' } }

  test('with a memo of the server never share a blockhash: both are paid', async () => {
    const shop = await open(memo)
    const wallet = createAgent()
    await wallet.fetch(shop.url, { payment: { key: 'one' } })
    await wallet.fetch(shop.url, { payment: { key: 'two' } })
    expect(new Set(hashesIn(shop)).size).toBe(2)
    expect(await paid()).toBe(2000n)
  })

  test('with a memo of the server do not share it where they are made at once either', async () => {
    const shop = await open(memo)
    const wallet = createAgent()
    await Promise.all(['one', 'two', 'three'].map((key) => wallet.fetch(shop.url, { payment: { key } })))
    expect(new Set(hashesIn(shop)).size).toBe(3)
    expect(await paid()).toBe(3000n)
  })

  test('of two wallets of one key in one process do not share it either', async () => {
    const shop = await open(memo)
    await Promise.all([createAgent().fetch(shop.url), createAgent().fetch(shop.url)])
    expect(new Set(hashesIn(shop)).size).toBe(2)
    expect(await paid()).toBe(2000n)
  })

  test('wait for the next block, and are not signed where there is none', async () => {
    chain.lie('getLatestBlockhash', frozen())
    const shop = await open(memo)
    const wallet = createAgent()
    await wallet.fetch(shop.url, { payment: { key: 'one' } })
    const error = await rejection(wallet.fetch(shop.url, { payment: { key: 'two' } }))
    expect(error).toMatchObject({ code: 'chain_unavailable', moved: 'no', retryable: true })
    expect(wallet.signed).toHaveLength(1)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('with no memo of the server have one each of their own', async () => {
    chain.lie('getLatestBlockhash', frozen())
    const shop = await open()
    const wallet = createAgent()
    await wallet.fetch(shop.url, { payment: { key: 'one' } })
    await wallet.fetch(shop.url, { payment: { key: 'two' } })
    expect(new Set(hashesIn(shop)).size).toBe(1)
    expect(await paid()).toBe(2000n)
  })
})

/** Answers what it answered first, as a node does that has stopped. */
function frozen(): (truth: unknown) => unknown {
  let first: unknown
  return (truth) => {
    first ??= truth
    return first
  }
}

describe('a node', () => {
  const faults: readonly (readonly [string, () => unknown])[] = [
    ['is down', () => chain.goDown()],
    ['is of another chain', () => chain.lie('getGenesisHash', () => '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d')],
    ['has no genesis', () => chain.lie('getGenesisHash', () => ({ hash: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1' }))],
    ['refuses to name a blockhash', () => chain.lie('getLatestBlockhash', refuse)],
    ['names a blockhash that is none', () => chain.lie('getLatestBlockhash', shorten)],
    ['names no height', () => chain.lie('getEpochInfo', () => ({ blockHeight: '425100000', absoluteSlot: 1 }))],
    ['refuses to look an account up', () => chain.lie('getMultipleAccounts', refuse)],
    ['answers too much', () => chain.lie('getEpochInfo', () => 'x'.repeat(5_000_000))],
  ]
  test.each(faults)('that %s lets nothing be signed or recorded, until it is well again', async (_what, break_) => {
    const shop = await open()
    const wallet = createAgent()
    const end = break_()
    const error = await rejection(wallet.fetch(shop.url))
    expect(error).toMatchObject({ code: 'chain_unavailable', moved: 'no', retryable: true })
    expect(wallet.signed).toEqual([])
    expect(await wallet.payments.list()).toEqual([])
    if (typeof end === 'function') end()
    await wallet.fetch(shop.url)
    expect(await paid()).toBe(1000n)
  })

  test('that goes down is not missed for twenty seconds, and then is', async () => {
    const shop = await open()
    const wallet = createAgent()
    await wallet.fetch(shop.url)
    chain.goDown({ tag: 'client' })
    now += 20_000
    await wallet.fetch(`${shop.url}/in-time`)
    now += 1
    expect(await rejection(wallet.fetch(`${shop.url}/late`))).toMatchObject({ code: 'chain_unavailable' })
    expect(await paid()).toBe(2000n)
  })

  test('is asked anew after the clock has gone back: an age below zero is none', async () => {
    const shop = await open()
    const wallet = createAgent()
    await wallet.fetch(shop.url)
    now -= 1
    await wallet.fetch(`${shop.url}/again`)
    expect(asked(chain)).toMatchObject({ getLatestBlockhash: 2, getGenesisHash: 1 })
  })

  test('that is down is stood in for by another', async () => {
    chain.goDown({ tag: 'first' })
    const schemes = [exactSolana({ rpc: `${chain.url}/first`, rpcs: [`${chain.url}/second`], network: solanaDevnet })]
    await createSolanaAgent(chain, parties.payer, { schemes }).fetch((await open()).url)
    expect(await paid()).toBe(1000n)
  })

  test('whose URL has a secret does not have it in an error', async () => {
    const schemes = [exactSolana({ rpc: 'http://127.0.0.1:1/?api-key=s3cret', network: solanaDevnet })]
    const wallet = createSolanaAgent(chain, parties.payer, { schemes })
    const error = await rejection(wallet.fetch((await open()).url))
    const { inspect } = await import('node:util')
    expect(isStipendError(error)).toBe(true)
    expect(inspect([error, wallet, schemes], { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain(
      's3cret',
    )
  })

  test.each([
    ['no URL', {}],
    ['a URL that is none', { rpc: 'api.mainnet-beta.solana.com' }],
    ['a file', { rpc: 'file:///etc/passwd' }],
    ['one URL twice', { rpcs: ['https://a.example', 'https://a.example/'] }],
    ['a network that is none', { rpc: 'https://a.example', network: 'solana:devnet' as const }],
    ['no time', { rpc: 'https://a.example', timeoutSeconds: 0 }],
  ])('is not taken from %s', (_what, options) => {
    expect(outcome(() => exactSolana(options))).toMatchObject({ code: 'configuration_invalid' })
  })
})

function refuse(): never {
  throw new RpcError(-32005, 'Node is behind by 42 slots')
}

function shorten(latest: unknown): unknown {
  const { context, value } = latest as { readonly context: unknown; readonly value: { readonly blockhash: string } }
  return { context, value: { ...value, blockhash: value.blockhash.slice(5) } }
}

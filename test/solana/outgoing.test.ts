import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Outgoing, OutgoingSearch } from '../../src/evm/index.js'
import { type AgentWallet, type AgentWalletOptions, allowHosts, allowPayees, spendingLimit } from '../../src/index.js'
import { solana, type SolanaOptions } from '../../src/solana/index.js'
import { createAssetTable } from '../../src/assets/table.js'
import { createSolanaAgent, schemeFor } from '../support/solana-agent.ts'
import { entryFor, settling, type SolanaShop, startShop } from '../support/solana-shop.ts'
import {
  createParties,
  devnetUsdc,
  type Parties,
  RpcError,
  sendPayment,
  signPayment,
  solanaDevnet,
  startSolana,
  type TestSolana,
} from '../support/solana/index.ts'
import { rejection } from '../support/wallets.ts'

const network = solanaDevnet
/** Devnet's PYUSD, which is of Token-2022. */
const pyusd = 'CXk2AMBfi3TwaEL2468s6zP8xq9NxTXjp9gjMgzeUynM'
const finality = 32

let chain: TestSolana
let parties: Parties
let shop: SolanaShop

beforeEach(async () => {
  chain = await startSolana({ mining: 'manual' })
  chain.putMint(pyusd, { program: 'spl-token-2022' })
  parties = await createParties(chain)
  shop = await startShop([entryFor(parties)], settling(chain, parties))
})
afterEach(async () => {
  await shop?.close()
  await chain?.close()
})

const two = (): readonly string[] => [`${chain.url}/one`, `${chain.url}/two`]
const chainOf = (options: Partial<SolanaOptions> = {}) => solana({ network, rpcs: two(), ...options })

/** Looks for what left the payer. */
async function search(
  options: Partial<SolanaOptions> = {},
  different: Partial<OutgoingSearch> = {},
): Promise<Outgoing | undefined> {
  const assets = createAssetTable()
    .list()
    .filter((asset) => asset.network === network)
  return chainOf(options).outgoing?.({ account: parties.payer.address, assets, since: 0, ...different })
}

/** Moves money as whoever else has the key does. */
async function steal(what: Parameters<typeof signPayment>[2] = {}): Promise<string> {
  return sendPayment(chain, await signPayment(chain, parties, what), parties.feePayer)
}

const finalize = (): void => chain.tick(finality + 1)
const slot = (): string => String(chain.blockAt('finalized').slot)

describe('what left the token accounts of a wallet on Solana', () => {
  test('is seen with the hash of its message, once its block is final, and not again after that', async () => {
    const checkpoint = slot()
    const transaction = await steal()
    const { id } = chain.landed()[0]?.message ?? {}
    expect(await search({}, { checkpoint })).toMatchObject({ type: 'seen', transfers: [] })
    finalize()
    const seen = await search({}, { checkpoint })
    const transfer = { transaction, asset: devnetUsdc, to: parties.payTo, amount: 1000n, nonces: [id] }
    expect(seen).toMatchObject({ type: 'seen', transfers: [transfer], checkpoint: slot() })
    expect(await search({}, { checkpoint: slot() })).toMatchObject({ type: 'seen', transfers: [], checkpoint: slot() })
  })

  test('is not what came in, what failed, nor what others paid', async () => {
    const checkpoint = slot()
    const other = await createParties(chain)
    const paysUs = { ...other, payTo: parties.payer.address }
    await sendPayment(chain, await signPayment(chain, paysUs), other.feePayer)
    await steal({ amount: 9_000_000n })
    finalize()
    expect(chain.landed()).toHaveLength(2)
    expect(await search({}, { checkpoint })).toMatchObject({ type: 'seen', transfers: [] })
  })

  test('is looked for in every token of the table', async () => {
    const checkpoint = slot()
    await chain.mintTo(parties.payer.address, pyusd, 500n)
    await chain.createAta(parties.payTo, pyusd)
    shop = await startShop([entryFor(parties, { asset: pyusd, amount: '7' })], settling(chain, parties))
    await createSolanaAgent(chain, parties.payer).fetch(shop.url)
    finalize()
    expect(await search({}, { checkpoint })).toMatchObject({ transfers: [{ asset: pyusd, amount: 7n }] })
  })

  test('is first looked for from an instant on', async () => {
    await steal({ amount: 1n })
    chain.tick(50)
    const { time } = chain.blockAt('processed')
    await steal({ amount: 2n })
    finalize()
    expect(await search({}, { since: time * 1000 })).toMatchObject({ type: 'seen', transfers: [{ amount: 2n }] })
    expect(await search({}, { since: 0 })).toMatchObject({ transfers: [{ amount: 1n }, { amount: 2n }] })
  })

  test('is what a program moved for somebody else, and an account that has become another’s', async () => {
    const checkpoint = slot()
    await steal()
    finalize()
    const thief = '9B5XszUGdMaxCZ7uSQhPzdks5ZQSmWxrmzCSvtJ6Ns6g'
    chain.lie('getTransaction', (truth) => {
      const { meta, transaction } = Object(truth)
      const [ours] = meta.preTokenBalances.filter((one: { owner: string }) => one.owner === parties.payer.address)
      return {
        transaction: ['AQ==', 'base64'],
        meta: { ...meta, preTokenBalances: [ours], postTokenBalances: [{ ...ours, owner: thief }] },
        slot: transaction.slot,
      }
    })
    expect(await search({}, { checkpoint })).toMatchObject({
      transfers: [{ to: thief, amount: 1_000_000n, nonces: [] }],
    })
  })

  test('is looked into in steps, and the next search goes on from there', async () => {
    const first = chain.blockAt('finalized').slot
    const checkpoint = String(first)
    const transaction = await steal()
    finalize()
    chain.tick(1000)
    const signatures = Array.from(
      { length: 501 },
      (_, index) => `${transaction.slice(0, -3)}${String(index + 111).replaceAll('0', 'z')}`,
    )
    const list = signatures.map((signature, index) => ({ signature, slot: first + 1 + index, err: null }))
    chain.lie('getSignaturesForAddress', (_truth, [, config]) => (Object(config).before ? [] : list.toReversed()))
    let lookups = 0
    chain.lie('getTransaction', () => {
      lookups += 1
      return { meta: { preTokenBalances: [], postTokenBalances: [] }, transaction: ['AQ==', 'base64'] }
    })
    expect(await search({ rpcs: [chain.url] }, { checkpoint })).toMatchObject({
      type: 'seen',
      checkpoint: String(first + 500),
    })
    expect(lookups).toBe(500)
    expect(await search({ rpcs: [chain.url] }, { checkpoint: String(first + 500) })).toMatchObject({
      checkpoint: slot(),
    })
    expect(lookups).toBe(501)
  })
})

describe('what two Solana nodes say left an account', () => {
  const refuse = (): never => {
    throw new RpcError(-32603, 'no')
  }
  const gained = (truth: unknown): unknown => {
    const { meta, ...rest } = Object(truth)
    return { ...rest, meta: { ...meta, postTokenBalances: meta.preTokenBalances } }
  }
  const faults: readonly (readonly [string, (tag: string) => unknown])[] = [
    ['hides it', (tag) => chain.lie('getSignaturesForAddress', () => [], { tag })],
    [
      'says that it failed',
      (tag) =>
        chain.lie('getSignaturesForAddress', (truth) => Object(truth).map((one: object) => ({ ...one, err: {} })), {
          tag,
        }),
    ],
    ['says that nothing moved', (tag) => chain.lie('getTransaction', gained, { tag })],
    ['has no history', (tag) => chain.lie('getSignaturesForAddress', refuse, { tag })],
    [
      'has forgotten its history',
      (tag) => chain.lie('getFirstAvailableBlock', () => chain.blockAt('processed').slot, { tag }),
    ],
    ['answers with nonsense', (tag) => chain.lie('getTransaction', () => null, { tag })],
    ['is down', (tag) => chain.goDown({ tag })],
    [
      'is of another chain',
      (tag) => chain.lie('getGenesisHash', () => '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d', { tag }),
    ],
  ]
  test.each(faults)('is nothing yet when one of them %s, and the third decides', async (_what, fault) => {
    const checkpoint = slot()
    await steal()
    finalize()
    fault('one')
    for (const rpcs of [two(), two().toReversed()]) {
      expect(await search({ rpcs }, { checkpoint })).toMatchObject({ type: 'open' })
    }
    const rpcs = [...two(), `${chain.url}/three`]
    expect(await search({ rpcs }, { checkpoint })).toMatchObject({ type: 'seen', transfers: [{ amount: 1000n }] })
  })

  test('is not made up by one of them', async () => {
    const checkpoint = slot()
    await steal()
    finalize()
    chain.lie(
      'getTransaction',
      (truth) => {
        const { meta, ...rest } = Object(truth)
        const more = meta.postTokenBalances.map((one: object) => ({ ...one, uiTokenAmount: { amount: '0' } }))
        return { ...rest, meta: { ...meta, postTokenBalances: more } }
      },
      { tag: 'one' },
    )
    expect(await search({}, { checkpoint })).toMatchObject({ type: 'open' })
  })
})

describe('a wallet with a Solana key', () => {
  // Its first payment is older than the block that has it.
  beforeEach(() => chain.tick(10))

  function open(options: Partial<AgentWalletOptions> = {}): AgentWallet {
    return createSolanaAgent(chain, parties.payer, {
      chains: [chainOf()],
      policy: [allowHosts(['http://127.0.0.1:*']), allowPayees([parties.payTo]), spendingLimit({ dailyLimitUsd: 1 })],
      schemes: [schemeFor(chain)],
      ...options,
    })
  }

  test('goes on when its own payments and transfers explain all that left', async () => {
    const wallet = open()
    chain.airdrop(parties.payer.address, 1_000_000_000n)
    const reasons: unknown[] = []
    wallet.on('transfers.unwatched', ({ reason }) => reasons.push(reason))
    await Promise.all([1, 2, 3].map((n) => wallet.fetch(`${shop.url}/?n=${n}`)))
    await wallet.transfer({ to: parties.payTo, amount: '0.2', asset: 'USDC', network })
    finalize()
    await wallet.reconcile()
    await wallet.fetch(`${shop.url}/?n=4`)
    finalize()
    await wallet.reconcile()
    expect(reasons).toEqual([])
    expect(chain.landed()).toHaveLength(5)
    expect((await wallet.fetch(shop.url)).status).toBe(200)
  })

  test('goes on when a message of its own is in a block, whatever is known of that payment, and whoever names it', async () => {
    const examine = async () => ({ type: 'open', reason: 'not yet' }) as const
    const wallet = open({ chains: [{ ...chainOf(), examine }] })
    const settle = settling(chain, parties)
    const silent = await startShop([entryFor(parties)], async (transaction) => {
      await settle(transaction)
      return new Response('out of order', { status: 500 })
    })
    try {
      await wallet.fetch(silent.url)
      finalize()
      await wallet.reconcile()
      expect(await wallet.payments.list()).toMatchObject([{ status: 'unknown', receipt: undefined }])
      expect((await wallet.fetch(shop.url)).status).toBe(200)
    } finally {
      await silent.close()
    }
  })

  test('is frozen by the final block of a transfer that it has not made', async () => {
    const wallet = open()
    await wallet.fetch(shop.url)
    const transaction = await steal({ amount: 1000n })
    const strays: unknown[] = []
    wallet.on('transfer.unexplained', ({ transfer }) => strays.push(transfer))
    await wallet.reconcile()
    expect((await wallet.fetch(`${shop.url}/?again`)).status).toBe(200)
    finalize()
    await wallet.reconcile()
    expect(strays).toMatchObject([{ transaction, amount: 1000n, to: parties.payTo }])
    expect(await rejection(wallet.fetch(`${shop.url}/?more`))).toMatchObject({ code: 'wallet_frozen', moved: 'no' })
  })

  test('is frozen by what the same key has paid by another ledger', async () => {
    const wallet = open()
    await wallet.fetch(shop.url)
    await open().fetch(`${shop.url}/?other`)
    finalize()
    await wallet.reconcile()
    expect(await rejection(wallet.fetch(`${shop.url}/?more`))).toMatchObject({ code: 'wallet_frozen' })
  })
})

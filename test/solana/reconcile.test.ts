import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AgentWalletOptions, allowHosts, memoryLedger, type Payment, spendingLimit } from '../../src/index.js'
import { solana } from '../../src/solana/index.js'
import { spentBy } from '../support/agent.ts'
import { createSolanaAgent, schemeFor, solanaStore } from '../support/solana-agent.ts'
import { type Answer, describeTransaction, entryFor, type SolanaShop, startShop } from '../support/solana-shop.ts'
import {
  createParties,
  devnetUsdc,
  type Parties,
  sendPayment,
  solanaDevnet,
  startSolana,
  type TestSolana,
} from '../support/solana/index.ts'
import { rejection } from '../support/wallets.ts'

const price = 1000n
/** Devnet's PYUSD, which is of Token-2022. */
const pyusd = 'CXk2AMBfi3TwaEL2468s6zP8xq9NxTXjp9gjMgzeUynM'

let chain: TestSolana
let parties: Parties
let shop: SolanaShop
let now: number
let answer: Answer

beforeEach(async () => {
  chain = await startSolana({ mining: 'manual' })
  parties = await createParties(chain)
  answer = () => new Response('out of order', { status: 500 })
  now = Date.now()
  shop = await startShop([entryFor(parties)], (transaction) => answer(transaction), clock)
})
afterEach(async () => {
  await shop?.close()
  await chain?.close()
})

const clock = (): number => now
const createAgent = (options: Partial<AgentWalletOptions> = {}): ReturnType<typeof createSolanaAgent> =>
  createSolanaAgent(chain, parties.payer, {
    clock,
    schemes: [schemeFor(chain, { clock })],
    chains: [solana({ network: solanaDevnet, rpcs: [`${chain.url}/one`, `${chain.url}/two`], clock })],
    ...options,
  })
const paid = (): Promise<bigint> => chain.tokenBalance(parties.payTo, devnetUsdc)
const settle = (transaction = ''): Promise<string> => sendPayment(chain, transaction, parties.feePayer)
const key = { payment: { key: 'report' } }

/** Makes blocks, and time, until no block can have a payment any more. */
function outlive({ terms }: Payment): void {
  now += 120_000
  chain.tick(Number(terms.details?.['blockHeight']) + 300 + 32 - chain.blockAt('processed').height)
}

describe('a wallet with a Solana key that reconciles', () => {
  test('has its budget back after a server took a payment and never settled it, but no block earlier', async () => {
    const wallet = createAgent()
    await wallet.fetch(shop.url)
    const [payment] = await wallet.payments.list()
    expect(payment).toMatchObject({ status: 'unknown' })
    now += 120_000
    chain.lie('getBlockTime', (truth, [slot]) => Number(truth) + (slot === chain.blockAt('finalized').slot ? 60 : 0))
    chain.tick(Number(payment?.terms.details?.['blockHeight']) + 182 + 32 - chain.blockAt('processed').height)
    expect(await wallet.reconcile()).toMatchObject({ open: [{ status: 'unknown' }], expired: [] })
    expect(await spentBy(wallet)).toBe(price)
    chain.tick()
    expect(await wallet.reconcile()).toMatchObject({ open: [], expired: [{ id: payment?.id, status: 'expired' }] })
    expect(await spentBy(wallet)).toBe(0n)
    await settle(shop.transactions[0])
    expect(await paid()).toBe(0n)
  })

  test('has the proof of what it paid to a server that delivered nothing, and still counts it', async () => {
    const wallet = createAgent()
    await wallet.fetch(shop.url)
    const transaction = await settle(shop.transactions[0])
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [], open: [{ status: 'unknown' }] })
    chain.tick(32)
    const receipt = { status: 'confirmed', transaction, network: solanaDevnet, amount: price }
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [{ note: 'paid, not delivered', receipt }] })
    outlive((await wallet.payments.list())[0] as Payment)
    expect(await wallet.reconcile()).toMatchObject({ expired: [] })
    expect(await spentBy(wallet)).toBe(price)
  })

  test('counts on what nodes have forgotten', async () => {
    const wallet = createAgent()
    await wallet.fetch(shop.url)
    await settle(shop.transactions[0])
    outlive((await wallet.payments.list())[0] as Payment)
    chain.pruneHistory()
    now += 7 * 86_400_000
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [], expired: [], open: [{ status: 'unknown' }] })
  })
})

describe('the balances of a wallet with a Solana key', () => {
  test('are those of its token accounts, and nothing where it has none', async () => {
    chain.putMint(pyusd, { program: 'spl-token-2022' })
    await chain.mintTo(parties.payer.address, pyusd, 7n)
    chain.goDown({ tag: 'one' })
    const held = await createAgent().balances()
    expect(Object.fromEntries(held.map(({ asset, amount }) => [asset.symbol, amount]))).toEqual({
      USDC: 1_000_000n,
      PYUSD: 7n,
      USDG: 0n,
    })
    expect(held[0]).toMatchObject({ address: parties.payer.address, network: solanaDevnet, microUsd: 1_000_000n })
  })

  test('are not made up where no node answers', async () => {
    chain.goDown()
    expect(await rejection(createAgent().balances())).toBeInstanceOf(Error)
  })
})

describe('a purchase on Solana', () => {
  test('is sent once more as the same transaction while it is of use', async () => {
    const wallet = createAgent()
    await wallet.fetch(shop.url, key)
    now += 30_000
    chain.tick(75)
    answer = async (transaction) => new Response(await settle(transaction))
    expect((await wallet.fetch(shop.url, key)).status).toBe(200)
    expect(shop.transactions).toHaveLength(2)
    expect(shop.transactions[1]).toBe(shop.transactions[0])
    expect(await paid()).toBe(price)
    expect(await spentBy(wallet)).toBe(price)
  })

  test('is signed anew only once its first message is provably dead', async () => {
    const wallet = createAgent()
    await wallet.fetch(shop.url, key)
    const [first] = await wallet.payments.list()
    // The server may still be holding it back for a block that takes it.
    for (const seconds of [60, 60, 480, 3600]) {
      now += seconds * 1000
      expect(await rejection(wallet.fetch(shop.url, key))).toMatchObject({ code: 'payment_outcome_unknown' })
      await wallet.reconcile()
    }
    expect(wallet.signed).toHaveLength(1)

    outlive(first as Payment)
    expect(await wallet.reconcile()).toMatchObject({ expired: [{ id: first?.id }] })
    answer = async (transaction) => new Response(await settle(transaction))
    expect((await wallet.fetch(shop.url, key)).status).toBe(200)
    const [one, two] = shop.transactions.map(describeTransaction)
    expect(two?.blockhash).not.toBe(one?.blockhash)
    expect(await wallet.payments.list()).toMatchObject([{ id: first?.id, status: 'claimed' }])

    await settle(shop.transactions[0])
    chain.tick()
    expect(await paid()).toBe(price)
    expect(await spentBy(wallet)).toBe(price)
  })

  test('that was recorded before a crash is signed as the same message by the next process', async () => {
    const ledger = memoryLedger()
    const broken = solanaStore(parties.payer, () => {
      throw new Error('the process is gone')
    })
    const first = createAgent({ ledger, keyStore: broken })
    expect(await rejection(first.fetch(shop.url, key))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })

    chain.tick(20)
    answer = async (transaction) => new Response(await settle(transaction))
    const next = createAgent({ ledger })
    expect((await next.fetch(shop.url, key)).status).toBe(200)
    expect(next.signed).toEqual(broken.signed)
    expect(await paid()).toBe(price)
    expect(await spentBy(next)).toBe(price)
  })

  test('counts within its windows until long after its blockhash has died, and as spent afterwards', async () => {
    const policy = [allowHosts(['http://127.0.0.1:*']), spendingLimit({ perPaymentUsd: 1, hourlyLimitUsd: 0.001 })]
    const wallet = createAgent({ policy })
    await wallet.fetch(shop.url)
    now += 3_600_000
    expect(await rejection(wallet.fetch(`${shop.url}/other`))).toMatchObject({ code: 'limit_exceeded' })
    now += 720_001
    await wallet.fetch(`${shop.url}/other`)
    expect(wallet.signed).toHaveLength(2)
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import type { Chain, Outgoing, OutgoingSearch, OutgoingTransfer } from '../../src/evm/index.js'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowHosts,
  createAgentWallet,
  type Ledger,
  memoryLedger,
  type Payment,
} from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const noon = Date.parse('2026-06-17T12:00:00Z')
const thief = '0x000000000000000000000000000000000000bEEF'

let ledger: Ledger
let searches: OutgoingSearch[]
beforeEach(() => {
  ledger = memoryLedger()
  searches = []
})

/** A wallet that has paid for one thing, on a chain that shows what the test says. */
async function openWallet(options: {
  readonly outgoing: (payment: Payment) => Outgoing | Promise<Outgoing>
  readonly wallet?: Partial<AgentWalletOptions>
}) {
  const keyStore = testKeyStore()
  const shop = paidResource({ clock: () => noon })
  const seen: { payment?: Payment | undefined } = {}
  const chain: Chain = {
    network,
    examine: async () => ({ type: 'open', reason: 'not yet' }),
    outgoing: async (search) => {
      searches.push(search)
      if (!seen.payment) throw new TypeError('nothing was paid')
      return options.outgoing(seen.payment)
    },
  }
  const wallet = createAgentWallet({
    keyStore,
    ledger,
    policy: [allowHosts(['api.example.com'])],
    clock: () => noon,
    fetch: (input, init) => shop(new Request(input, init)),
    chains: [chain],
    ...options.wallet,
  })
  const buy = () => wallet.fetch('https://api.example.com/report')
  await buy()
  seen.payment = (await ledger.list())[0]
  return { wallet, keyStore, buy, payment: seen.payment as Payment }
}

const transferOf = ({ terms, asset, payTo, amount }: Payment): OutgoingTransfer => ({
  transaction: `0x${'ab'.repeat(32)}`,
  asset: asset.address.toLowerCase(),
  to: payTo.toLowerCase(),
  amount,
  nonces: [terms.nonce],
})

const seen = (transfers: readonly OutgoingTransfer[], checkpoint = '100', until = noon): Outgoing => ({
  type: 'seen',
  transfers,
  checkpoint,
  until: until / 1000,
})

function heard(wallet: AgentWallet): readonly string[] {
  const names: string[] = []
  for (const name of ['wallet.frozen', 'transfer.unexplained', 'transfers.unwatched'] as const)
    wallet.on(name, () => names.push(name))
  return names
}

describe('money that left an account', () => {
  test('is explained by terms that were signed with the nonce of a payment before those it has now', async () => {
    const own = memoryLedger()
    const earlier = (payment: Payment): Payment => ({ ...payment, earlier: [{ amount: 7n, payTo: thief }] })
    ledger = { ...own, list: async (filter) => (await own.list(filter)).map(earlier) }
    const outgoing = (payment: Payment): Outgoing => seen([{ ...transferOf(payment), amount: 7n, to: thief }])
    const { wallet } = await openWallet({ outgoing })
    await wallet.reconcile()
    expect(await wallet.frozen()).toBeUndefined()
  })

  test('freezes nothing when a payment explains it', async () => {
    const { wallet, buy } = await openWallet({ outgoing: (payment) => seen([transferOf(payment)]) })
    const names = heard(wallet)
    await wallet.reconcile()
    expect(names).toEqual([])
    expect((await buy()).status).toBe(200)
  })

  test.each<{ readonly what: string; readonly stray: (own: OutgoingTransfer) => readonly OutgoingTransfer[] }>([
    { what: 'without any nonce', stray: (own) => [own, { ...own, nonces: [] }] },
    { what: 'with a nonce that nobody knows', stray: (own) => [{ ...own, nonces: [`0x${'99'.repeat(32)}`] }] },
    { what: 'to another payee', stray: (own) => [{ ...own, to: thief }] },
    { what: 'of another value', stray: (own) => [{ ...own, amount: own.amount + 1n }] },
    { what: 'of a value that is less', stray: (own) => [{ ...own, amount: own.amount - 1n }] },
    { what: 'in another token', stray: (own) => [{ ...own, asset: thief }] },
    { what: 'twice for one payment', stray: (own) => [own, own] },
  ])('freezes the wallet when it went $what', async ({ stray }) => {
    const { wallet, keyStore, buy } = await openWallet({ outgoing: (payment) => seen(stray(transferOf(payment))) })
    const names = heard(wallet)
    await wallet.reconcile()
    expect(names).toEqual(['transfer.unexplained', 'wallet.frozen'])
    expect((await ledger.frozen())?.reason).toMatch(/^money left that no payment explains: \d+ units of 0x/)
    expect(await rejection(buy())).toMatchObject({ code: 'wallet_frozen', moved: 'no' })
    expect(keyStore.signed).toHaveLength(1)
  })

  test('freezes nothing where it was none: anybody can make a token log that nothing of an account went to them', async () => {
    const { wallet, buy } = await openWallet({
      outgoing: (payment) => {
        const own = transferOf(payment)
        return seen([{ ...own, to: thief, amount: 0n, nonces: [], transaction: `0x${'cd'.repeat(32)}` }, own])
      },
    })
    const names = heard(wallet)
    await wallet.reconcile()
    expect([names, await ledger.frozen()]).toEqual([[], undefined])
    expect((await buy()).status).toBe(200)
  })

  test.each([
    { amount: 1n, confirmed: undefined, isExplained: true },
    { amount: 10_000n, confirmed: undefined, isExplained: true },
    { amount: 10_001n, confirmed: undefined, isExplained: false },
    { amount: 4000n, confirmed: 4000n, isExplained: true },
    { amount: 4001n, confirmed: 4000n, isExplained: false },
  ])(
    'is explained by a payment of at most 10000, $confirmed of it confirmed, when it is $amount: $isExplained',
    async ({ amount, confirmed, isExplained }) => {
      let use: Payment | undefined
      const { wallet, payment } = await openWallet({
        outgoing: (paid) => seen([transferOf(paid), ...(use ? [{ ...transferOf(use), amount }] : [])]),
      })
      const nonce = `0x${'77'.repeat(32)}` as const
      const id = `pay_${'7'.repeat(32)}` as const
      use = { ...payment, id, status: 'authorized', terms: { ...payment.terms, nonce, isMaximum: true } }
      await ledger.reserve(use, [])
      const { transaction } = transferOf(use)
      const receipt = { status: 'confirmed', transaction, network, amount: confirmed } as const
      if (confirmed !== undefined) await ledger.update(id, { status: 'confirmed', receipt })
      await wallet.reconcile()
      expect((await ledger.frozen()) === undefined).toBe(isExplained)
    },
  )

  test('is not explained by a transaction that only a server named, once it is known what became of that payment', async () => {
    const { wallet, payment } = await openWallet({
      outgoing: (paid) => seen([{ ...transferOf(paid), nonces: [], transaction: paid.receipt?.transaction ?? '' }]),
    })
    expect(payment.receipt).toMatchObject({ status: 'claimed', transaction: expect.stringMatching(/^0x/) })
    await wallet.reconcile()
    expect(await ledger.frozen()).toBeUndefined()
    await ledger.update(payment.id, { status: 'expired' })
    await wallet.reconcile()
    expect(searches.map(({ checkpoint }) => checkpoint)).toEqual([undefined, undefined])
    expect(await ledger.frozen()).toBeDefined()
  })

  test('is explained by a payment however long ago it was made', async () => {
    const { wallet, payment } = await openWallet({
      outgoing: (paid) =>
        seen(searches.length === 1 ? [] : [{ ...transferOf(paid), nonces: [] }], '100', noon + 3 * 86_400_000),
    })
    await wallet.reconcile()
    const { transaction } = transferOf(payment)
    await ledger.update(payment.id, { status: 'confirmed', receipt: { status: 'confirmed', transaction, network } })
    await wallet.reconcile()
    expect(searches[1]?.since).toBe(noon + 3 * 86_400_000)
    expect(await ledger.frozen()).toBeUndefined()
  })

  test('is explained by a transaction that a final block has confirmed', async () => {
    const { wallet, payment } = await openWallet({
      outgoing: (paid) => seen([{ ...transferOf(paid), nonces: [] }]),
    })
    const { transaction } = transferOf(payment)
    await ledger.update(payment.id, { status: 'confirmed', receipt: { status: 'confirmed', transaction, network } })
    await wallet.reconcile()
    expect(await ledger.frozen()).toBeUndefined()
  })

  test('is not explained by a payment that no longer counts', async () => {
    const { wallet, payment } = await openWallet({ outgoing: (paid) => seen([transferOf(paid)]) })
    await ledger.update(payment.id, { status: 'expired' })
    await wallet.reconcile()
    expect(await ledger.frozen()).toBeDefined()
  })

  test('is looked for since the first payment, and then from where the last search ended', async () => {
    const { wallet, payment } = await openWallet({ outgoing: (paid) => seen([transferOf(paid)], '123') })
    await wallet.reconcile()
    await wallet.reconcile()
    const { payer } = payment.terms
    expect(searches).toMatchObject([
      { account: payer, since: noon },
      { account: payer, checkpoint: '123' },
    ])
    expect(searches.map(({ checkpoint }) => checkpoint)).toEqual([undefined, '123'])
    expect(searches[0]?.assets.map(({ symbol }) => symbol)).toContain('USDC')
    expect(new Set(searches[0]?.assets.map((asset) => asset.network))).toEqual(new Set([network]))
  })

  test('is not looked for before anything was paid, nor on a network without a key', async () => {
    const chain: Chain = {
      network,
      examine: async () => ({ type: 'open', reason: '' }),
      outgoing: async (search) => {
        searches.push(search)
        return seen([])
      },
    }
    const chains = [chain, { ...chain, network: 'solana:mainnet' as const }]
    await createAgentWallet({ keyStore: testKeyStore(), chains, clock: () => noon }).reconcile()
    expect(searches).toEqual([])
  })

  test('freezes once: after the owner has looked and unfrozen it, the wallet pays on', async () => {
    const { wallet, buy } = await openWallet({
      outgoing: (payment) => seen(searches.length === 1 ? [{ ...transferOf(payment), nonces: [] }] : []),
    })
    await wallet.reconcile()
    await wallet.unfreeze()
    await wallet.reconcile()
    expect((await buy()).status).toBe(200)
  })

  test('keeps the reason of a freeze that is there', async () => {
    const { wallet } = await openWallet({ outgoing: (payment) => seen([{ ...transferOf(payment), nonces: [] }]) })
    await wallet.freeze('on holiday')
    const names = heard(wallet)
    await wallet.reconcile()
    expect(await ledger.frozen()).toMatchObject({ reason: 'on holiday' })
    expect(names).toEqual(['transfer.unexplained'])
  })

  test.each<[string, () => Outgoing | Promise<Outgoing>]>([
    [
      'throws',
      () => {
        throw new Error('boom')
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
    ['cannot say', () => ({ type: 'open', reason: 'the nodes do not agree' })],
  ])('is looked for again, and its owner told, when the chain %s', async (_what, outgoing) => {
    const { wallet } = await openWallet({ outgoing })
    const names = heard(wallet)
    await wallet.reconcile()
    await wallet.reconcile()
    expect(names).toEqual(['transfers.unwatched', 'transfers.unwatched'])
    expect(searches.map(({ checkpoint }) => checkpoint)).toEqual([undefined, undefined])
    expect(await ledger.frozen()).toBeUndefined()
  })

  test('is looked for again when the freeze could not be recorded', async () => {
    const failing = { ...ledger, freeze: () => Promise.reject(new Error('disk full')) }
    const outgoing = (payment: Payment) => seen([{ ...transferOf(payment), nonces: [] }])
    const { wallet } = await openWallet({ outgoing, wallet: { ledger: failing } })
    const names = heard(wallet)
    await wallet.reconcile()
    expect(names).toEqual(['transfers.unwatched'])
    const sound = createAgentWallet({
      keyStore: testKeyStore(),
      ledger,
      clock: () => noon,
      chains: [
        {
          network,
          examine: async () => ({ type: 'open', reason: '' }),
          outgoing: async (search) => {
            searches.push(search)
            return seen([{ transaction: '0x', asset: thief, to: thief, amount: 1n, nonces: [] }])
          },
        },
      ],
    })
    await sound.reconcile()
    expect(searches.map(({ checkpoint }) => checkpoint)).toEqual([undefined, undefined])
    expect(await ledger.frozen()).toBeDefined()
  })
})

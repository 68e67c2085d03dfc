import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Chain, evm, type Evidence, type EvmOptions } from '../../src/evm/index.js'
import {
  type AgentWallet,
  type AgentWalletOptions,
  createAgentWallet,
  type Events,
  type Ledger,
  memoryLedger,
  type Payment,
  spendingLimit,
} from '../../src/index.js'
import { privateKey } from '../../src/keys/index.js'
import { testKeyStore } from '../../src/testing/index.js'
import { type Scene, startScene } from '../support/evm-scene.ts'
import { createPayment } from '../support/payments.ts'

const network = 'eip155:84532'
const transaction = `0x${'cd'.repeat(32)}`
let ledger: Ledger
beforeEach(() => {
  ledger = memoryLedger()
})

/** A chain that says the same of every payment, or what a function says. */
function chainOf(evidence: Evidence | ((payment: Payment) => Promise<Evidence>)): Chain {
  return { network, examine: typeof evidence === 'function' ? evidence : async () => evidence }
}

function createWallet(options: Partial<AgentWalletOptions>): AgentWallet {
  const policy = [spendingLimit({ dailyLimitUsd: 1 })]
  return createAgentWallet({ keyStore: testKeyStore(), clock: () => Date.UTC(2026, 0, 1), policy, ledger, ...options })
}

async function spent(wallet: AgentWallet): Promise<bigint> {
  return (await wallet.budget()).find(({ measure }) => measure === 'microUsd')?.used ?? -1n
}

function numbered(number: number, different: Partial<Payment> = {}): Payment {
  return createPayment({ id: `pay_${number.toString(16).padStart(32, '0')}`, purchaseKey: `${number}`, ...different })
}

function heard(wallet: AgentWallet): readonly string[] {
  const names: string[] = []
  const all: readonly (keyof Events)[] = [
    'payment.confirmed',
    'payment.expired',
    'payment.cancelled',
    'payment.diverted',
    'payment.unknown',
    'reconciliation.failed',
  ]
  for (const name of all) wallet.on(name, () => names.push(name))
  return names
}

describe('reconcile', () => {
  test('goes through many payments in pages, each once, and lets all else go on between them', async () => {
    for (let number = 1; number <= 1201; number += 1) await ledger.reserve(numbered(number), [])
    for (let number = 1; number <= 1201; number += 2) await ledger.update(numbered(number).id, { status: 'claimed' })
    const limits: unknown[] = []
    const list: Ledger['list'] = (filter) => {
      limits.push(filter?.limit)
      return ledger.list(filter)
    }
    const asked: string[] = []
    const chain = chainOf(async ({ id, status }) => {
      asked.push(id)
      // Moves on while it is listed, and is met again under its new status.
      if (status === 'authorized') await ledger.update(id, { status: 'unknown' })
      return { type: 'open', reason: 'not yet' }
    })
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
    }, 0)
    const { open } = await createWallet({ ledger: { ...ledger, list }, chains: [chain] }).reconcile()
    clearInterval(timer)
    expect(open).toHaveLength(1201)
    expect(new Set(asked).size).toBe(1201)
    expect(asked).toHaveLength(1201)
    expect(new Set(limits)).toEqual(new Set([500]))
    expect(turns).toBeGreaterThan(0)
  })

  test.each([
    { status: 'claimed', note: undefined, noteAfter: undefined },
    { status: 'unknown', note: 'the server answered 500', noteAfter: 'paid, not delivered' },
  ] as const)(
    'confirms a payment that was $status with the proof of its transfer',
    async ({ status, note, noteAfter }) => {
      const wallet = createWallet({ chains: [chainOf({ type: 'executed', transaction, amount: 10_000n })] })
      const names = heard(wallet)
      await ledger.reserve(numbered(1), [])
      await ledger.update(numbered(1).id, { status, note })
      const { confirmed, ...others } = await wallet.reconcile()
      const { payer } = numbered(1).terms
      const receipt = { status: 'confirmed', transaction, network, payer, amount: 10_000n }
      expect(confirmed).toMatchObject([{ id: numbered(1).id, status: 'confirmed', receipt }])
      expect(confirmed[0]?.note).toBe(noteAfter)
      expect(await wallet.payments.get(numbered(1).id)).toEqual(confirmed[0])
      expect(Object.values(others).flat()).toEqual([])
      expect(names).toEqual(['payment.confirmed'])
      expect(await spent(wallet)).toBe(10_000n)
      expect(Object.values(await wallet.reconcile()).flat()).toEqual([])
    },
  )

  test.each([{ evidence: { type: 'expired' } }, { evidence: { type: 'cancelled', transaction } }] as const)(
    'frees the budget of a payment that has $evidence.type',
    async ({ evidence }) => {
      const wallet = createWallet({ chains: [chainOf(evidence)] })
      const names = heard(wallet)
      await ledger.reserve(numbered(1), [])
      expect(await spent(wallet)).toBe(10_000n)
      expect((await wallet.reconcile())[evidence.type]).toMatchObject([{ status: evidence.type }])
      expect(names).toEqual([`payment.${evidence.type}`])
      expect(await spent(wallet)).toBe(0n)
    },
  )

  test.each<{ readonly what: string; readonly chains: readonly Chain[] }>([
    { what: 'no chain is configured', chains: [] },
    { what: 'only another chain is configured', chains: [{ ...chainOf({ type: 'expired' }), network: 'eip155:8453' }] },
    { what: 'nothing is final', chains: [chainOf({ type: 'open', reason: 'not yet' })] },
    { what: 'the chain throws', chains: [chainOf(() => Promise.reject(new Error('boom')))] },
  ])('leaves a payment as it is when $what', async ({ chains }) => {
    const wallet = createWallet({ chains })
    const names = heard(wallet)
    await ledger.reserve(numbered(1), [])
    const before = await wallet.payments.get(numbered(1).id)
    expect(await wallet.reconcile()).toMatchObject({ open: [before], expired: [], confirmed: [] })
    expect(await wallet.payments.get(numbered(1).id)).toEqual(before)
    expect(names).toEqual([])
    expect(await spent(wallet)).toBe(10_000n)
  })

  test.each(['authorized', 'unknown', 'claimed'] as const)(
    'says once that a payment which is %s was diverted',
    async (status) => {
      const wallet = createWallet({ chains: [chainOf({ type: 'diverted', transaction })] })
      const names = heard(wallet)
      await ledger.reserve(numbered(1), [])
      if (status !== 'authorized') await ledger.update(numbered(1).id, { status })
      await wallet.reconcile()
      const { diverted } = await wallet.reconcile()
      expect(diverted).toMatchObject([{ note: expect.stringContaining(transaction) }])
      expect(names).toEqual(['payment.diverted'])
      expect(await spent(wallet)).toBe(10_000n)
    },
  )

  test('does not release a purchase that was signed anew while the chain was asked of the old', async () => {
    const { terms } = numbered(1)
    const later = { ...terms, validBefore: terms.validBefore + 600 }
    const chain = chainOf(async () => {
      expect(await ledger.reserve(numbered(1, { terms: later }), [], { renew: true })).toEqual({ ok: true })
      return { type: 'expired' }
    })
    const wallet = createWallet({ chains: [chain] })
    await ledger.reserve(numbered(1), [])
    expect(await wallet.reconcile()).toMatchObject({ expired: [], open: [{ terms: later }] })
    expect(await wallet.payments.get(numbered(1).id)).toMatchObject({ status: 'authorized', terms: later })
    expect(await spent(wallet)).toBe(10_000n)
  })

  test('agrees with another that reconciles at the same time, and each payment is told of once', async () => {
    const wallet = createWallet({ chains: [chainOf({ type: 'expired' })] })
    const names = heard(wallet)
    await ledger.reserve(numbered(1), [])
    const both = await Promise.all([wallet.reconcile(), wallet.reconcile()])
    expect(both.map(({ expired }) => expired.length)).toEqual([1, 1])
    expect(names).toEqual(['payment.expired'])
    expect(await spent(wallet)).toBe(0n)
  })

  test('looks at every payment, however many there are of one instant', async () => {
    const asked = new Set<string>()
    const chain = chainOf(async ({ id }) => {
      asked.add(id)
      return { type: 'expired' }
    })
    for (let number = 1; number <= 1100; number += 1) await ledger.reserve(numbered(number), [])
    const { expired } = await createWallet({ chains: [chain] }).reconcile()
    expect(expired).toHaveLength(1100)
    expect(asked.size).toBe(1100)
  })

  test('throws when the ledger does not answer', async () => {
    const wallet = createWallet({ ledger: { ...ledger, list: () => Promise.reject(new Error('down')) } })
    await expect(wallet.reconcile()).rejects.toMatchObject({ code: 'ledger_unavailable', moved: 'no' })
  })

  test('refuses two chains of one network', () => {
    const chain = chainOf({ type: 'expired' })
    expect(() => createWallet({ chains: [chain, chain] })).toThrow(`${network} has more than one`)
  })
})

describe('the background loop', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('is off unless it is asked for', async () => {
    createWallet({ chains: [chainOf({ type: 'expired' })] })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('reconciles again and again, whatever fails, until the wallet is closed', async () => {
    let rounds = 0
    const list: Ledger['list'] = async (filter) => {
      if (filter?.status === 'authorized') rounds += 1
      if (rounds === 1) throw new Error('down')
      return ledger.list(filter)
    }
    const chains = [chainOf({ type: 'expired' })]
    const wallet = createWallet({ chains, ledger: { ...ledger, list }, reconcileEverySeconds: 60 })
    const names = heard(wallet)
    await ledger.reserve(numbered(1), [])
    await vi.advanceTimersByTimeAsync(44_000)
    expect(rounds).toBe(0)
    await vi.advanceTimersByTimeAsync(150_000)
    expect(rounds).toBeGreaterThanOrEqual(2)
    expect(names).toEqual(['reconciliation.failed', 'payment.expired'])
    wallet.close()
    const last = rounds
    await vi.advanceTimersByTimeAsync(600_000)
    expect(rounds).toBe(last)
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each([0, 0.5, Number.NaN, Number.POSITIVE_INFINITY, -1])('refuses to run every %s seconds', (seconds) => {
    expect(() => createWallet({ reconcileEverySeconds: seconds })).toThrow('reconcileEverySeconds')
  })
})

describe('cancel', () => {
  let scene: Scene | undefined
  afterAll(() => scene?.chain.stop())

  async function createOwner(options: Partial<EvmOptions>): Promise<{ wallet: AgentWallet; scene: Scene }> {
    scene ??= await startScene()
    const chains = [evm({ network, clients: [scene.chain.publicClient], ...options })]
    return { scene, wallet: createWallet({ keyStore: privateKey(scene.payer.privateKey), chains }) }
  }

  test('makes a payment unusable on the chain, and frees its budget once that is final', async () => {
    scene ??= await startScene()
    const gasPayer = scene.sender(await scene.chain.createSender())
    const { wallet } = await createOwner({ gasPayer })
    const payment = await scene.createPayment()
    await ledger.reserve(payment, [])
    const hash = await wallet.cancel(payment.id)
    await scene.chain.publicClient.waitForTransactionReceipt({ hash: hash as `0x${string}` })
    expect(await wallet.payments.get(payment.id)).toMatchObject({ status: 'authorized' })
    expect(await wallet.reconcile()).toMatchObject({ open: [{ id: payment.id }], cancelled: [] })
    await expect(scene.execute(payment)).rejects.toThrow('used or canceled')
    await scene.finalize()
    expect(await wallet.reconcile()).toMatchObject({ cancelled: [{ id: payment.id, status: 'cancelled' }] })
    await expect(wallet.cancel(payment.id)).rejects.toMatchObject({ code: 'cancellation_failed' })
  })

  test('needs a chain with a gas payer, the key of the payer, and a payment', async () => {
    const { scene: world, wallet } = await createOwner({})
    const payment = await world.createPayment()
    await ledger.reserve(payment, [])
    await expect(wallet.cancel(payment.id)).rejects.toMatchObject({ code: 'configuration_invalid' })
    await expect(createWallet({}).cancel(payment.id)).rejects.toMatchObject({ code: 'configuration_invalid' })
    await expect(wallet.cancel(numbered(9).id)).rejects.toMatchObject({ code: 'cancellation_failed' })
    const sent = vi.fn()
    const chains = [{ ...chainOf({ type: 'expired' }), cancel: sent }]
    await expect(createWallet({ chains }).cancel(payment.id)).rejects.toMatchObject({ code: 'configuration_invalid' })
    expect(sent).not.toHaveBeenCalled()
  })

  test('sends nothing but the cancellation of that payment, whatever the signer answers', async () => {
    const store = testKeyStore()
    const signer = await store.getSigner(network)
    if (signer?.namespace !== 'eip155') throw new Error('Failed to get a signer: the store has none')
    const wrong = { ...signer, signTypedData: async () => `0x${'12'.repeat(65)}` as const }
    const sent = vi.fn()
    const chains = [{ ...chainOf({ type: 'expired' }), cancel: sent }]
    const terms = { ...numbered(1).terms, payer: signer.address }
    await ledger.reserve(numbered(1, { terms }), [])
    const wallet = createWallet({ chains, keyStore: { ...store, getSigner: async () => wrong } })
    await expect(wallet.cancel(numbered(1).id)).rejects.toMatchObject({ code: 'cancellation_failed' })
    expect(sent).not.toHaveBeenCalled()
  })
})

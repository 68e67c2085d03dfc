import { describe, expect, test } from 'vitest'
import {
  type AgentWallet,
  allowHosts,
  type Ledger,
  memoryLedger,
  type Payment,
  type Reservation,
  spendingLimit,
} from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { defer, hurry, never, settleDown } from '../support/time.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const named = { payment: { key: 'report-42' } }

describe('a ledger that does not answer', () => {
  test.each(['reserve', 'frozen', 'secret', 'requestApproval'] as const)(
    'to %s ends the call that pays with an error that invites another try, and nothing is signed',
    async (method) => {
      const inner = memoryLedger()
      const { open, keyStore, taken } = openShop({ ledger: { ...inner, [method]: never } })
      const wallet = open({
        keyStore: { ...keyStore, deriveSecret: method === 'secret' ? undefined : keyStore.deriveSecret },
        policy: [
          allowHosts(['shop.example.com']),
          spendingLimit({
            perPaymentUsd: 1,
            dailyLimitUsd: method === 'requestApproval' ? '0.001' : 1,
            onExceed: 'approve',
          }),
        ],
      })
      const error = await hurry(() => rejection(wallet.fetch(url)))
      expect(error).toMatchObject({ code: 'ledger_unavailable', moved: 'no', retryable: true })
      expect([keyStore.signed.length, taken()]).toEqual([0, 0n])
      const left = (await inner.list()).filter(({ status }) => status !== 'released')
      expect(left).toEqual([])
    },
  )

  test.each<[keyof Ledger, (wallet: AgentWallet) => Promise<unknown>]>([
    ['get', (wallet) => wallet.payments.get(`pay_${'0'.repeat(32)}`)],
    ['list', (wallet) => wallet.payments.list()],
    ['usage', (wallet) => wallet.budget()],
    ['listApprovals', (wallet) => wallet.approvals.list()],
    ['decideApproval', (wallet) => wallet.approvals.deny(`apr_${'0'.repeat(32)}`)],
    ['freeze', (wallet) => wallet.freeze('so it is')],
    ['revokeSession', (wallet) => wallet.revokeSession(`ses_${'0'.repeat(32)}`)],
    ['remember', (wallet) => wallet.setPolicy([])],
    ['revoked', async (wallet) => wallet.openSession(await wallet.session({ maxPayments: 1 }).token())],
    ['list', (wallet) => wallet.reconcile()],
  ])('to %s ends the owner’s call with an error', async (method, call) => {
    const { open } = openShop({ ledger: { ...memoryLedger(), [method]: never } })
    expect(await hurry(() => rejection(call(open())))).toMatchObject({ code: 'ledger_unavailable' })
  })

  test('holds up no call that does not need it', async () => {
    const { open, fetch } = openShop({ ledger: { ...memoryLedger(), reserve: never, frozen: never, usage: never } })
    const free: typeof fetch = async (input, init) =>
      String(input).endsWith('/free') ? new Response('free') : fetch(input, init)
    const wallet = open({ fetch: free })
    const stuck = wallet.fetch(url)
    expect(await (await wallet.fetch(`${url}free`)).text()).toBe('free')
    expect(await hurry(() => rejection(stuck))).toMatchObject({ code: 'ledger_unavailable' })
  })

  test('but throws or rejects where it should not is no different from one that fails', async () => {
    const throwing = (): never => {
      throw new Error('no connection')
    }
    const { open, keyStore } = openShop({ ledger: { ...memoryLedger(), reserve: throwing } })
    expect(await rejection(open().fetch(url))).toMatchObject({ code: 'ledger_unavailable', moved: 'no' })
    expect(keyStore.signed).toHaveLength(0)
  })
})

/** A ledger that records at once, and says so when it is let. */
function createLateLedger(): {
  readonly ledger: Ledger
  readonly inner: Ledger
  readonly answer: () => void
  readonly isLate: { now: boolean }
} {
  const inner = memoryLedger()
  const isLate = { now: true }
  const gate = defer()
  const reserve: Ledger['reserve'] = async (...given): Promise<Reservation> => {
    const waits = isLate.now
    const reservation = await inner.reserve(...given)
    if (waits) await gate.promise
    return reservation
  }
  return { ledger: { ...inner, reserve }, inner, answer: gate.resolve, isLate }
}

describe('a payment that is recorded too late', () => {
  test('is released as never signed, and its budget is free again', async () => {
    const { ledger, inner, answer, isLate } = createLateLedger()
    const { open, keyStore, taken } = openShop({ ledger })
    const wallet = open({ policy: [allowHosts(['shop.example.com']), spendingLimit({ dailyLimitUsd: '0.01' })] })
    const released: Payment[] = []
    wallet.on('payment.released', ({ payment }) => released.push(payment))
    expect(await hurry(() => rejection(wallet.fetch(url, named)))).toMatchObject({
      code: 'ledger_unavailable',
      moved: 'no',
    })
    expect(await inner.list()).toMatchObject([{ status: 'authorized' }])
    answer()
    await settleDown()
    expect(await inner.list()).toMatchObject([{ status: 'released' }])
    expect(released).toMatchObject([{ status: 'released' }])
    expect(keyStore.signed).toHaveLength(0)
    isLate.now = false
    expect((await wallet.fetch(url, named)).status).toBe(200)
    expect([keyStore.signed.length, taken()]).toEqual([1, 10_000n])
  })

  test('is not released where another call goes on from its record', async () => {
    const { ledger, inner, answer, isLate } = createLateLedger()
    const { open, keyStore, taken } = openShop({ ledger })
    const wallet = open()
    await hurry(() => rejection(wallet.fetch(url, named)))
    isLate.now = false
    expect((await wallet.fetch(url, named)).status).toBe(200)
    answer()
    await settleDown()
    expect(await inner.list()).toMatchObject([{ status: 'claimed' }])
    expect([keyStore.signed.length, taken()]).toEqual([1, 10_000n])
  })

  test('is not recorded by a ledger that refuses late, and nothing is left unhandled', async () => {
    const gate = defer()
    const inner = memoryLedger()
    const reserve: Ledger['reserve'] = async () => {
      await gate.promise
      throw new Error('connection lost')
    }
    const { open } = openShop({ ledger: { ...inner, reserve } })
    expect(await hurry(() => rejection(open().fetch(url)))).toMatchObject({ code: 'ledger_unavailable' })
    gate.resolve()
    await settleDown()
    expect(await inner.list()).toEqual([])
  })
})

import { afterEach, describe, expect, test, vi } from 'vitest'
import { allowHosts, exactEvm, spendingLimit } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { type Deferred, defer, hurry, never, settleDown } from '../support/time.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'

const cheap = [
  allowHosts(['shop.example.com']),
  spendingLimit({ perPaymentUsd: 1, dailyLimitUsd: '0.001', onExceed: 'approve' }),
]

afterEach(() => {
  vi.useRealTimers()
})

describe('without an abort', () => {
  test('a request body that does not end ends the call', async () => {
    const { open, keyStore, fetch } = openShop()
    const early: typeof fetch = async (input) => fetch(String(input))
    const body = new ReadableStream({ pull: never })
    const settings = { method: 'POST', body, duplex: 'half' }
    const error = await hurry(() => rejection(open({ fetch: early }).fetch(url, settings)))
    expect(error).toMatchObject({ code: 'request_unpayable', moved: 'no' })
    expect(keyStore.signed).toHaveLength(0)
  })

  test('a scheme that does not answer ends the call', async () => {
    const { open, ledger } = openShop()
    const wallet = open({ schemes: [{ ...exactEvm(), terms: never }] })
    const error = await hurry(() => rejection(wallet.fetch(url)))
    expect(error).toMatchObject({ code: 'chain_unavailable', moved: 'no', retryable: true })
    expect(await ledger.list()).toEqual([])
  })

  test('a person who does not answer has not approved, and a yes that comes later is not used', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const [asked, answer]: [Deferred<void>, Deferred<boolean>] = [defer(), defer()]
    const { open, keyStore, ledger } = openShop()
    const onApproval = (): Promise<boolean> => {
      asked.resolve()
      return answer.promise
    }
    const denied = rejection(open({ policy: cheap, onApproval }).fetch(url))
    await asked.promise
    await vi.advanceTimersByTimeAsync(24 * 3_600_000)
    expect(await denied).toMatchObject({ code: 'payment_denied', moved: 'no' })
    answer.resolve(true)
    await settleDown()
    expect(await ledger.list()).toEqual([])
    expect(keyStore.signed).toHaveLength(0)
  })
})

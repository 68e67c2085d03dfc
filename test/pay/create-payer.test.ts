import { afterEach, describe, expect, test, vi } from 'vitest'
import { getPayment, type Ledger, memoryLedger } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { defer, never, settleDown } from '../support/time.ts'

const url = 'https://shop.example.com/'

afterEach(() => {
  vi.useRealTimers()
})

describe('an answer that was bought', () => {
  test('is handed over soon though the ledger does not take its outcome', async () => {
    const asked = defer()
    const update: Ledger['update'] = () => {
      asked.resolve()
      return never()
    }
    const { open, taken } = openShop({ ledger: { ...memoryLedger(), update } })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answer = open().fetch(url)
    await asked.promise
    await settleDown()
    await vi.advanceTimersByTimeAsync(2000)
    const response = await answer
    expect([response.status, getPayment(response)?.status, taken()]).toEqual([200, 'claimed', 10_000n])
  })

  test('is recorded all the same, later, and told of where that fails', async () => {
    const inner = memoryLedger()
    const [asked, gate] = [defer(), defer()]
    let tries = 0
    const update: Ledger['update'] = async (...given) => {
      tries += 1
      asked.resolve()
      await gate.promise
      if (tries === 1) throw new Error('connection lost')
      return inner.update(...given)
    }
    const { open } = openShop({ ledger: { ...inner, update } })
    const wallet = open()
    const told: string[] = []
    wallet.on('payment.unrecorded', ({ payment }) => told.push(payment.status))
    wallet.on('payment.settled', () => told.push('settled'))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answer = wallet.fetch(url)
    await asked.promise
    await settleDown()
    await vi.advanceTimersByTimeAsync(2000)
    expect((await answer).status).toBe(200)
    expect(await inner.list()).toMatchObject([{ status: 'authorized' }])
    gate.resolve()
    await settleDown()
    expect(told).toEqual(['claimed'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(await inner.list()).toMatchObject([{ status: 'claimed' }])
    // Whoever is told that it is settled finds it so in the ledger.
    expect(told).toEqual(['claimed', 'settled'])
  })

  test('that breaks off is recorded so after what was recorded before, however slow the ledger is', async () => {
    const inner = memoryLedger()
    const [asked, gate] = [defer(), defer()]
    let tries = 0
    const update: Ledger['update'] = async (...given) => {
      tries += 1
      asked.resolve()
      if (tries === 1) await gate.promise
      return inner.update(...given)
    }
    const { open, fetch } = openShop({ ledger: { ...inner, update } })
    const cut: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (response.status === 402) return response
      const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) })
      return new Response(body, response)
    }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answer = open({ fetch: cut }).fetch(url)
    await asked.promise
    await settleDown()
    await vi.advanceTimersByTimeAsync(2000)
    const reading = (await answer).text()
    reading.catch(() => {})
    await settleDown()
    await vi.advanceTimersByTimeAsync(2000)
    await expect(reading).rejects.toThrow('terminated')
    gate.resolve()
    await settleDown()
    expect(await inner.list()).toMatchObject([{ status: 'unknown' }])
  })
})

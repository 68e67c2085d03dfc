import { expect, test } from 'vitest'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'

/** A signal of another make, as of the package `abort-controller`, which has neither reasons nor `throwIfAborted`. */
function foreign() {
  const target = new EventTarget()
  const signal = Object.assign(target, { aborted: false })
  const abort = (): void => {
    signal.aborted = true
    target.dispatchEvent(new Event('abort'))
  }
  return { signal: signal as unknown as AbortSignal, abort }
}

test('a signal of another make stands in the way of no payment', async () => {
  const { open, fetch, taken } = openShop()
  // Fetches of other makes take their own signals.
  const other: typeof globalThis.fetch = (input, init) => fetch(input, { ...init, signal: null })
  const { signal } = foreign()
  const wallet = open({ fetch: other })
  expect((await wallet.fetch(url, { signal })).status).toBe(200)
  expect(taken()).toBe(10_000n)
})

test('a signal of another make that is aborted while the answer is waited for ends the wait', async () => {
  const { open, fetch, ledger } = openShop()
  const { signal, abort } = foreign()
  const stopped: AbortSignal[] = []
  const other: typeof globalThis.fetch = async (input, { signal: given, ...init } = {}) => {
    const request = new Request(input, init)
    if (!request.headers.has('payment-signature')) return fetch(request)
    if (given) stopped.push(given)
    abort()
    return new Promise<Response>(() => {})
  }
  const error = await rejection(open({ fetch: other }).fetch(url, { signal }))
  expect(error).toMatchObject({ code: 'payment_outcome_unknown' })
  expect(stopped.map(({ aborted }) => aborted)).toEqual([true])
  expect(await ledger.list()).toMatchObject([{ status: 'unknown' }])
})

test('a signal of another make that is aborted already lets nothing be signed', async () => {
  const { open, fetch, keyStore } = openShop()
  const { signal, abort } = foreign()
  const other: typeof globalThis.fetch = async (input, init) => {
    abort()
    return fetch(input, { ...init, signal: null })
  }
  expect(await rejection(open({ fetch: other }).fetch(url, { signal }))).toMatchObject({ name: 'AbortError' })
  expect(keyStore.signed).toHaveLength(0)
})

test('a request that cannot be written once it was signed is told as a payment whose outcome is unknown', async () => {
  const { open, ledger } = openShop()
  const headers: Record<string, string> = { 'x-lang': 'en' }
  const wallet = open()
  wallet.on('payment.authorized', () => {
    headers['x-lang'] = 'en\u0000'
  })
  expect(await rejection(wallet.fetch(url, { headers }))).toMatchObject({ code: 'payment_outcome_unknown' })
  expect(await ledger.list()).toMatchObject([{ status: 'unknown' }])
})

test('a request that cannot be written once more is refused before anything is signed', async () => {
  const { open, fetch, ledger } = openShop()
  const headers: Record<string, string> = { 'x-lang': 'en' }
  const other: typeof globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init)
    headers['x-lang'] = 'en\u0000'
    return response
  }
  const wallet = open({ fetch: other })
  expect(await rejection(wallet.fetch(url, { headers }))).toMatchObject({ code: 'request_unpayable', moved: 'no' })
  expect(await ledger.list()).toEqual([])
})

test('a request that pays nothing, and a quote, leave nothing at a signal of another make', async () => {
  const { open, fetch } = openShop()
  const { signal } = foreign()
  let listeners = 0
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
  Object.assign(signal, {
    addEventListener: (...given: Parameters<typeof add>) => {
      listeners += 1
      add(...given)
    },
    removeEventListener: (...given: Parameters<typeof remove>) => {
      listeners -= 1
      remove(...given)
    },
  })
  const free: typeof globalThis.fetch = async () => new Response('free')
  expect(await (await open({ fetch: free }).fetch(url, { signal })).text()).toBe('free')
  expect(listeners).toBe(0)
  const other: typeof globalThis.fetch = (input, init) => fetch(input, { ...init, signal: null })
  expect(await open({ fetch: other }).quote(url, { signal })).toBeDefined()
  expect(listeners).toBe(0)
  const failing: typeof globalThis.fetch = async () => Promise.reject(new TypeError('no network'))
  await rejection(open({ fetch: failing }).fetch(url, { signal }))
  expect(listeners).toBe(0)
})

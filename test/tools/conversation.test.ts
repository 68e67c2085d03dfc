import { expect, test } from 'vitest'
import { paymentTools, type ToolCall } from '../../src/tools/index.js'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'
const callOf = (conversation: string, id: string): ToolCall => ({ key: `${conversation}-${id}`, conversation })

/** A shop that takes the first payment and answers 500. */
function openFailing() {
  const shop = openShop()
  let isFailing = true
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const response = await shop.fetch(request)
    if (!request.headers.has('payment-signature') || !isFailing) return response
    isFailing = false
    return new Response('try later', { status: 500 })
  }
  const { pay_fetch } = paymentTools(shop.open({ fetch }))
  const nonces = () => new Set(shop.keyStore.signed.map(({ message }) => message['nonce'])).size
  return { ...shop, pay_fetch, nonces }
}

test('a model that calls again for the same request, while nobody knows what became of it, does not buy it twice', async () => {
  const { pay_fetch, taken, nonces } = openFailing()
  expect(await pay_fetch.execute({ url }, callOf('chat-1', 'call-0'))).toMatchObject({ status: 'unknown' })
  await pay_fetch.execute({ url }, callOf('chat-1', 'call-1'))
  expect([nonces(), taken()]).toEqual([1, 10_000n])
})

test('another conversation buys for itself, and so does one that asks anew for what it has', async () => {
  const { pay_fetch, taken, nonces } = openFailing()
  await pay_fetch.execute({ url }, callOf('chat-1', 'call-0'))
  expect(await pay_fetch.execute({ url }, callOf('chat-2', 'call-0'))).toMatchObject({ status: 'ok' })
  expect(await pay_fetch.execute({ url }, callOf('chat-2', 'call-1'))).toMatchObject({ status: 'ok' })
  expect([nonces(), taken()]).toEqual([3, 30_000n])
})

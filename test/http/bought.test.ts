import { describe, expect, test } from 'vitest'
import { createClient } from 'stipend/client'
import { paidResource } from '../../src/testing/index.js'
import { openService } from '../support/service.ts'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'
const goods = JSON.stringify({ report: 'sunny' })

/** A service at a shop that sells once, whose answers are lost on their way to a client while it is told so. */
async function openLossy(respond = () => new Response(goods, { headers: { 'x-report': '1' } }), idempotent = false) {
  const shop = openShop()
  const sold = paidResource({ amount: 10_000n, clock: () => shop.scene.now, respond, idempotent })
  const service = openService({ shop, wallet: { fetch: async (input, init) => sold(new Request(input, init)) } })
  const state = { handler: service.handler, isLost: true }
  const sessionToken = await service.token()
  const clientOf = (token: string) =>
    createClient({
      baseUrl: 'http://127.0.0.1:3100',
      sessionToken: token,
      fetch: async (input, init) => {
        const headers = { ...Object(init?.headers), host: '127.0.0.1:3100' }
        const answer = await state.handler(new Request(input, { ...init, headers }))
        if (state.isLost) throw new TypeError('terminated')
        return answer
      },
    })
  return { ...service, sold, state, clientOf, client: clientOf(sessionToken) }
}

describe('a keyed call whose answer is lost between the service and its client', () => {
  const call = { payment: { key: 'report-1' } }

  test.each(['the same process', 'another process'])('has it when it is made again to %s', async (where) => {
    const { client, sold, state, restart } = await openLossy()
    await expect(client.x402Fetch(url, call)).rejects.toMatchObject({ code: 'service_failed', moved: 'maybe' })
    state.isLost = false
    if (where === 'another process') state.handler = restart().handler
    for (let times = 0; times < 2; times += 1) {
      const again = await client.x402Fetch(url, call)
      expect([again.status, again.headers.get('x-report'), await again.text()]).toEqual([200, '1', goods])
      expect(client.getPayment(again)).toMatchObject({ status: 'claimed', purchaseKey: 'report-1', amount: 10_000n })
    }
    expect(sold.settled).toBe(10_000n)
  })

  test('keeps it from another request, and from another session', async () => {
    const { client, clientOf, token, sold, state } = await openLossy()
    await expect(client.x402Fetch(url, call)).rejects.toMatchObject({ moved: 'maybe' })
    state.isLost = false
    const other = { method: 'POST', body: '{}', ...call }
    await expect(client.x402Fetch(url, other)).rejects.toMatchObject({ code: 'request_unpayable', moved: 'no' })
    await clientOf(await token()).x402Fetch(url, call)
    expect(sold.settled).toBe(20_000n)
  })

  test('is told that it is paid where the answer was too long to be kept', async () => {
    const { client, sold, state } = await openLossy(() => new Response('x'.repeat(300_000)))
    await expect(client.x402Fetch(url, call)).rejects.toMatchObject({ moved: 'maybe' })
    state.isLost = false
    await expect(client.x402Fetch(url, call)).rejects.toMatchObject({ code: 'already_paid' })
    expect(sold.settled).toBe(10_000n)
  })

  test('of a payment that was taken before is not an answer that failed since', async () => {
    const busy = { isBusy: false }
    const { client, state, sold, ...service } = await openLossy(
      () => (busy.isBusy ? new Response('down', { status: 503 }) : new Response(goods)),
      true,
    )
    state.isLost = false
    const remember = service.shop.ledger.remember
    // The process dies with the goods in its hands.
    Object.assign(service.shop.ledger, { remember: async () => {} })
    expect((await client.x402Fetch(url, call)).status).toBe(200)
    Object.assign(service.shop.ledger, { remember })
    state.handler = service.restart().handler
    busy.isBusy = true
    await client.x402Fetch(url, call).catch(() => {})
    busy.isBusy = false
    expect(await client.x402Fetch(url, call).catch((error: unknown) => error)).not.toMatchObject({ status: 503 })
    expect(sold.settled).toBe(10_000n)
  })

  test('is kept without the cookies that came with it', async () => {
    const headers = { 'set-cookie': 'sid=chocolate', 'x-report': '1' }
    const { client, state, shop } = await openLossy(() => new Response(goods, { headers }))
    const kept: string[] = []
    const { remember } = shop.ledger
    Object.assign(shop.ledger, {
      remember: async (place: string, text: string) => {
        kept.push(text)
        await remember(place, text)
      },
    })
    state.isLost = false
    expect((await client.x402Fetch(url, call)).headers.get('x-report')).toBe('1')
    expect(kept.join()).toContain('x-report')
    expect(kept.join()).not.toContain('chocolate')
  })

  test('of an answer that failed goes on from its payment instead', async () => {
    const { client, sold, state } = await openLossy(() => new Response('busy', { status: 503 }))
    await expect(client.x402Fetch(url, call)).rejects.toMatchObject({ moved: 'maybe' })
    state.isLost = false
    await expect(client.x402Fetch(url, call)).rejects.toMatchObject({ code: 'payment_rejected' })
    expect([sold.settled, sold.requests.length]).toEqual([10_000n, 4])
  })
})

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { ExactEvmScheme, registerExactEvmScheme } from '@x402/evm/exact/client'
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from '@x402/fetch'
import { Hono } from 'hono'
import { http } from 'msw'
import { setupServer } from 'msw/node'
import { afterEach, describe, expect, test } from 'vitest'
import { paidResource } from '../../../src/testing/index.js'
import { payer, payFor, url } from './hand-signed.ts'

/** The official client, over any fetch. */
function officialFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  const client = x402Client.fromConfig({ schemes: [{ network: 'eip155:*', client: new ExactEvmScheme(payer) }] })
  return wrapFetchWithPayment(fetch, client)
}

describe('the official x402 client', () => {
  test.each([1, 2] as const)('pays a paid resource of x402 v%i', async (version) => {
    const resource = paidResource({ version })
    const client = registerExactEvmScheme(new x402Client(), { signer: payer })
    const pay = wrapFetchWithPayment(
      (input: RequestInfo | URL, init?: RequestInit) => resource(new Request(input, init)),
      client,
    )
    const response = await pay(url)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ ok: true })
    expect(resource.payments).toMatchObject([{ from: payer.address, value: 10_000n, settled: true }])
    const header = response.headers.get(version === 2 ? 'PAYMENT-RESPONSE' : 'X-PAYMENT-RESPONSE') ?? ''
    const { transaction } = resource.payments[0] ?? {}
    expect(decodePaymentResponseHeader(header)).toMatchObject({ success: true, payer: payer.address, transaction })
  })

  test('echoes extensions as a paid resource wants them', async () => {
    const resource = paidResource({ extensions: { 'payment-identifier': { info: { required: false }, schema: {} } } })
    const pay = officialFetch((input, init) => resource(new Request(input, init)))
    expect((await pay(url)).status).toBe(200)
  })
})

describe('a paid resource', () => {
  const closers: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
  })

  test('is served by msw, where a lost connection is a network error', async () => {
    const resource = paidResource()
    const broken = paidResource({ fault: 'settle-then-drop' })
    const network = setupServer(
      http.all(url, ({ request }) => resource(request)),
      http.all(`${url}/broken`, ({ request }) => broken(request).catch(() => Response.error())),
    )
    network.listen()
    closers.push(() => network.close())
    expect((await officialFetch(fetch)(url, { method: 'POST', body: 'x' })).status).toBe(200)
    expect(resource.requests.map(({ method, body }) => [method, body])).toEqual([
      ['POST', 'x'],
      ['POST', 'x'],
    ])
    const { headers } = await payFor(broken)
    await expect(fetch(`${url}/broken`, { headers })).rejects.toThrow(TypeError)
    expect(broken.settled).toBe(10_000n)
  })

  test('is served by Hono', async () => {
    const resource = paidResource()
    const app = new Hono().all('/report', (context) => resource(context.req.raw))
    const response = await officialFetch(async (input, init) => app.request(new Request(input, init)))(url)
    expect(response.status).toBe(200)
    expect(resource.settled).toBe(10_000n)
  })

  test('is served by node:http as its documentation says', async () => {
    const report = paidResource({ priceUsd: '$0.01' })
    const server: Server = createServer(async (incoming, outgoing) => {
      const { method = 'GET' } = incoming
      const body = method === 'GET' || method === 'HEAD' ? null : await buffer(incoming)
      const headers = incoming.headers as Record<string, string>
      const response = await report(new Request(`http://${headers['host']}${incoming.url}`, { method, headers, body }))
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      outgoing.end(new Uint8Array(await response.arrayBuffer()))
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    closers.push(() => server.close())
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const response = await officialFetch(fetch)(`${origin}/report`, { method: 'POST', body: 'question' })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ ok: true })
    expect(report.requests.map(({ body }) => body)).toEqual(['question', 'question'])
  })
})

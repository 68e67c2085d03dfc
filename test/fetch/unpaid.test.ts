import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { getPayment, wrapFetch } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
import { listen, type Listening } from '../support/listen.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const servers: Listening[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})
const serve = async (handler: (request: Request) => Response | Promise<Response>): Promise<string> => {
  const server = await listen(handler)
  servers.push(server)
  return server.url
}

describe('a request that costs nothing', () => {
  test('reaches the wrapped fetch with the very arguments of the caller, and its response comes back itself', async () => {
    const response = new Response('free')
    const clone = vi.spyOn(response, 'clone')
    const fetch = vi.fn(async () => response)
    const input = new URL('https://free.test/')
    const init = { method: 'POST', body: new Uint8Array([1, 2, 3]) }
    const paying = wrapFetch(fetch, createTestWallet())
    expect(await paying(input, init)).toBe(response)
    expect(fetch.mock.calls).toEqual([[input, init]])
    expect(fetch.mock.calls[0]?.at(0)).toBe(input)
    expect(fetch.mock.calls[0]?.at(1)).toBe(init)
    expect(clone).not.toHaveBeenCalled()
    expect(response.bodyUsed).toBe(false)
    expect(getPayment(response)).toBeUndefined()
  })

  test('builds no Request', async () => {
    const original = globalThis.Request
    let built = 0
    globalThis.Request = class extends original {
      constructor(...given: ConstructorParameters<typeof original>) {
        super(...given)
        built += 1
      }
    }
    try {
      const paying = wrapFetch(async () => new Response(), createTestWallet())
      await paying('https://free.test/', { headers: { a: 'b' }, body: 'text', method: 'POST' })
      expect(built).toBe(0)
    } finally {
      globalThis.Request = original
    }
  })

  test('keeps the redirect mode of its caller', async () => {
    const url = await serve((request) =>
      request.url.endsWith('/end')
        ? new Response('end')
        : new Response(null, { status: 302, headers: { location: '/end' } }),
    )
    const wallet = createTestWallet()
    expect(await (await wallet.fetch(url)).text()).toBe('end')
    expect((await wallet.fetch(url, { redirect: 'manual' })).status).toBe(302)
    await expect(wallet.fetch(url, { redirect: 'error' })).rejects.toThrow(TypeError)
  })

  test('fails as fetch fails', async () => {
    const failure = new TypeError('fetch failed')
    const paying = wrapFetch(() => Promise.reject(failure), createTestWallet())
    expect(await rejection(paying('https://down.test/'))).toBe(failure)
  })
})

describe('a 402 that is none of ours', () => {
  test.each([
    ['HTML', '<h1>Payment Required</h1>', 'text/html'],
    ['JSON of another kind', '{"error":"subscribe first"}', 'application/json'],
    ['nothing', '', 'text/plain'],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0x00]), 'application/octet-stream'],
  ])('comes back as it came when it holds %s, its body still readable', async (_what, body, type) => {
    const url = await serve(() => new Response(body, { status: 402, headers: { 'content-type': type } }))
    const wallet = createTestWallet()
    const response = await wallet.fetch(url)
    expect(response.status).toBe(402)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array(await new Response(body).arrayBuffer()))
    expect(wallet.signed).toHaveLength(0)
  })

  test('comes back whole when its body is larger than anything we read', async () => {
    const body = 'x'.repeat(200_000)
    const url = await serve(() => new Response(body, { status: 402 }))
    expect(await (await createTestWallet().fetch(url)).text()).toBe(body)
  })

  test('that unpacks to a thousand times its size is not unpacked to the end', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20))
    const url = await serve(
      () =>
        new Response(bomb, {
          status: 402,
          headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
        }),
    )
    const wallet = createTestWallet()
    const response = await wallet.fetch(url)
    expect(response.status).toBe(402)
    expect(wallet.signed).toHaveLength(0)
    await response.body?.cancel()
  })

  test('is not paid for HEAD or OPTIONS', async () => {
    const server = paidResource({})
    const url = await serve(server)
    const wallet = createTestWallet()
    expect((await wallet.fetch(url, { method: 'HEAD' })).status).toBe(402)
    expect((await wallet.fetch(url, { method: 'OPTIONS' })).status).toBe(402)
    expect(wallet.signed).toHaveLength(0)
  })

  test('is not read from any status but 402', async () => {
    for (const status of [200, 401, 403, 404, 412, 500]) {
      const server = paidResource({})
      const url = await serve(async (request) => {
        const required = await server(request)
        return new Response(required.body, { status, headers: required.headers })
      })
      const wallet = createTestWallet()
      expect((await wallet.fetch(url)).status).toBe(status)
      expect(wallet.signed).toHaveLength(0)
    }
  })

  test('with a sign-in but no offer comes back', async () => {
    const server = paidResource({ accepts: () => [] })
    const url = await serve(server)
    expect((await createTestWallet().fetch(url)).status).toBe(402)
  })
})

import { createServer, type Server } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as undici from 'undici'
import { getPayment, wrapFetch } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
import { createTestWallet } from '../support/wallets.ts'

const resource = paidResource({ respond: async (request) => new Response(await request.text()) })
let server: Server
let url = ''

beforeAll(async () => {
  server = createServer(async (incoming, outgoing) => {
    const { method = 'GET', headers } = incoming
    const body = method === 'GET' ? null : new Uint8Array(await buffer(incoming))
    const request = new Request(url, { method, headers: headers as Record<string, string>, body })
    const response = await resource(request)
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(new Uint8Array(await response.arrayBuffer()))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => server.close())

type Fetch = typeof globalThis.fetch
const theirs = undici.fetch as unknown as Fetch

const post = (body: unknown, more: object = {}): RequestInit =>
  ({ method: 'POST', body, duplex: 'half', ...more }) as unknown as RequestInit

function form(Form: new () => undici.FormData | FormData): unknown {
  const filled = new Form()
  filled.append('name', 'one')
  filled.append('file', new File(['two'], 'two.txt', { type: 'text/plain' }))
  return filled
}

async function* words(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('one ')
  yield new TextEncoder().encode('two')
}

const calls: [string, () => Parameters<Fetch>, RegExp][] = [
  ['a URL', () => [url], /^$/],
  ['a request', () => [new undici.Request(url) as unknown as Request], /^$/],
  ['headers', () => [url, { headers: new undici.Headers({ accept: 'text/plain' }) as unknown as Headers }], /^$/],
  [
    'a request with a body',
    () => [new undici.Request(url, post('one two') as never) as unknown as Request],
    /^one two$/,
  ],
  ['a text', () => [url, post('one two')], /^one two$/],
  ['a stream', () => [url, post(new Blob(['one ', 'two']).stream())], /^one two$/],
  ['an iterable', () => [url, post(words())], /^one two$/],
  ['a form', () => [url, post(form(undici.FormData))], /name="name"\r\n\r\none\r\n[^]*name="file"; filename="two.txt"/],
  ['a form of the platform', () => [url, post(form(FormData))], /name="name"\r\n\r\none\r\n[^]*filename="two.txt"/],
  ['parameters', () => [url, post(new URLSearchParams({ one: 'two' }))], /^one=two$/],
]

/** The platform's own fetch takes no request of another make, paid or not. */
const withoutRequests = calls.filter(([what]) => !what.startsWith('a request'))

describe.each([
  ['undici, with what is its own', theirs, calls],
  ['the global fetch, with what is of undici', globalThis.fetch, withoutRequests],
])('%s', (_name, fetch, cases) => {
  test.each(cases)('pays for %s', async (_what, given, expected) => {
    const wallet = createTestWallet()
    const response = await wrapFetch(fetch, wallet)(...given())
    expect(response.status).toBe(200)
    expect(await response.text()).toMatch(expected)
    expect(getPayment(response)?.status).toBe('claimed')
    expect(wallet.signed).toHaveLength(1)
  })

  test('an agent of undici reaches both requests', async () => {
    const seen: string[] = []
    const agent = new undici.Agent().compose((dispatch) => (options, handler) => {
      seen.push(String(options.method))
      return dispatch(options, handler)
    })
    const wallet = createTestWallet()
    const response = await wrapFetch(fetch, wallet)(url, { dispatcher: agent } as RequestInit)
    expect([response.status, seen]).toEqual([200, ['GET', 'GET']])
    await agent.close()
  })
})

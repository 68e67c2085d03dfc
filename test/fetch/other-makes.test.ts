import { createServer, type Server } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getPayment, wrapFetch } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
import { openShop } from '../support/shop.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const resource = paidResource({ respond: async (request) => new Response(await request.text()) })
let server: Server
let url = ''

beforeAll(async () => {
  server = createServer(async (incoming, outgoing) => {
    const { method = 'GET', headers } = incoming
    const body = method === 'GET' ? null : new Uint8Array(await buffer(incoming))
    const request = new Request(`${url}${incoming.url?.slice(1)}`, {
      method,
      headers: headers as Record<string, string>,
      body,
    })
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
// It has no types of its own.
const theirs = ((await import('node-fetch' as string)) as { readonly default: Fetch }).default
const { Request: TheirRequest, Headers: TheirHeaders } = theirs as unknown as {
  readonly Request: typeof Request
  readonly Headers: typeof Headers
}

async function* words(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('one ')
  yield new TextEncoder().encode('two')
}

const bought = async (response: Response): Promise<unknown> => [
  response.status,
  await response.text(),
  getPayment(response)?.status,
]
const post = (body: unknown, more: object = {}): RequestInit =>
  ({ method: 'POST', body, duplex: 'half', ...more }) as unknown as RequestInit

describe('node-fetch', () => {
  test.each<[string, () => Parameters<Fetch>]>([
    ['a URL', () => [url]],
    ['a request of its own', () => [new TheirRequest(url)]],
    ['headers of its own', () => [url, { headers: new TheirHeaders({ accept: 'text/plain' }) }]],
  ])('pays for %s', async (_what, given) => {
    const wallet = createTestWallet()
    expect(await bought(await wrapFetch(theirs, wallet)(...given()))).toEqual([200, '', 'claimed'])
    expect(wallet.signed).toHaveLength(1)
  })

  test.each<[string, () => Parameters<Fetch>]>([
    ['a text', () => [url, post('one two')]],
    ['a buffer', () => [url, post(Buffer.from('one two'))]],
    ['a stream of Node', () => [url, post(Readable.from([Buffer.from('one '), Buffer.from('two')]))]],
    ['a request of its own', () => [new TheirRequest(url, post('one two'))]],
  ])('pays with %s for a body', async (_what, given) => {
    const wallet = createTestWallet()
    expect(await bought(await wrapFetch(theirs, wallet)(...given()))).toEqual([200, 'one two', 'claimed'])
    expect(wallet.signed).toHaveLength(1)
  })

  test('quotes', async () => {
    expect((await createTestWallet({ fetch: theirs }).quote(url))?.payable).toMatchObject({ microUsd: 10_000n })
  })

  test('carries no payment header of the caller’s own', async () => {
    const fetch = wrapFetch(theirs, createTestWallet())
    const request = new TheirRequest(url, { headers: { 'x-payment': 'mine' } })
    expect(await rejection(fetch(request))).toMatchObject({ code: 'request_unpayable' })
  })
})

describe('a fetch of the platform', () => {
  test.each<[string, () => unknown]>([
    ['an async generator', words],
    ['a stream of Node, of texts', () => Readable.from(['one ', 'two'])],
    ['a stream of Node, of bytes', () => Readable.from([Buffer.from('one '), Buffer.from('two')])],
    ['bytes of another realm', () => new Uint8Array(new TextEncoder().encode('one two')).buffer],
    ['a blob', () => new Blob(['one ', 'two'])],
  ])('pays with %s for a body', async (_what, body) => {
    const wallet = createTestWallet()
    expect(await bought(await wallet.fetch(url, post(body())))).toEqual([200, 'one two', 'claimed'])
    expect(wallet.signed).toHaveLength(1)
  })

  test('signs nothing for a stream of Node that is too long to be kept', async () => {
    const wallet = createTestWallet()
    const fetch = wrapFetch(globalThis.fetch, wallet, { maxReplayBytes: 5 })
    const error = await rejection(fetch(url, post(Readable.from(['one ', 'two']))))
    expect(error).toMatchObject({ code: 'request_unpayable', moved: 'no' })
    expect(wallet.signed).toHaveLength(0)
  })

  test('tells two bodies of streams apart, and knows the same again', async () => {
    const { open, ledger } = openShop()
    const wallet = open()
    for (const body of ['a', 'b', 'a']) await wallet.fetch('https://shop.example.com/', post(Readable.from([body])))
    const digests = (await ledger.list()).map(({ requestDigest }) => requestDigest)
    expect(new Set(digests).size).toBe(2)
  })

  test('takes a request for its settings', async () => {
    const wallet = createTestWallet()
    const settings = new Request(url, post('one two'))
    expect(await bought(await wallet.fetch(url, settings))).toEqual([200, 'one two', 'claimed'])
  })
})

describe('a payment header of the caller’s own', () => {
  const pairs = [['X-Payment', 'mine']] as const
  function* generated(): Generator<readonly [string, string]> {
    yield ['PAYMENT-SIGNATURE', 'mine']
  }
  test.each<[string, () => unknown]>([
    ['a map', () => new Map(pairs)],
    ['a set', () => new Set(pairs)],
    ['a generator', generated],
    ['pairs that are no lists', () => [new Set(['x-payment', 'mine'])]],
    ['a name that is no text', () => [[{ toString: () => 'x-payment' }, 'mine']]],
    ['headers of node-fetch', () => new TheirHeaders({ 'x-payment': 'mine' })],
    ['a request that is given for settings', () => undefined],
  ])('is refused in %s, before anything is sent', async (_what, make) => {
    const { open, fetch } = openShop()
    let sent = 0
    const counting: Fetch = (...given) => {
      sent += 1
      return fetch(...given)
    }
    const wallet = open({ fetch: counting })
    const headers = make()
    const target = 'https://shop.example.com/'
    const init = headers === undefined ? new Request(target, { headers: { 'x-payment': 'mine' } }) : { headers }
    const error = await rejection(wallet.fetch(target, init as RequestInit))
    expect(error).toMatchObject({ code: 'request_unpayable', moved: 'no' })
    expect(sent).toBe(0)
  })

  test('is none where headers can be read only once: they all arrive', async () => {
    const seen: unknown[] = []
    const { open, fetch } = openShop()
    const looking: Fetch = (input, init) => {
      seen.push(new Headers(init?.headers).get('accept'))
      return fetch(input, init)
    }
    function* accept(): Generator<[string, string]> {
      yield ['accept', 'text/plain']
    }
    const init = { headers: accept() as unknown as [string, string][] }
    expect((await open({ fetch: looking }).fetch('https://shop.example.com/', init)).status).toBe(200)
    expect(seen).toEqual(['text/plain', 'text/plain'])
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { getPayment, UnpayableRequestError } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
import { listen, type Listening } from '../support/listen.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

type Seen = { readonly method: string; readonly headers: Headers; readonly body: Uint8Array }

const resource = paidResource({})
const seen: Seen[] = []
let server: Listening

beforeAll(async () => {
  server = await listen(async (request) => {
    const body = new Uint8Array(await request.clone().arrayBuffer())
    seen.push({ method: request.method, headers: request.headers, body })
    return resource(request)
  })
})
afterAll(() => server.close())
beforeEach(() => {
  seen.length = 0
})

const file = new File(['a,b\n1,2\n'], 'table "one".csv', { type: 'text/csv' })
const form = (): FormData => {
  const data = new FormData()
  data.append('question', 'Wie heißt\ndu?')
  data.append('file', file)
  return data
}
const stream = (size: number, chunk = 1000): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (let sent = 0; sent < size; sent += chunk)
        controller.enqueue(new Uint8Array(Math.min(chunk, size - sent)).fill(sent % 251))
      controller.close()
    },
  })

const bodies: Readonly<Record<string, () => RequestInit>> = {
  'a string': () => ({ body: '{"größe": "ünïcode"}' }),
  bytes: () => ({ body: Uint8Array.from({ length: 300 }, (_, index) => index) }),
  'an ArrayBuffer': () => ({ body: new Uint8Array([0, 255, 1]).buffer }),
  'a part of a buffer': () => ({ body: new Uint8Array([9, 8, 7, 6]).subarray(1, 3) }),
  URLSearchParams: () => ({ body: new URLSearchParams({ q: 'a b&c' }) }),
  'a Blob': () => ({ body: new Blob(['blob'], { type: 'text/x-blob' }) }),
  'a form': () => ({ body: form() }),
  'a stream': () => ({ body: stream(5000), duplex: 'half' }) as RequestInit,
}

describe('a body', () => {
  test.each(Object.keys(bodies))('of %s is paid for byte for byte, with its method, headers and type', async (kind) => {
    const wallet = createTestWallet()
    const headers = new Headers({ 'x-trace': 'abc' })
    const response = await wallet.fetch(server.url, { method: 'POST', headers, ...bodies[kind]?.() })
    expect(response.status).toBe(200)
    expect(seen).toHaveLength(2)
    const [first, second] = seen
    expect(second?.body).toEqual(first?.body)
    expect(second?.body.length).toBeGreaterThan(0)
    expect(second?.method).toBe('POST')
    expect(second?.headers.get('x-trace')).toBe('abc')
    expect(second?.headers.get('content-type')).toBe(first?.headers.get('content-type'))
    expect(getPayment(response)?.status).toBe('claimed')
  })

  test.each(['string', 'stream'])(
    'of a Request made of a %s is paid for, and so are its method and headers',
    async (kind) => {
      const body = kind === 'string' ? 'hello' : stream(3000)
      const init = { method: 'PUT', body, duplex: 'half', headers: { 'x-trace': 'def', 'content-type': 'text/x' } }
      const request = new Request(server.url, init as RequestInit)
      expect((await createTestWallet().fetch(request)).status).toBe(200)
      expect(seen.map(({ method }) => method)).toEqual(['PUT', 'PUT'])
      expect(seen[1]?.body).toEqual(seen[0]?.body)
      expect(seen[1]?.headers.get('x-trace')).toBe('def')
      expect(seen[1]?.headers.get('content-type')).toBe('text/x')
    },
  )

  test('of a form is read back by the server as the form that was sent', async () => {
    const url = await listen(async (request) => {
      if (!request.headers.has('payment-signature')) return resource(request)
      const data = await request.formData()
      const sent = data.get('file') as File
      return Response.json([data.get('question'), sent.name, sent.type, await sent.text()])
    })
    const response = await createTestWallet().fetch(url.url, { method: 'POST', body: form() })
    expect(await response.json()).toEqual(['Wie heißt\r\ndu?', 'table "one".csv', 'text/csv', 'a,b\n1,2\n'])
    await url.close()
  })

  test('that its caller changes meanwhile is sent as it was first', async () => {
    const body = new Uint8Array([1, 2, 3])
    const paying = createTestWallet().fetch(server.url, { method: 'POST', body })
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    body.fill(9)
    expect((await paying).status).toBe(200)
    expect(seen[1]?.body).toEqual(new Uint8Array([1, 2, 3]))
  })

  test('of a stream over the bound passes unpaid, and is refused before anything is signed when it must be paid', async () => {
    const wallet = createTestWallet()
    const init = (): RequestInit => ({ method: 'POST', body: stream(1_048_577, 65_536), duplex: 'half' }) as RequestInit
    const error = await rejection(wallet.fetch(server.url, init()))
    expect(error).toBeInstanceOf(UnpayableRequestError)
    expect(seen[0]?.body.length).toBe(1_048_577)
    expect(wallet.signed).toHaveLength(0)
    expect(await wallet.payments.list()).toHaveLength(0)

    const free = await listen(async (request) => new Response(String((await request.arrayBuffer()).byteLength)))
    expect(await (await wallet.fetch(free.url, init())).text()).toBe('1048577')
    await free.close()
  })

  test('of a stream that reaches the bound exactly is paid for', async () => {
    const init = { method: 'POST', body: stream(1_048_576, 65_536), duplex: 'half' } as RequestInit
    expect((await createTestWallet().fetch(server.url, init)).status).toBe(200)
    expect(seen[1]?.body.length).toBe(1_048_576)
  })

  test('that fails while it streams signs nothing and is no unhandled rejection', async () => {
    const wallet = createTestWallet()
    const broken = new ReadableStream({
      pull(controller) {
        controller.error(new Error('disk'))
      },
    })
    const error = await rejection(
      wallet.fetch(server.url, { method: 'POST', body: broken, duplex: 'half' } as RequestInit),
    )
    expect(error).toBeInstanceOf(Error)
    expect(wallet.signed).toHaveLength(0)
  })
})

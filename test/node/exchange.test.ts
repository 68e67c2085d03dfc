import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { blockPrivateNetworks } from 'stipend/node'
import tls from '../fixtures/tls.json' with { type: 'json' }
import { type Listening, readAll, serve } from '../../examples/support/http.ts'
import { rejection } from '../support/wallets.ts'

const fetch = blockPrivateNetworks({ allow: ['127.0.0.1'], lookup: async () => ['127.0.0.1'] })
const servers: Listening[] = []

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function open(listener: RequestListener): Promise<string> {
  const server = await serve(createServer(listener))
  servers.push(server)
  return server.url
}

/** Answers with what it was sent. */
async function echo(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = await readAll(incoming)
  const { method, headers } = incoming
  outgoing.end(JSON.stringify({ method, headers, body: body.toString() }))
}
const echoing: RequestListener = (incoming, outgoing) => {
  echo(incoming, outgoing).catch(() => outgoing.destroy())
}

describe('a request over Node', () => {
  const bytes = new TextEncoder().encode('bytes')
  const form = new URLSearchParams({ a: '1' })

  test.each<[string, BodyInit, string, string | null]>([
    ['text', 'text', 'text', 'text/plain;charset=UTF-8'],
    ['bytes', bytes, 'bytes', null],
    ['a form', form, 'a=1', 'application/x-www-form-urlencoded;charset=UTF-8'],
    ['a blob', new Blob(['blob'], { type: 'a/b' }), 'blob', 'a/b'],
    ['nothing', '', '', 'text/plain;charset=UTF-8'],
  ])('sends %s with its length and its type', async (_what, body, text, type) => {
    const sent = await (await fetch(await open(echoing), { method: 'POST', body })).json()
    expect(sent).toMatchObject({ method: 'POST', body: text, headers: { 'content-length': String(text.length) } })
    expect((sent as { headers: Record<string, string> }).headers['content-type'] ?? null).toBe(type)
  })

  test('sends a stream as it comes, and a request that has a body', async () => {
    const url = await open(echoing)
    const stream = () =>
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode('one '))
          controller.enqueue(new TextEncoder().encode('two'))
          controller.close()
        },
      })
    const headers = { 'content-length': '3' }
    const streamed = await fetch(url, { method: 'PUT', body: stream(), headers, duplex: 'half' } as RequestInit)
    expect(await streamed.json()).toMatchObject({ body: 'one two', headers: { 'transfer-encoding': 'chunked' } })
    const asked = await fetch(new Request(url, { method: 'POST', body: 'kept', headers: { 'x-own': '1' } }))
    expect(await asked.json()).toMatchObject({ method: 'POST', body: 'kept', headers: { 'x-own': '1' } })
    const bare = await fetch(url, { method: 'POST' })
    expect(await bare.json()).toMatchObject({ body: '', headers: { 'content-length': '0' } })
  })

  test('fails when its stream fails', async () => {
    const url = await open(echoing)
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('mine')) })
    expect(await rejection(fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit))).toMatchObject({
      message: 'fetch failed',
    })
  })

  test('keeps the host, the length and the connection its own', async () => {
    const url = await open(echoing)
    const headers = { host: 'evil.test', connection: 'upgrade', upgrade: 'x', 'transfer-encoding': 'x', accept: 'a/b' }
    const response = await fetch(url, { method: 'POST', body: 'four', headers: { ...headers, 'content-length': '1' } })
    const sent = (await response.json()) as { readonly headers: Record<string, string> }
    expect(sent).toMatchObject({
      body: 'four',
      headers: { host: new URL(url).host, accept: 'a/b', connection: 'close' },
    })
    expect(sent.headers).not.toHaveProperty('upgrade')
    expect(sent.headers).not.toHaveProperty('transfer-encoding')
  })
})

describe('a response over Node', () => {
  test('has its status, its headers and its body, and can be read twice when it is cloned', async () => {
    const url = await open((_, outgoing) => {
      outgoing.writeHead(
        402,
        [
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
          ['x-own', 'é'],
        ].flat(),
      )
      outgoing.end('pay')
    })
    const response = await fetch(url)
    expect(response).toMatchObject({ status: 402, statusText: 'Payment Required', ok: false })
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect([await response.clone().text(), await response.text()]).toEqual(['pay', 'pay'])
  })

  test.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('is decoded from %s', async (encoding, encode) => {
    const url = await open((_, outgoing) => {
      outgoing.writeHead(200, { 'content-encoding': encoding })
      outgoing.end(encode('x'.repeat(100_000)))
    })
    expect(await (await fetch(url)).text()).toBe('x'.repeat(100_000))
  })

  test('that is damaged, or ends too soon, fails where it is read', async () => {
    const damaged = await open((_, outgoing) => {
      outgoing.writeHead(200, { 'content-encoding': 'gzip' })
      outgoing.end('no gzip')
    })
    await expect((await fetch(damaged)).text()).rejects.toThrow(Error)
    const cut = await open((_, outgoing) => {
      outgoing.writeHead(200, { 'content-length': '10' })
      outgoing.write('half')
      setTimeout(() => outgoing.destroy(), 20)
    })
    await expect((await fetch(cut)).text()).rejects.toThrow(Error)
  })

  test('without a body has none', async () => {
    const url = await open((incoming, outgoing) => {
      outgoing.writeHead(incoming.url === '/204' ? 204 : 200, { 'content-encoding': 'gzip' })
      outgoing.end()
    })
    expect((await fetch(`${url}/204`)).body).toBeNull()
    expect((await fetch(url, { method: 'HEAD' })).body).toBeNull()
  })

  test('of a status that there is not, and none at all, fails as fetch does', async () => {
    const odd = await open((_, outgoing) => {
      outgoing.writeHead(999)
      outgoing.end()
    })
    expect(await rejection(fetch(odd))).toMatchObject({ name: 'TypeError', message: 'fetch failed' })
    const gone = await open((incoming) => incoming.socket.destroy())
    expect(await rejection(fetch(gone))).toMatchObject({ name: 'TypeError', message: 'fetch failed' })
  })

  test('that is not read to its end lets its connection go', async () => {
    const closed = new Promise<void>((resolve, reject) => {
      open((_, outgoing) => {
        outgoing.on('close', resolve)
        outgoing.write('x')
      })
        .then(fetch)
        .then((response) => response.body?.cancel())
        .catch(reject)
    })
    await expect(closed).resolves.toBeUndefined()
  })
})

describe('an abort', () => {
  const reason = new Error('enough')

  test('before it is sent sends nothing', async () => {
    let requests = 0
    const url = await open(() => {
      requests += 1
    })
    expect(await rejection(fetch(url, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(requests).toBe(0)
  })

  test('while the name is looked up does not wait for it', async () => {
    const controller = new AbortController()
    const never = blockPrivateNetworks({ lookup: () => new Promise(() => {}) })
    const asked = rejection(never('http://shop.test/', { signal: controller.signal }))
    controller.abort(reason)
    expect(await asked).toBe(reason)
  })

  test('while the answer is waited for, or read, ends it', async () => {
    const controller = new AbortController()
    const silent = await open(() => controller.abort(reason))
    expect(await rejection(fetch(silent, { signal: controller.signal }))).toBe(reason)
    const reading = new AbortController()
    const slow = await open((_, outgoing) => {
      outgoing.write('x')
    })
    const response = await fetch(slow, { signal: reading.signal })
    reading.abort(reason)
    expect(await rejection(response.text())).toMatchObject({ name: 'AbortError' })
  })
})

describe('a request over TLS', () => {
  const known = getCACertificates('default')

  afterEach(() => setDefaultCACertificates(known))

  test('is held to the name that was asked, not to the address that it goes to', async () => {
    setDefaultCACertificates([tls.cert])
    const names: (string | false | null)[] = []
    const server = createTlsServer(tls, (incoming, outgoing) => {
      names.push((incoming.socket as { servername?: string | false }).servername ?? null)
      outgoing.end('safe')
    })
    const { url } = await serve(server).then((listening) => (servers.push(listening), listening))
    const { port } = new URL(url)
    const headers = { host: 'other.test' }
    expect(await (await fetch(`https://shop.test:${port}/`, { headers })).text()).toBe('safe')
    expect(names).toEqual(['shop.test'])
    for (const host of ['other.test', '127.0.0.1']) {
      expect(await rejection(fetch(`https://${host}:${port}/`))).toMatchObject({
        message: 'fetch failed',
        cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
      })
    }
    setDefaultCACertificates(known)
    expect(await rejection(fetch(`https://shop.test:${port}/`))).toMatchObject({ message: 'fetch failed' })
    expect(names).toHaveLength(1)
  })
})

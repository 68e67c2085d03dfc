import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { blockPrivateNetworks } from 'stipend/node'
import { hurry, never } from '../support/time.ts'
import { rejection } from '../support/wallets.ts'

const fetch = blockPrivateNetworks({ allow: ['127.0.0.1'], lookup: async () => ['127.0.0.1'] })
const servers: Server[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

/** A server that answers each request with these bytes, and says nothing more. */
async function answerWith(answer: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  servers.push(server)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const failed = { name: 'TypeError', message: 'fetch failed' }

describe('a server that breaks the protocol', () => {
  test.each<[string, string]>([
    ['switches to another', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['switches, and does not say to what', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ])('%s fails the call at once', async (_what, bytes) => {
    const url = await answerWith((socket) => socket.write(bytes))
    const cause = expect.objectContaining({
      message: expect.stringMatching(/switched to another protocol|status/),
    })
    expect(await rejection(fetch(url))).toMatchObject({ ...failed, cause })
  })

  test.each<[string, string]>([
    ['speaks another', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['answers with too many headers', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}\r\n`],
    ['answers with a header of two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
  ])('%s fails the call', async (_what, bytes) => {
    const url = await answerWith((socket) => socket.write(bytes))
    expect(await hurry(() => rejection(fetch(url)))).toMatchObject(failed)
  })

  test.each<[string, (socket: Socket) => void]>([
    ['never answers', () => {}],
    ['never ends its headers', (socket) => socket.write('HTTP/1.1 200 OK\r\nx: ')],
    ['adds to its headers without end', (socket) => drip(socket, 'HTTP/1.1 200 OK\r\n', 'x: y\r\n')],
    ['only ever says that it will answer', (socket) => drip(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n')],
    ['only ever lets the request go on', (socket) => drip(socket, '', 'HTTP/1.1 100 Continue\r\n\r\n')],
  ])('%s fails the call', async (_what, answer) => {
    const url = await answerWith(answer)
    expect(await hurry(() => rejection(fetch(url)))).toMatchObject(failed)
  })

  test('never answers a body that it does not read fails the call', async () => {
    const url = await answerWith((socket) => socket.pause())
    const chunk = new Uint8Array(65_536)
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) })
    const settings = { method: 'POST', body, duplex: 'half' }
    expect(await hurry(() => rejection(fetch(url, settings)))).toMatchObject(failed)
  })

  test.each<[string, string]>([
    ['sends more than it said', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more\r\n\r\n'],
    ['sends a second answer', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 402 Payment Required\r\n\r\n'],
    [
      'offers another protocol',
      'HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok',
    ],
    [
      'hints first',
      `${'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(3)}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`,
    ],
  ])('%s is read as far as it said', async (_what, bytes) => {
    const url = await answerWith((socket) => socket.end(bytes))
    const response = await fetch(url)
    expect([response.status, await response.text()]).toEqual([200, 'ok'])
  })

  test.each([204, 304])('sends a body with a %i is heard to its headers', async (status) => {
    const url = await answerWith((socket) => socket.end(`HTTP/1.1 ${status} x\r\nContent-Length: 2\r\n\r\nok`))
    const response = await fetch(url)
    expect([response.status, response.body]).toEqual([status, null])
  })
})

/** Writes a little again and again, so that the connection is never idle. */
function drip(socket: Socket, first: string, rest: string): void {
  socket.write(first)
  const timer = setInterval(() => socket.write(rest), 20)
  socket.on('close', () => clearInterval(timer))
}

describe('what a request waits for besides its server', () => {
  test('is an address, and not for ever', async () => {
    const stuck = blockPrivateNetworks({ lookup: never })
    expect(await hurry(() => rejection(stuck('http://shop.test/')))).toMatchObject(failed)
  })

  test('is its own body, and not when it is aborted', async () => {
    const url = await answerWith(() => {})
    const body = new ReadableStream({ pull: never })
    const request = new Request(url, { method: 'POST', body, duplex: 'half' } as RequestInit)
    const stop = new AbortController()
    const reason = new Error('enough')
    const aborted = rejection(fetch(request, { signal: stop.signal }))
    await new Promise(setImmediate)
    stop.abort(reason)
    expect(await aborted).toBe(reason)
  })
})

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { readAll } from '../http.ts'
import type { Rpc } from './rpc.ts'
import type { Notify, Subscriptions } from './subscriptions.ts'
import type { Traffic } from './traffic.ts'

/** HTTP and WebSocket on one port of loopback, and both again on the next, where classic clients look for sockets. */
export type Endpoint = {
  readonly url: string
  /** Says how many sockets are open. */
  readonly sockets: () => number
  readonly close: () => Promise<void>
}

type Parts = { readonly rpc: Rpc; readonly subscriptions: Subscriptions; readonly traffic: Traffic }

type Face = { readonly server: Server; readonly sockets: WebSocketServer }

const attempts = 50

/** Opens a node to the wire. */
export async function openEndpoint(parts: Parts): Promise<Endpoint> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const [first, second] = [createFace(parts), createFace(parts)]
    const port = await listen(first.server, 0)
    // The system picks the first; the next may be somebody else's.
    const next = await listen(second.server, port + 1).catch(() => undefined)
    if (next !== undefined) return describeEndpoint(port, [first, second])
    await close([first])
  }
  throw new Error(`Failed to find two ports in a row, ${attempts} times`)
}

function describeEndpoint(port: number, faces: readonly Face[]): Endpoint {
  return {
    url: `http://127.0.0.1:${port}`,
    sockets: () => faces.reduce((sum, { sockets }) => sum + sockets.clients.size, 0),
    close: () => close(faces),
  }
}

function createFace(parts: Parts): Face {
  const server = createServer((request, response) => void answerHttp(parts, request, response))
  const sockets = new WebSocketServer({ server })
  // The server's own error is for whoever makes it listen.
  sockets.on('error', () => {})
  sockets.on('connection', (socket, request) => answerSocket(parts, socket, tagOf(request)))
  return { server, sockets }
}

function tagOf({ url = '' }: IncomingMessage): string {
  return url.split('?')[0]?.replaceAll('/', ' ').trim() ?? ''
}

async function answerHttp({ rpc, traffic }: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const tag = tagOf(request)
  if (traffic.isDown(tag)) return void request.socket.destroy()
  const answer = await rpc.answer(tag, parseJson((await readAll(request)).toString()))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
}

function answerSocket({ rpc, subscriptions, traffic }: Parts, socket: WebSocket, tag: string): void {
  const notify: Notify = (method, subscription, result) => {
    if (traffic.isDown(tag)) return socket.terminate()
    socket.send(JSON.stringify({ jsonrpc: '2.0', method, params: { subscription, result } }))
  }
  const own = subscriptions.answer.bind(undefined, notify)
  const answer = async (text: string): Promise<void> => {
    if (traffic.isDown(tag)) return socket.terminate()
    socket.send(JSON.stringify(await rpc.answer(tag, parseJson(text), own)))
  }
  socket.on('message', (data) => void answer(String(data)))
  socket.on('close', () => subscriptions.forget(notify))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

async function close(faces: readonly Face[]): Promise<void> {
  await Promise.all(
    faces.map(
      ({ server, sockets }) =>
        new Promise((resolve) => {
          server.close(resolve)
          // Kept-alive connections and sockets would keep it open.
          server.closeAllConnections()
          for (const socket of sockets.clients) socket.terminate()
        }),
    ),
  )
}

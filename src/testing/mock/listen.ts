import { loadBuiltin } from '../../lib/node-builtin.js'

/** A server that listens on loopback. */
export type Listening = {
  /** Its origin, such as `http://127.0.0.1:49152`. */
  readonly url: string
  readonly close: () => Promise<void>
}

type Incoming = AsyncIterable<Uint8Array> & {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}
type Outgoing = {
  readonly once: (event: 'close', listener: () => void) => unknown
  readonly writeHead: (status: number, headers: string[]) => unknown
  readonly write: (chunk: Uint8Array) => unknown
  readonly end: () => unknown
}

/** Serves a handler on a free port of loopback; where the handler rejects, the connection is dropped. */
export async function listen(handler: (request: Request) => Promise<Response>): Promise<Listening> {
  const { createServer } = loadBuiltin('node:http')
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing, handler).catch(() => incoming.socket.destroy())
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}`, close }
}

async function serve(
  incoming: Incoming,
  outgoing: Outgoing,
  handler: (request: Request) => Promise<Response>,
): Promise<void> {
  const chunks: number[] = []
  for await (const chunk of incoming) chunks.push(...chunk)
  const { method = 'GET', headers, url = '/' } = incoming
  const abort = new AbortController()
  outgoing.once('close', () => abort.abort())
  const body = method === 'GET' || method === 'HEAD' ? null : Uint8Array.from(chunks)
  const init = { method, body, headers: headers as Record<string, string>, signal: abort.signal }
  const response = await handler(new Request(`http://${String(headers['host'])}${url}`, init))
  outgoing.writeHead(response.status, [...response.headers].flat())
  for await (const chunk of response.body ?? []) outgoing.write(chunk)
  outgoing.end()
}

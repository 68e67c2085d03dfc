import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { ConfigurationError } from 'stipend'
import { isLoopbackName } from '../../src/hosts/loopback.js'
import type { Handler } from './handler.js'

/** Options of `serve`. */
export type ServeOptions = {
  /** 0 lets the system pick one. @default 3100 */
  readonly port?: number | undefined
  /**
   * The address to listen at. One that other machines reach needs `tls`, or `behindTlsProxy`: passwords and tokens would
   * cross the network in the clear.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string | undefined
  /** A certificate and its key, in PEM. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /**
   * Says that a proxy in front of it speaks TLS with everybody else, and passes the Host header on.
   *
   * @default false
   */
  readonly behindTlsProxy?: boolean | undefined
}

const optionNames: OptionNames<ServeOptions> = { port: true, host: true, tls: true, behindTlsProxy: true }

const tlsNames: OptionNames<NonNullable<ServeOptions['tls']>> = { cert: true, key: true }

/** A server that listens. */
export type Served = { readonly url: string; readonly close: () => Promise<void> }

/** A request as Node and Express hand it over; Express keeps the whole path when it takes the front of it off. */
type Incoming = IncomingMessage & { readonly originalUrl?: string | undefined }

/** A listener for node:http, and a middleware for Express. */
export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/**
 * Serves a handler with Node, on this machine only unless it is told otherwise.
 *
 * @throws ConfigurationError when it would be reached from elsewhere without TLS.
 */
export async function serve(handler: Handler, options: ServeOptions = {}): Promise<Served> {
  refuseUnknown('serve', options, optionNames)
  refuseUnknown('tls', options.tls, tlsNames)
  const { port = 3100, host = '127.0.0.1', tls, behindTlsProxy = false } = options
  const name = host.includes(':') ? `[${host}]` : host
  if (!isLoopbackName(name) && !tls && !behindTlsProxy) {
    throw new ConfigurationError(`Failed to serve at ${host}: other machines reach it, and nothing is encrypted`, {
      details: ['Give it `tls`, or say `behindTlsProxy: true` where a proxy in front of it speaks TLS.'],
    })
  }
  const server = await listen(handler, options).catch((cause: unknown) => {
    throw new ConfigurationError(`Failed to serve at ${host}, port ${port}`, { cause })
  })
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : port
  return {
    url: `${tls ? 'https' : 'http'}://${name}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/**
 * Makes a listener for node:http, or a middleware for Express, of a handler. Mount it before anything that reads bodies.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { type Handler, toNodeListener } from 'stipend/http'
 *
 * declare const handler: Handler
 * createServer(toNodeListener(handler)).listen(3100, '127.0.0.1')
 * ```
 */
export function toNodeListener(handler: Handler): NodeListener {
  return (incoming, outgoing) => {
    void respond(handler, incoming, outgoing).catch(() => outgoing.destroy())
  }
}

async function listen(handler: Handler, { port = 3100, host = '127.0.0.1', tls }: ServeOptions): Promise<TlsServer> {
  const server = await createServer(toNodeListener(handler), tls)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

async function createServer(listener: NodeListener, tls: ServeOptions['tls']): Promise<TlsServer> {
  // Slow senders of headers are Node's to drop; slow bodies are the handler's.
  const limits = { headersTimeout: 10_000, requestTimeout: 60_000, maxHeaderSize: 16_384 }
  if (!tls) return (await import('node:http')).createServer(limits, listener) as TlsServer
  return (await import('node:https')).createServer({ ...limits, ...tls }, listener)
}

async function respond(handler: Handler, incoming: Incoming, outgoing: ServerResponse): Promise<void> {
  const request = await toRequest(incoming)
  const { remoteAddress } = incoming.socket
  const response = request ? await handler(request, { remoteAddress }) : new Response(null, { status: 400 })
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  await send(response, outgoing)
  // What is left of a body that nobody reads would keep the connection busy.
  if (!incoming.complete) outgoing.once('finish', () => incoming.destroy())
}

/** What goes on without end is sent as it comes, until its reader is gone. */
async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  const isEndless = response.headers.get('content-type') === 'text/event-stream'
  if (!isEndless || !response.body) return void outgoing.end(new Uint8Array(await response.arrayBuffer()))
  const reader = response.body.getReader()
  outgoing.once('close', () => void reader.cancel().catch(() => {}))
  outgoing.flushHeaders()
  for (let part = await reader.read(); !part.done; part = await reader.read()) outgoing.write(part.value)
  outgoing.end()
}

async function toRequest(incoming: Incoming): Promise<Request | undefined> {
  const { method = 'GET', headers, url = '/' } = incoming
  const base = `http://${headers.host ?? 'invalid.invalid'}`
  // Of two Host headers Node shows the first, and a proxy before it may have gone by the other.
  const hosts = incoming.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  if (hosts.length > 1 || !url.startsWith('/') || !URL.canParse(`${base}${url}`)) return undefined
  const sent = Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string])
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const body = hasBody ? { body: await streamOf(incoming), duplex: 'half' } : {}
  try {
    return new Request(`${base}${url}`, { method, headers: sent, ...body })
  } catch {
    return undefined
  }
}

/** A body that something before us has read would look like none: a session that was to be narrow would not be. */
async function streamOf(incoming: Incoming): Promise<ReadableStream<Uint8Array>> {
  const { Readable } = await import('node:stream')
  if (!incoming.readableDidRead) return Readable.toWeb(incoming) as ReadableStream<Uint8Array>
  return new ReadableStream({ start: (controller) => controller.error(new TypeError('the body was read before')) })
}

import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { addAbortSignal, pipeline, Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { unlessAborted } from '../../src/lib/deadline.js'
import { deadlines } from '../../src/lib/deadlines.js'

const emptyStatuses = [204, 205, 304]
/** Headers that are of a connection, and so are ours; a host of the caller's would be another one than was judged. */
const ownHeaders = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
]

const decoders = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
])

/** Sends a request to one of some addresses, whatever its host resolves to by now, and answers the response. */
export async function exchange(
  request: Request,
  options: { readonly addresses: readonly string[]; readonly isStreamed: boolean },
): Promise<Response> {
  const body = await unlessAborted(request.signal, readBody(request, options.isStreamed))
  const url = new URL(request.url)
  const settings: RequestOptions = {
    method: request.method,
    headers: headersOf(request, body),
    lookup: answering(options.addresses),
    // A connection of its own for each request: one that is kept could be used for longer than it was judged for.
    agent: false,
    timeout: deadlines.answerHead,
    signal: request.signal,
  }
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  const incoming = await receive(send(url, settings), body, request.signal)
  if (request.redirect === 'error' && isRedirect(incoming)) {
    incoming.destroy()
    throw new TypeError('fetch failed', { cause: new TypeError('the answer is a redirect') })
  }
  return readResponse(incoming, request)
}

type Body = Uint8Array | Readable | undefined

/** Keeps what is no stream, so that its length can be said. */
async function readBody(request: Request, isStreamed: boolean): Promise<Body> {
  if (!request.body) return request.method === 'GET' || request.method === 'HEAD' ? undefined : new Uint8Array()
  if (isStreamed) return Readable.from(request.body)
  return new Uint8Array(await request.arrayBuffer())
}

function headersOf(request: Request, body: Body): Record<string, string> {
  const defaults = { accept: '*/*', 'accept-encoding': 'gzip, deflate, br', 'user-agent': 'node' }
  const own = [...request.headers].filter(([name]) => !ownHeaders.includes(name))
  const length = body instanceof Uint8Array ? { 'content-length': String(body.byteLength) } : {}
  return { ...defaults, ...Object.fromEntries(own), ...length }
}

/** Answers the addresses that were judged, to whatever resolves the host for the connection. */
function answering(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_hostname, { all }, callback) => {
    const [first] = found
    if (all === true) callback(null, found)
    else callback(null, first?.address ?? '', first?.family)
  }
}

/** Sends, and waits for the head of the answer. */
function receive(outgoing: ClientRequest, body: Body, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(signal.aborted ? signal.reason : new TypeError('fetch failed', { cause }))
    outgoing.once('response', resolve)
    // The answer 101, which nobody has asked for: what comes after it is in another protocol.
    outgoing.once('upgrade', (_incoming, socket) => {
      socket.destroy()
      fail(new TypeError('the server switched to another protocol'))
    })
    outgoing.once('timeout', () => outgoing.destroy(new DOMException('nothing came', 'TimeoutError')))
    outgoing.on('error', fail)
    outgoing.once('close', () => fail(new TypeError('the connection was closed')))
    giveUpLate(outgoing)
    if (body instanceof Readable) pipeline(body, outgoing, () => {})
    else outgoing.end(body)
  })
}

/**
 * Gives up an answer that does not begin in time, however busy its connection is: a server can announce for ever that it
 * will answer, and take for ever to say its headers. As long as it takes in the request, its time begins anew.
 */
function giveUpLate(outgoing: ClientRequest): void {
  const late = (): void => {
    outgoing.destroy(new DOMException('the answer did not begin in time', 'TimeoutError'))
  }
  let timer: ReturnType<typeof setTimeout> | undefined = setTimeout(late, deadlines.connection)
  const extend = (): void => {
    if (timer === undefined) return
    clearTimeout(timer)
    timer = setTimeout(late, deadlines.answerHead)
  }
  const end = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  outgoing.once('socket', (socket) => socket.once('connect', extend))
  outgoing.on('drain', extend)
  outgoing.once('finish', extend)
  outgoing.once('response', end)
  outgoing.once('close', end)
}

function isRedirect({ statusCode = 0, headers }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400 && headers.location !== undefined
}

function readResponse(incoming: IncomingMessage, request: Request): Response {
  const { statusCode: status = 0, statusMessage = '', rawHeaders } = incoming
  const statusText = /^[\t\x20-\x7e]*$/.test(statusMessage) ? statusMessage : ''
  const isEmpty = request.method === 'HEAD' || emptyStatuses.includes(status)
  if (isEmpty) incoming.resume()
  try {
    const headers = readHeaders(rawHeaders)
    const response = new Response(isEmpty ? null : streamOf(incoming, request.signal), { status, statusText, headers })
    const url = request.url.replace(/#.*$/, '')
    return Object.defineProperty(response, 'url', { value: url })
  } catch (cause) {
    incoming.destroy()
    throw new TypeError('fetch failed', { cause })
  }
}

/** Names and values in turn, as they came. */
function readHeaders(rawHeaders: readonly string[]): Headers {
  const headers = new Headers()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '')
  }
  return headers
}

/** Decodes what was encoded for the way, as fetch does; an encoding that was not asked for stays as it came. */
function streamOf(incoming: IncomingMessage, signal: AbortSignal): ReadableStream<Uint8Array> {
  addAbortSignal(signal, incoming)
  const decode = decoders.get(incoming.headers['content-encoding']?.toLowerCase() ?? '')
  const plain = decode ? pipeline(incoming, decode(), () => {}) : incoming
  return Readable.toWeb(plain) as ReadableStream<Uint8Array>
}

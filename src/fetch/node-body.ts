import { UnpayableRequestError } from '../errors.js'
import { findBuiltin } from '../lib/node-builtin.js'
import type { Init, Input, KeptBody } from './kept-body.js'
import type { NodeStream } from './kinds.js'

/** Makes a stream of the web of what gives its parts one after another. */
export function streamOf(parts: AsyncIterable<unknown>): ReadableStream<Uint8Array> {
  const iterator = parts[Symbol.asyncIterator]()
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(bytesOf(value))
    },
    cancel: async () => {
      await iterator.return?.()
    },
  })
}

/**
 * Keeps what passes through a stream of Node. It goes on as one: fetches that are made for these take no other. Where there
 * is no Node, it is sent as it is and cannot be sent twice.
 */
export function keepNodeStream(input: Input, init: Init | undefined, body: NodeStream, maxBytes: number): KeptBody {
  const streams = findBuiltin('node:stream')
  const refuse = async (): Promise<never> => {
    throw new UnpayableRequestError('Request body cannot be kept for the paid request; nothing was signed', {
      details: [`Streams are kept up to maxReplayBytes, which is ${maxBytes} here, and where Node has node:stream.`],
    })
  }
  if (!streams) return { input, init, replay: refuse, discard: () => {} }
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  const tap = new streams.Transform({
    transform: (chunk: unknown, _encoding, done) => {
      const bytes = bytesOf(chunk)
      size += bytes.byteLength
      if (size > maxBytes) chunks.length = 0
      else chunks.push(Uint8Array.from(bytes))
      done(null, bytes)
    },
  })
  const ended = new Promise<void>((resolve, reject) => {
    tap.once('finish', resolve)
    tap.once('error', reject)
  })
  ended.catch(() => {})
  body.on('error', (error) => tap.destroy(error))
  body.pipe(tap)
  return {
    input,
    init: { duplex: 'half', ...withType(init, body), body: tap as unknown as BodyInit } as Init,
    discard: () => {},
    replay: async () => {
      // Nobody reads on once the server has asked for payment.
      tap.resume()
      await ended.catch(refuse)
      return size > maxBytes ? refuse() : { body: join(chunks, size) }
    },
  }
}

/** A form of the package `form-data` says by itself how it is to be read. */
function withType(init: Init | undefined, body: NodeStream & { readonly getHeaders?: unknown }): Init {
  if (typeof body.getHeaders !== 'function') return init ?? {}
  const headers = new Headers(init?.headers)
  const own = Object.entries(Object(body.getHeaders()) as Readonly<Record<string, unknown>>)
  for (const [name, value] of own) if (!headers.has(name)) headers.set(name, String(value))
  return { ...init, headers }
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}

function bytesOf(part: unknown): Uint8Array {
  if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
  return new TextEncoder().encode(String(part))
}

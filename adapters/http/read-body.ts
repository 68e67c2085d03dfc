import { within } from './deadline.js'
import { RefusedError, refuseInput } from './refused.js'
import { parseStrictJson } from './strict-json.js'

/** How much is read of a request, and for how long. */
export type BodyBounds = { readonly maxBytes: number; readonly maxSeconds: number }

/**
 * Reads a request's JSON; no body is no members.
 *
 * @throws RefusedError when it is of another type, too large, too slow or not JSON.
 */
export async function readJsonBody(request: Request, bounds: BodyBounds): Promise<unknown> {
  const bytes = await readRequest(request, bounds)
  if (bytes.length === 0) return {}
  refuseOtherTypes(request.headers)
  const text = decodeUtf8(bytes)
  if (text === undefined) throw refuseInput('body', 'it is not UTF-8')
  return parseStrictJson(text)
}

/** A browser sends JSON to another site only after asking, and is told no. */
function refuseOtherTypes(headers: Headers): void {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (type === 'application/json' && encoding === 'identity') return
  throw new RefusedError('media_type_unsupported', 'Request body has to be application/json, and not compressed', {
    status: 415,
  })
}

async function readRequest({ body, headers }: Request, { maxBytes, maxSeconds }: BodyBounds): Promise<Uint8Array> {
  const tooLarge = (): RefusedError =>
    new RefusedError('body_too_large', `Request body is over ${maxBytes} bytes`, { status: 413 })
  if (Number(headers.get('content-length') ?? 0) > maxBytes) throw tooLarge()
  if (!body) return new Uint8Array()
  const reader = body.getReader()
  const read = readAtMost(reader, maxBytes).catch(() => {
    throw new RefusedError('body_broken', 'Request body broke off', { status: 400 })
  })
  const bytes = await within(maxSeconds * 1000, read)
  if (bytes instanceof Uint8Array) return bytes
  reader.cancel().catch(() => {})
  if (bytes === 'too large') throw tooLarge()
  throw new RefusedError('body_too_slow', `Request body did not arrive within ${maxSeconds} s`, { status: 408 })
}

/** Reads a stream to its end, or says that it is longer than this. */
export async function readAtMost(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | 'too large'> {
  const chunks: Uint8Array[] = []
  let size = 0
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    size += chunk.value.byteLength
    if (size > maxBytes) return 'too large'
    chunks.push(chunk.value)
  }
  return join(chunks, size)
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    joined.set(chunk, offset)
    offset += chunk.byteLength
  }
  return joined
}

/** Decodes bytes to the text that encodes to exactly them, if there is one. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

import { decodeUtf8 } from '../../src/lib/bytes.js'
import { isLate, within } from '../../src/lib/deadline.js'
import { readStream } from '../../src/lib/read-stream.js'
import { findJsonProblem } from '../../src/lib/strict-json.js'
import { RefusedError, refuseInput } from './refused.js'

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
  return parseJson(text)
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
  try {
    const bytes = await within(maxSeconds * 1000, readStream(reader, maxBytes), 'it did not arrive in time')
    if (bytes) return bytes
  } catch (error) {
    if (!isLate(error)) throw new RefusedError('body_broken', 'Request body broke off', { status: 400 })
    throw new RefusedError('body_too_slow', `Request body did not arrive within ${maxSeconds} s`, { status: 408 })
  } finally {
    reader.cancel().catch(() => {})
  }
  throw tooLarge()
}

/** Parses JSON that only one reading fits. */
function parseJson(text: string): unknown {
  const problem = findJsonProblem(text, { maxLength: Infinity, maxDepth: 64, maxStringLength: Infinity })
  if (problem !== undefined) throw refuseInput('body', `it ${problem}`)
  try {
    return JSON.parse(text)
  } catch {
    throw refuseInput('body', 'it is not JSON')
  }
}

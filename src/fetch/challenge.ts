import { decodeUtf8 } from '../lib/bytes.js'
import { waitFor } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { readStream } from '../lib/read-stream.js'
import { MalformedMessageError, PaymentDeniedError, UnpayableRequestError } from '../errors.js'
import { isAsyncIterable, isNodeStream, isWebStream } from './kinds.js'
import { streamOf } from './node-body.js'
import type { Protocol } from '../ports/protocol.js'
import { isSameAddress } from '../lib/same-address.js'
import type { OfferClaim, PaymentRequired, Resource } from '../types.js'

/** A 402 that can be answered: what it asks, for which resource, in which protocol. */
export type Challenge = {
  readonly protocol: Protocol
  readonly required: PaymentRequired
  readonly resource: Resource
  /** The server's clock in Unix milliseconds, where it says one. */
  readonly serverTime: number | undefined
}

const maxBodyBytes = 262_144
const maxAgeSeconds = 120

/** What was asked, and until when its answer is read. */
type Asked = { readonly url: URL; readonly method: string; readonly signal?: AbortSignal | undefined }

/**
 * Reads a 402, leaving its body readable, in each protocol that recognises it: servers may ask in two versions at once, and
 * one that cannot be read does not stand in the way of the other.
 *
 * @throws MalformedMessageError when all break their format, two ask different things, or a cache kept it.
 * @throws PaymentDeniedError when another origin answered than was asked.
 * @throws the signal's reason when it is aborted.
 */
export async function readChallenge(
  response: Response,
  asked: Asked,
  protocols: readonly Protocol[],
): Promise<readonly Challenge[]> {
  const message = { headers: response.headers, body: await readBody(response, asked) }
  const problems: unknown[] = []
  const read = protocols.flatMap((protocol) => {
    try {
      const required = protocol.parse(message)
      return required ? [{ protocol, required }] : []
    } catch (error) {
      problems.push(error)
      return []
    }
  })
  if (read.length === 0 && problems.length > 0) throw problems[0]
  if (read.length === 0) return []
  checkAge(response.headers)
  refuseContradiction(read.map(({ required }) => required.claims))
  const resource = resourceOf(response, asked)
  return read.map((one) => ({ ...one, resource, serverTime: serverTime(response.headers) }))
}

/** Two prices or two payees for the same thing cannot both be what the owner agreed to. */
function refuseContradiction([these = [], ...others]: readonly (readonly OfferClaim[])[]): void {
  if (!others.some((those) => contradicts(these, those) || contradicts(those, these))) return
  throw new MalformedMessageError(
    'Failed to read the 402: its header and its body ask different things; nothing was signed',
  )
}

function contradicts(these: readonly OfferClaim[], those: readonly OfferClaim[]): boolean {
  return these.some((one) => {
    const alike = those.filter((other) => isSameAsset(one, other))
    return (
      alike.length > 0 && !alike.some((other) => one.amount === other.amount && isSameAddress(one.payTo, other.payTo))
    )
  })
}

function isSameAsset(one: OfferClaim, other: OfferClaim): boolean {
  return one.scheme === other.scheme && one.network === other.network && isSameAddress(one.asset, other.asset)
}

/** What is paid for is what answered, and it must have the origin that the caller asked. */
function resourceOf(response: Response, { url, method }: Asked): Resource {
  const answered = response.url ? new URL(response.url) : url
  if (answered.origin !== url.origin) {
    const reason = `${url.origin} was asked, but another origin answered`
    throw new PaymentDeniedError([{ rule: 'origin', reason }])
  }
  if (response.redirected && method !== 'GET') {
    throw new UnpayableRequestError(`A ${method} request was redirected; nothing was signed`, {
      details: ['A redirect can drop the method and the body: call the URL that it leads to itself.'],
    })
  }
  answered.hash = ''
  return Object.freeze({ url: answered.href, method, origin: answered.origin, host: answered.host })
}

function checkAge(headers: Headers): void {
  const age = Number(headers.get('age') ?? 0)
  if (age > maxAgeSeconds) throw new MalformedMessageError(`402 is ${age} s old: a cache kept it; nothing was signed`)
}

function serverTime(headers: Headers): number | undefined {
  const time = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(time) ? undefined : time
}

/** Reads a copy of the body as text, up to a size and a time; a body that is longer, late or not text is not read. */
export async function readBody(response: Response, { signal }: Pick<Asked, 'signal'>): Promise<string | undefined> {
  if (!response.body || response.bodyUsed) return undefined
  const body: unknown = response.clone().body
  // Those of another make have a stream of Node.
  const stream = isWebStream(body) ? body : isAsyncIterable(body) ? streamOf(body) : undefined
  const reader = stream?.getReader()
  if (!reader) return undefined
  try {
    return await waitFor(readText(reader), { ms: deadlines.challengeBody, signal })
  } catch {
    signal?.throwIfAborted()
    return undefined
  } finally {
    reader.cancel().catch(() => {})
  }
}

/** Lets go of a body that nobody will read; never throws. */
export function discardBody(response: Response): void {
  const body: unknown = response.body
  if (isWebStream(body)) body.cancel().catch(() => {})
  else if (isNodeStream(body)) body.destroy?.()
}

async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const bytes = await readStream(reader, maxBodyBytes)
  return bytes && decodeUtf8(bytes)
}

import { UnpayableRequestError } from '../errors.js'
import { isLate, waitFor } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { requestHash } from '../pay/request-hash.js'
import type { Resource } from '../types.js'
import { unreadable } from './body.js'
import type { Replay } from './kept-body.js'
import { copyBytes, isBlob } from './kinds.js'
import { withoutBoundary } from './multipart.js'
import type { PayingCall } from './request.js'

/** A request's own body, to be sent once more, and what the request is known by. */
export type HashedReplay = { readonly body: Replay; readonly requestHash: string }

/**
 * Reads a request's own body for the second sending: the server can have asked for payment before all of it was sent.
 *
 * @throws UnpayableRequestError when it does not end in time, is too long, or cannot be read a second time.
 * @throws the signal's reason when it is aborted.
 */
export async function readReplay({ kept, signal }: PayingCall, resource: Resource): Promise<HashedReplay> {
  const read = async (): Promise<HashedReplay> => {
    const body = await kept.replay()
    return { body, requestHash: await hashOf(resource, body).catch(unreadable) }
  }
  try {
    return await waitFor(read(), { ms: deadlines.requestBody, signal })
  } catch (cause) {
    kept.discard()
    signal?.throwIfAborted()
    if (!isLate(cause)) throw cause
    throw new UnpayableRequestError('Request body did not end in time; nothing was signed', { cause })
  }
}

async function hashOf({ method, url }: Resource, { body }: Replay): Promise<string> {
  const given: unknown = body
  if (given === undefined) return requestHash(method, url, undefined)
  const bytes = isBlob(given) ? new Uint8Array(await given.arrayBuffer()) : copyBytes(given)
  return requestHash(method, url, withoutBoundary(bytes ?? new TextEncoder().encode(String(given))))
}

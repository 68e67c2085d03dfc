import type { Challenge } from './challenge.js'
import { fetchWithin } from './inside.js'
import type { HashedReplay } from './replay.js'
import type { PayingCall } from './request.js'
import { isRedirect, requestWith } from './send-paid.js'
import type { Payer } from '../pay/payer.js'
import type { Labels } from '../types.js'

/** By these, and by a redirect, a server, or what stands before it, says nothing of a proof: it is there, and good, for the next call. */
const unavailable: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504])

/** Tells whether a server wants more than the proof: to be paid, or, as it seems, another proof. */
export function wantsMore({ status }: Response): boolean {
  return status === 401 || status === 402 || status === 403
}

/**
 * Asks once more with a proof of who paid before, or who asks, where a wallet signs in; answers nothing where it does not,
 * and the server's answer where it does, which may be another 402.
 */
export async function askSignedIn(
  fetch: typeof globalThis.fetch,
  challenges: readonly Challenge[],
  { call, body, requestHash, labels }: HashedReplay & { readonly call: PayingCall; readonly labels: Labels },
  payer: Payer,
): Promise<Response | undefined> {
  if (!payer.signIn) return undefined
  for (const { resource, required } of challenges) {
    const signedIn = await payer.signIn(required, {
      resource,
      requestHash,
      isNew: !call.sameRequest,
      labels: { ...labels, ...call.labels },
      signal: call.signal,
      hasHeader: (name) => call.init().headers.has(name),
    })
    if (!signedIn) continue
    const { url, init } = requestWith(call, resource, signedIn.headers, body)
    const response = await fetchWithin(fetch, fetch, url, init)
    if (!unavailable.has(response.status) && !isRedirect(response)) await signedIn.note(response.status < 400)
    return response
  }
  return undefined
}

import type { Replay } from './body.js'
import { type Call, type PayingRequestInit, readCall } from './request.js'
import { type Challenge, readChallenge } from './challenge.js'
import { fetchWithin, isWithin } from './inside.js'
import { watchBody } from './watch-body.js'
import { unlessAborted, within } from '../lib/deadline.js'
import { type Moved, PaymentOutcomeUnknownError, PaymentRejectedError } from '../errors.js'
import type { Payer, PaymentAsk } from '../pay/payer.js'
import type { Quote } from '../pay/quote.js'
import { requestHash } from '../pay/request-hash.js'
import type { Authorization, Labels, Payment } from '../types.js'

/** A `fetch` that pays. */
export type PayingFetch = (input: RequestInfo | URL, init?: PayingRequestInit) => Promise<Response>

/** Options of `wrapFetch`. */
export type WrapFetchOptions = {
  /**
   * The longest streamed body that is kept for the paid request, in bytes.
   *
   * @default 1_048_576
   */
  readonly maxReplayBytes?: number | undefined
  /** Words that every payment made through it is filed under. */
  readonly labels?: Labels | undefined
  /**
   * Whether identical calls are purchases of their own, at once and one after another, for feeds that buy the same thing
   * again and again. By default they go one after another, and one goes on from an earlier one whose outcome is unknown.
   *
   * @default false
   */
  readonly repeatable?: boolean | undefined
}

/** A payment as a response shows it, with what its holder should know. */
export type ResponsePayment = Payment & {
  /** Whether money can have left. */
  readonly moved: Moved
  /** What to do next, in words. */
  readonly next: string
}

const payments = new WeakMap<Response, ResponsePayment>()
const wrapped = new WeakMap<PayingFetch, typeof fetch>()
const largestHeaderBytes = 8192
/** How long the answer is waited for after its authorization has ended: nobody can settle it any more. */
const answerGraceSeconds = 60

/**
 * Makes a `fetch` that answers a 402 by paying it, once, under the rules of a wallet or a session.
 *
 * A response that is no 402 comes back as it is. What is thrown instead of a response is a `StipendError`: with
 * `moved: 'no'` nothing was signed, with `moved: 'maybe'` a payment left and counts as spent.
 *
 * @example
 * ```ts
 * import { type AgentWallet, wrapFetch } from 'stipend'
 *
 * declare const wallet: AgentWallet
 * globalThis.fetch = wrapFetch(fetch, wallet)
 * ```
 */
export function wrapFetch(fetch: typeof globalThis.fetch, payer: Payer, options: WrapFetchOptions = {}): PayingFetch {
  const { maxReplayBytes = 1_048_576, labels = {}, repeatable = false } = options
  const paymentHeaders = payer.protocols.flatMap((protocol) => protocol.paymentHeaders)

  const payingFetch: PayingFetch = async (input, init) => {
    // Whoever called this pays for it, or asks what it would cost.
    if (isWithin(init)) return fetch(input, init)
    const call = readCall(input, init, { paymentHeaders, maxReplayBytes, repeatable })
    const response = await sendUnpaid(fetch, call)
    if (response.status !== 402) return response
    const challenge = await recognise(response, call, payer)
    if (!challenge) return response
    const body = await call.kept.again()
    const ask = { ...askOf(call, challenge, labels), requestHash: await hashOf(challenge, body) }
    const authorization = await payer.authorize(challenge.required, ask)
    const answer = await sendPaid(fetch, paidRequest(call, challenge, authorization, body), authorization, payer)
    return conclude(answer, challenge, authorization, payer)
  }
  wrapped.set(payingFetch, fetch)
  return payingFetch
}

/** Answers the payment that a response was bought with, or `undefined` when it was not paid for. */
export function getPayment(response: Response): ResponsePayment | undefined {
  return payments.get(response)
}

/** Answers the fetch that a paying fetch was made from, or the fetch itself when it does not pay. */
export function unwrapFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return wrapped.get(fetch) ?? fetch
}

/** Makes a fetch that reads the global one late, so that a mock or a patch that is set up afterwards is seen. */
export function createLateFetch(): typeof globalThis.fetch {
  const marker = {}
  const first = unwrapFetch(globalThis.fetch)
  return (input, init) =>
    // Where the global fetch has come to be made from this one, what was there before it reaches the network.
    isWithin(init, marker) ? first(input, init) : fetchWithin(marker, globalThis.fetch, input, init)
}

/** Makes the function that asks what a request would cost: it is sent unpaid, and nothing is signed. */
export function quoteWith(
  fetch: typeof globalThis.fetch,
  payer: Payer,
): (...request: Parameters<PayingFetch>) => Promise<Quote | undefined> {
  return async (input, init) => {
    const call = readCall(input, init, { paymentHeaders: [], maxReplayBytes: 0, repeatable: true })
    const response = await sendUnpaid(fetch, call)
    const challenge = response.status === 402 ? await recognise(response, call, payer) : undefined
    response.body?.cancel().catch(() => {})
    call.kept.discard()
    return challenge && payer.appraise(challenge.required, challenge.resource)
  }
}

async function sendUnpaid(fetch: typeof globalThis.fetch, { kept }: Call): Promise<Response> {
  let response: Response | undefined
  try {
    response = await fetchWithin(fetch, fetch, kept.input, kept.init)
    return response
  } finally {
    if (response?.status !== 402) kept.discard()
  }
}

/** A 402 to HEAD or OPTIONS asks nothing: what it would pay for is not what the caller wants. */
async function recognise(response: Response, call: Call, payer: Payer): Promise<Challenge | undefined> {
  if (call.method === 'HEAD' || call.method === 'OPTIONS') return undefined
  const challenge = await readChallenge(response, { url: call.url(), method: call.method }, payer.protocols)
  if (challenge) response.body?.cancel().catch(() => {})
  return challenge
}

function askOf(call: Call, challenge: Challenge, labels: Labels): Omit<PaymentAsk, 'requestHash'> {
  const { purchaseKey, sameRequest, maxMicroUsd, signal } = call
  const { resource, serverTime, protocol, required } = challenge
  return {
    resource,
    serverTime,
    purchaseKey,
    sameRequest,
    maxMicroUsd,
    signal,
    labels: { ...labels, ...call.labels },
    misfit: (authorization) => {
      const size = Object.entries(protocol.attach(required, authorization)).flat().join('').length
      return size > largestHeaderBytes
        ? `its payment header would be ${size} bytes, over ${largestHeaderBytes}`
        : undefined
    },
  }
}

async function hashOf({ resource }: Challenge, { body, identity }: Replay): Promise<string> {
  const bytes = body === undefined ? undefined : await new Response(identity ?? body).arrayBuffer()
  return requestHash(resource.method, resource.url, bytes && new Uint8Array(bytes))
}

type PaidRequest = { readonly url: string; readonly init: RequestInit }

/** The caller's request once more, with the payment, to the URL that was judged and no other. */
function paidRequest(
  call: Call,
  { protocol, required, resource }: Challenge,
  authorization: Authorization,
  { body, contentType }: Replay,
): PaidRequest {
  const { headers, ...settings } = call.init()
  if (contentType !== undefined && !headers.has('content-type')) headers.set('content-type', contentType)
  for (const [name, value] of Object.entries(protocol.attach(required, authorization))) headers.set(name, value)
  headers.set('cache-control', 'no-store')
  const init = { ...settings, method: call.method, headers, redirect: 'manual', cache: 'no-store' } as const
  return { url: resource.url, init: body === undefined ? init : { ...init, body } }
}

/** Sends a payment. From here on it counts as spent, whatever happens. */
async function sendPaid(
  fetch: typeof globalThis.fetch,
  { url, init }: PaidRequest,
  { payment }: Authorization,
  payer: Payer,
): Promise<Response> {
  const stop = new AbortController()
  const { validBefore, usefulUntil = validBefore } = payment.terms
  const waitMs = (usefulUntil + answerGraceSeconds) * 1000 - payer.clock()
  const signal = init.signal ? AbortSignal.any([init.signal, stop.signal]) : stop.signal
  try {
    const answer = unlessAborted(init.signal, fetchWithin(fetch, fetch, url, { ...init, signal }))
    return await within(waitMs, answer, 'no answer while the payment could be settled')
  } catch (cause) {
    stop.abort(cause)
    const unknown = await payer.settle(payment, { status: 'unknown', note: 'no answer came' })
    throw new PaymentOutcomeUnknownError(unknown, { reason: 'no answer came', cause })
  }
}

/** Files what the answer says of the payment, and hands over the answer untouched. */
async function conclude(
  response: Response,
  challenge: Challenge,
  { payment }: Authorization,
  payer: Payer,
): Promise<Response> {
  const { receipt, reason } = challenge.protocol.readAnswer(response.headers, payment)
  const astray = strayed(response, challenge)
  if (astray !== undefined) {
    const unknown = await payer.settle(payment, { status: 'unknown', note: astray })
    throw new PaymentOutcomeUnknownError(unknown, { reason: astray })
  }
  // A receipt on an answer that failed proves that money went, not that goods came.
  const isClaimed = response.ok && reason === undefined
  const note = reason ?? (isClaimed ? undefined : `the server answered ${response.status}`)
  const settled = await payer.settle(payment, { status: isClaimed ? 'claimed' : 'unknown', receipt, note })
  if (response.status === 402) throw new PaymentRejectedError(settled, response)
  payments.set(response, Object.freeze({ ...settled, ...advise(settled) }))
  if (!isClaimed) return response
  const broken = { status: 'unknown', receipt, note: 'the answer broke off', undelivered: true } as const
  return watchBody(response, () => payer.settle(payment, broken))
}

/** Says how an answer came from elsewhere than the payment was sent to, if it did. */
function strayed(response: Response, { resource }: Challenge): string | undefined {
  const isRedirect = response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)
  if (isRedirect) return 'the server answered the payment with a redirect'
  const url = response.url || resource.url
  return response.redirected || new URL(url).origin !== resource.origin ? 'the answer came from another URL' : undefined
}

function advise(payment: Payment): Pick<ResponsePayment, 'moved' | 'next'> {
  const until = new Date(payment.terms.validBefore * 1000).toISOString()
  const next =
    payment.status === 'claimed'
      ? 'Nothing: the server says that it is paid.'
      : `Do not pay again: the server can settle ${payment.id} until ${until}, and it counts as spent. The same call made again goes on from it.`
  return { moved: 'maybe', next }
}

import type { Replay } from './kept-body.js'
import { type Challenge, readBody } from './challenge.js'
import { waitFor } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { goesOn, maySettle } from '../errors/describe.js'
import { AlreadyPaidError, type Moved, PaymentOutcomeUnknownError, PaymentRejectedError } from '../errors.js'
import { fetchWithin } from './inside.js'
import { jsonSafe } from '../lib/json-safe.js'
import type { Payer } from '../pay/payer.js'
import type { ProtocolAnswer } from '../ports/protocol.js'
import type { PayingCall } from './request.js'
import type { Authorization, Payment, Receipt, Resource } from '../types.js'
import { watchBody } from './watch-body.js'

/** A payment as a response shows it, with what its holder should know. */
export type ResponsePayment = Payment & {
  /** Whether money can have left. */
  readonly moved: Moved
  /** What to do next, in words. */
  readonly next: string
}

const payments = new WeakMap<Response, ResponsePayment>()
const undelivered = new WeakMap<Response, () => Promise<unknown>>()
/** Statuses that a fetch follows; 300 and 304 are answers. */
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Answers the payment that a response was bought with, or `undefined` when it was not paid for. */
export function getPayment(response: Response): ResponsePayment | undefined {
  return payments.get(response)
}

/**
 * Files that what a response was paid for did not reach its buyer, such as a body that is too long to be passed on: the same
 * call made again then goes on from that payment instead of buying anew. A body that breaks off while it is read is filed so
 * by itself.
 */
export async function reportUndelivered(response: Response): Promise<void> {
  if (getPayment(response)?.status !== 'unknown') await undelivered.get(response)?.()
}

export type PaidRequest = { readonly url: string; readonly init: RequestInit }

/**
 * The caller's request once more, to the URL that was judged and no other. It differs by its payment, follows no redirect,
 * and, where the platform has a cache, is not answered from it.
 */
export function paidRequest(
  call: PayingCall,
  { protocol, required, resource }: Challenge,
  authorization: Authorization,
  replay: Replay,
): PaidRequest {
  return requestWith(call, resource, protocol.attach(required, authorization), replay)
}

/** The same with any headers, for what is no payment. */
export function requestWith(
  call: PayingCall,
  resource: Resource,
  added: Readonly<Record<string, string>>,
  { body, contentType }: Replay,
): PaidRequest {
  const { headers, ...settings } = call.init()
  if (contentType !== undefined && !headers.has('content-type')) headers.set('content-type', contentType)
  for (const [name, value] of Object.entries(added)) headers.set(name, value)
  const cache = hasCache() ? ({ cache: 'no-store' } as const) : {}
  const init = { ...cache, ...settings, method: call.method, headers, redirect: 'manual' } as const
  return { url: resource.url, init: body === undefined ? init : { ...init, body } }
}

/** Some platforms have no cache, and refuse the setting. */
function hasCache(): boolean {
  return 'cache' in Request.prototype
}

/** Writes and sends a payment, which is signed already: it counts as spent, whatever happens here. */
export async function sendPaid(
  fetch: typeof globalThis.fetch,
  write: () => PaidRequest,
  { payment }: Authorization,
  payer: Payer,
): Promise<Response> {
  const stop = new AbortController()
  const { validBefore, usefulUntil = validBefore } = payment.terms
  // Nobody can settle it any more by then, and not at all where the clock has jumped on since it was signed.
  const ms = Math.max(0, usefulUntil * 1000 + deadlines.answerGrace - payer.clock())
  try {
    const { url, init } = write()
    const signal = init.signal ? AbortSignal.any([init.signal, stop.signal]) : stop.signal
    const answer = fetchWithin(fetch, fetch, url, { ...init, signal })
    return await waitFor(answer, { ms, sentence: 'no answer while it could be settled', signal: init.signal })
  } catch (cause) {
    stop.abort(cause)
    const unknown = await payer.settle(payment, { status: 'unknown', note: 'no answer came' })
    throw new PaymentOutcomeUnknownError(unknown, { reason: 'no answer came', cause })
  }
}

/**
 * Files what the answer says of the payment, and hands over the answer untouched. What was bought is delivered by a
 * successful answer, whatever its receipt says besides; a receipt on any other proves that money went, not that goods came.
 *
 * @throws PaymentRejectedError for another 402, or a 412 of x402's.
 * @throws AlreadyPaidError for the same to a payment that had its answer, and was sent once more in case that was lost.
 * @throws PaymentOutcomeUnknownError for a redirect without a receipt that the caller did not ask for, or an answer that is
 * from elsewhere or cannot be read; each carries the response.
 */
export async function conclude(
  response: Response,
  { call, challenge, payer }: { readonly call: PayingCall; readonly challenge: Challenge; readonly payer: Payer },
  { payment }: Authorization,
): Promise<Response> {
  const said = await readSaid(response, { call, challenge }, payment).catch(async (cause: unknown) => {
    const unread = 'the answer could not be read'
    const unknown = await payer.settle(payment, { status: 'unknown', note: unread })
    throw new PaymentOutcomeUnknownError(unknown, { reason: unread, cause, response })
  })
  const { receipt, reason, untrustedReason, note: doubt, attestation, answeredElsewhere } = said
  const isDelivered = reason === undefined && answeredElsewhere === undefined && delivers(response, receipt)
  const note = reason ?? answeredElsewhere ?? (isDelivered ? doubt : `the server answered ${response.status}`)
  const settled = await payer.settle(payment, {
    status: isDelivered ? 'claimed' : 'unknown',
    receipt,
    note,
    attestation,
  })
  // Which condition failed a 412 does not say, unless x402 does.
  const isRejected = response.status === 402 || (response.status === 412 && reason !== undefined)
  // It was answered before it was sent once more: a server that takes a payment once is right to say no.
  if (isRejected && payment.status === 'claimed') throw new AlreadyPaidError(settled)
  if (isRejected) throw new PaymentRejectedError(settled, response, { reason, untrustedReason })
  if (answeredElsewhere !== undefined)
    throw new PaymentOutcomeUnknownError(settled, { reason: answeredElsewhere, response })
  const show = (one: Payment): unknown => payments.set(response, jsonSafe({ ...one, ...advise(one) }))
  show(settled)
  if (!isDelivered) return response
  const broken = { status: 'unknown', receipt, note: 'the answer broke off', undelivered: true } as const
  const file = async (): Promise<unknown> => show(await payer.settle(payment, broken))
  undelivered.set(response, file)
  return watchBody(response, file)
}

/** What an answer says of a payment, and how it is none to the request, if it is not. */
type Said = ProtocolAnswer & { readonly answeredElsewhere: string | undefined }

async function readSaid(
  response: Response,
  { call, challenge }: { readonly call: PayingCall; readonly challenge: Challenge },
  payment: Payment,
): Promise<Said> {
  // Browsers and workers show nothing of a redirect that they do not follow, and nothing of it is a receipt.
  const answer =
    response.type === 'opaqueredirect'
      ? {}
      : challenge.protocol.readAnswer(response.headers, payment, await readRefusal(response, call))
  const isTaken = answer.receipt !== undefined || call.redirect === 'manual'
  return { ...answer, answeredElsewhere: whyAnsweredElsewhere(response, challenge, { isTaken }) }
}

/** The body of another 402 can say why; any other answer is the caller's to read. */
async function readRefusal(response: Response, call: PayingCall): Promise<string | undefined> {
  if (response.status !== 402) return undefined
  return readBody(response, call).catch(() => undefined)
}

/** Tells whether an answer says to go elsewhere; in browsers and workers it shows neither status nor headers. */
export function isRedirect({ type, status }: Response): boolean {
  return type === 'opaqueredirect' || redirects.has(status)
}

function delivers(response: Response, receipt: Receipt | undefined): boolean {
  return response.ok || response.status === 304 || (response.status < 400 && receipt !== undefined)
}

/** Says how an answer is none to the request that was paid, if it is not: it came from elsewhere, or says to go there. */
function whyAnsweredElsewhere(
  response: Response,
  { resource }: Challenge,
  redirect: { readonly isTaken: boolean },
): string | undefined {
  const url = response.url || resource.url
  if (response.redirected || new URL(url).origin !== resource.origin) return 'the answer came from another URL'
  return isRedirect(response) && !redirect.isTaken ? 'the server answered the payment with a redirect' : undefined
}

function advise(payment: Payment): Pick<ResponsePayment, 'moved' | 'next'> {
  const next =
    payment.status === 'claimed'
      ? 'Nothing: the server says that it is paid.'
      : `Do not pay again: ${payment.id} ${maySettle(payment)}, and counts as spent. ${goesOn}`
  return { moved: 'maybe', next }
}

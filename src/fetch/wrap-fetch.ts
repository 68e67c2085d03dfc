import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import { type PayingCall, type PayingRequestInit, readCall } from './request.js'
import { type Challenge, discardBody, readChallenge } from './challenge.js'
import { fetchWithin, isWithin } from './inside.js'
import { conclude, paidRequest, sendPaid } from './send-paid.js'
import { unlessAborted } from '../lib/deadline.js'
import { authorizeFirst, authorizeOptionsOf } from './authorize.js'
import { payAhead } from './pay-ahead.js'
import { noteTerms, recallTerms } from './routes.js'
import { nothingToPay } from '../pay/create-payer.js'
import type { Payer } from '../pay/payer.js'
import type { Quote } from '../pay/quote.js'
import { askSignedIn, wantsMore } from './sign-in.js'
import { readReplay } from './replay.js'
import { requirePayer } from './require-payer.js'
import { ConfigurationError } from '../errors.js'
import type { Labels } from '../types.js'

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

const wrapped = new WeakMap<PayingFetch, typeof fetch>()

const optionNames: OptionNames<WrapFetchOptions> = { maxReplayBytes: true, labels: true, repeatable: true }

/**
 * Makes a `fetch` that answers a 402 by paying it, once, under the rules of a wallet or a session.
 *
 * A response that is no 402 comes back as it is. What is thrown instead of a response is a `StipendError`: with
 * `moved: 'no'` nothing was signed, with `moved: 'maybe'` a payment left and counts as spent.
 *
 * @throws ConfigurationError when it is given something else than a fetch and a wallet or a session.
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
  if (typeof fetch !== 'function')
    throw new ConfigurationError('Failed to read wrapFetch: expected a fetch, and then a wallet')
  requirePayer('wrapFetch', payer)
  refuseUnknown('wrapFetch', options, optionNames)
  const { maxReplayBytes = 1_048_576, labels = {}, repeatable = false } = options
  const paymentHeaders = payer.protocols.flatMap((protocol) => protocol.paymentHeaders)

  const payingFetch: PayingFetch = async (input, init) => {
    // Whoever called this pays for it, or asks what it would cost.
    if (isWithin(init)) return fetch(input, init)
    const call = readCall(input, init, { paymentHeaders, maxReplayBytes, repeatable })
    const known = recallTerms(call, payer)
    const ahead = known && (await payAhead(fetch, known, { call, labels, payer }))
    if (ahead) return ahead
    const response = await sendUnpaid(fetch, call)
    if (response.status !== 402) return response
    const asked = await recognise(response, call, payer)
    const [first] = asked
    if (!first) return response
    call.refuseMisspelt()
    const { body, requestHash } = await readReplay(call, first.resource)
    const open = (one: readonly Challenge[]) => askSignedIn(fetch, one, { call, body, requestHash, labels }, payer)
    const opened = await open(asked)
    if (opened && !wantsMore(opened)) return opened
    const isAnother = opened?.status === 402
    if (opened && !isAnother) discardBody(opened)
    const challenges = isAnother ? await recognise(opened, call, payer) : asked
    if (isAnother && challenges.length === 0) return opened
    let meanwhile: Promise<Response | undefined> | undefined
    const isOpenedMeanwhile = async (): Promise<boolean> => {
      meanwhile = open(challenges)
      // Where it fails, so does the call, by just that: nothing is signed.
      return meanwhile.then(isAnswer, () => true)
    }
    const authorized = await authorizeFirst(challenges, async (one) =>
      payer.authorize(one.required, { ...authorizeOptionsOf(call, one, labels), requestHash, isOpenedMeanwhile }),
    ).catch((error: unknown) => {
      if (error !== nothingToPay) throw error
    })
    if (!authorized) return (await meanwhile) as Response
    const { challenge, authorization } = authorized
    const write = () => paidRequest(call, challenge, authorization, body)
    const answer = await sendPaid(fetch, write, authorization, payer)
    const concluded = await conclude(answer, { call, challenge, payer }, authorization)
    return noteTerms(concluded, { call, challenge, payer }, authorization)
  }
  wrapped.set(payingFetch, fetch)
  return payingFetch
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
    const { maxMicroUsd, labels } = call
    const appraise = ({ required, resource }: Challenge) => payer.appraise(required, { resource, labels, maxMicroUsd })
    const known = call.ahead ? recallTerms(call, payer) : undefined
    if (known) return appraise(known)
    const response = await sendUnpaid(fetch, call)
    const challenges = response.status === 402 ? await recognise(response, call, payer) : []
    discardBody(response)
    call.kept.discard()
    const quotes = await unlessAborted(call.signal, Promise.all(challenges.map(appraise))).finally(call.unfollow)
    return quotes.find(({ offers }) => offers.length > 0) ?? quotes[0]
  }
}

/** Tells whether there is an answer to hand over; one that wants more is let go of. */
function isAnswer(response: Response | undefined): boolean {
  const isMore = response !== undefined && wantsMore(response)
  if (isMore) discardBody(response)
  return response !== undefined && !isMore
}

async function sendUnpaid(fetch: typeof globalThis.fetch, { kept, signal, unfollow }: PayingCall): Promise<Response> {
  let response: Response | undefined
  const answer = (async () => fetchWithin(fetch, fetch, kept.input, kept.init))()
  try {
    response = await unlessAborted(signal, answer)
    return response
  } catch (error) {
    // A fetch of the caller's own may not heed the signal: then nobody reads what it answers.
    answer.then(discardBody).catch(() => {})
    throw error
  } finally {
    if (response?.status !== 402) {
      kept.discard()
      unfollow()
    }
  }
}

/** A 402 to HEAD or OPTIONS asks nothing: what it would pay for is not what the caller wants. */
async function recognise(response: Response, call: PayingCall, payer: Payer): Promise<readonly Challenge[]> {
  if (call.method === 'HEAD' || call.method === 'OPTIONS') return []
  const asked = { url: call.url(), method: call.method, signal: call.signal }
  const challenges = await readChallenge(response, asked, payer.protocols)
  if (challenges.length > 0) discardBody(response)
  return challenges
}

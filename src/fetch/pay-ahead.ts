import { type Challenge, discardBody, readChallenge } from './challenge.js'
import { authorizeFirst, authorizeOptionsOf } from './authorize.js'
import type { HashedReplay } from './replay.js'
import { readReplay } from './replay.js'
import type { PayingCall } from './request.js'
import { forgetTerms, noteTerms } from './routes.js'
import { conclude, paidRequest, sendPaid } from './send-paid.js'
import { isStipendError, PaymentOutcomeUnknownError } from '../errors.js'
import { isSameAddress } from '../lib/same-address.js'
import type { Payer } from '../pay/payer.js'
import type { Authorization, Labels, OfferClaim, Payment } from '../types.js'

type Ahead = { readonly call: PayingCall; readonly labels: Labels; readonly payer: Payer }

/**
 * Sends a request with its payment, by the terms that were asked last; answers nothing where these cannot be paid, so that
 * it is asked first.
 *
 * @throws PaymentOutcomeUnknownError when other terms are asked in answer, and cannot be paid under the same nonce.
 */
export async function payAhead(
  fetch: typeof globalThis.fetch,
  challenge: Challenge,
  { call, labels, payer }: Ahead,
): Promise<Response | undefined> {
  call.refuseMisspelt()
  const replay = await readReplay(call, challenge.resource)
  const { body, requestHash } = replay
  const options = { ...authorizeOptionsOf(call, challenge, labels), requestHash, ahead: true }
  const authorization = await payer.authorize(challenge.required, options).catch((error: unknown) => {
    forgetTerms(call, payer)
    return unlessUnsigned(error)
  })
  if (!authorization) return undefined
  const response = await sendPaid(fetch, () => paidRequest(call, challenge, authorization, body), authorization, payer)
  // What cannot be read is filed as such below.
  const asked = await readOtherTerms(response, { call, challenge, payer }, authorization).catch(() => [])
  if (asked.length > 0) {
    forgetTerms(call, payer)
    discardBody(response)
    return payAgain(fetch, asked, authorization.payment, { call, labels, payer, replay })
  }
  const answer = await conclude(response, { call, challenge, payer }, authorization).catch((error: unknown) => {
    forgetTerms(call, payer)
    throw error
  })
  return noteTerms(answer, { call, challenge, payer }, authorization)
}

/** What was refused before anything was signed may still be free, or asked for otherwise. */
function unlessUnsigned(error: unknown): undefined {
  if (error instanceof PaymentOutcomeUnknownError) return undefined
  if (isStipendError(error) && error.moved === 'no') return undefined
  throw error
}

/** Reads what else a server asks in answer to a payment; nothing where it took it, or asks just what was paid. */
async function readOtherTerms(
  response: Response,
  { call, challenge, payer }: Omit<Ahead, 'labels'> & { readonly challenge: Challenge },
  { payment }: Authorization,
): Promise<readonly Challenge[]> {
  if (response.status !== 402) return []
  const isTaken = challenge.protocol.readAnswer(response.headers, payment, undefined).receipt !== undefined
  const asked = { url: call.url(), method: call.method, signal: call.signal }
  const challenges = await readChallenge(response, asked, payer.protocols).catch(() => [])
  const isAsPaid = challenges.some(({ required }) => required.claims.some((claim) => isOf(claim, payment)))
  return isTaken || isAsPaid ? [] : challenges
}

function isOf({ scheme, network, asset, amount, payTo }: OfferClaim, payment: Payment): boolean {
  const isSameAsset = network === payment.asset.network && isSameAddress(asset, payment.asset.address)
  return scheme === payment.scheme && isSameAsset && amount === payment.amount && isSameAddress(payTo, payment.payTo)
}

/** Pays what is asked now under the nonce of the payment that was sent: the server can take one of the two. */
async function payAgain(
  fetch: typeof globalThis.fetch,
  asked: readonly Challenge[],
  payment: Payment,
  { call, labels, payer, replay }: Ahead & { readonly replay: HashedReplay },
): Promise<Response> {
  const { challenge, authorization } = await authorizeFirst(asked, async (one) =>
    payer.authorize(one.required, {
      ...authorizeOptionsOf(call, one, labels),
      requestHash: replay.requestHash,
      again: payment,
    }),
  ).catch(async (cause: unknown) => {
    const unknown = await payer.settle(payment, { status: 'unknown', note: 'the server asks other terms now' })
    const reason = 'it was paid by the terms that were asked last, and those that are asked now cannot be paid'
    throw cause instanceof PaymentOutcomeUnknownError
      ? cause
      : new PaymentOutcomeUnknownError(unknown, { reason, cause })
  })
  const write = () => paidRequest(call, challenge, authorization, replay.body)
  const response = await sendPaid(fetch, write, authorization, payer)
  const answer = await conclude(response, { call, challenge, payer }, authorization)
  return noteTerms(answer, { call, challenge, payer }, authorization)
}

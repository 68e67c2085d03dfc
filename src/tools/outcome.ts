import type { AnyStipendError } from '../errors.js'
import type { Payment } from '../types.js'
import type { ToolAnswer, PayFetchOutput, Status } from './answers.js'
import { plain } from '../lib/untrusted.js'
import { instant, seeApproval, seePayment } from './views.js'

const maxExplanationLength = 2000
const maxReasonLength = 256

/** What a refusal or a failure is to a model, where no money can have left. */
const statuses: Readonly<Record<string, Status>> = {
  payment_denied: 'denied',
  limit_exceeded: 'denied',
  insufficient_funds: 'denied',
  wallet_frozen: 'denied',
  session_revoked: 'denied',
  session_invalid: 'denied',
  approval_required: 'waiting',
  payment_delayed: 'waiting',
}

const doNotRepeat = 'Do not buy it again.'

/** What to do next, where the error itself does not say. */
const advice: Readonly<Record<string, string>> = {
  payment_denied: 'The owner decides what may be bought: do without it, or find a way that the rules allow.',
  insufficient_funds: 'Only the owner can send more. Then call again.',
  wallet_frozen: 'Only the owner can unfreeze it.',
  session_revoked: 'Nothing more can be bought with it.',
  approval_required: 'The owner decides. Then call again with the same input, and with the key if there is one here.',
  already_paid: doNotRepeat,
  payment_delayed: 'Call again with the same input, and with the key if there is one here, once its time has come.',
}

/** Codes whose details quote the server, or tell a developer what a model should not try: only the sentence is shown. */
const quoting = new Set([
  'malformed_message',
  'no_payable_offer',
  'request_unpayable',
  'configuration_invalid',
  'already_paid',
])

/** Says in a result what an error means; never with a cause, a response or anything else that it carries. */
export function outcomeOf(error: AnyStipendError, purchaseKey: string | undefined): PayFetchOutput {
  const answer = answerOf(error)
  const isWaiting = answer.status === 'waiting' && purchaseKey !== undefined
  return {
    ...answer,
    ...('payment' in error && hasLeft(error) && { payment: seePayment(error.payment) }),
    ...('untrustedReason' in error && { untrustedReason: untrustedWords(error.untrustedReason) }),
    ...('approval' in error && { approval: seeApproval(error.approval) }),
    ...(isWaiting && { key: purchaseKey }),
    ...('fitsAt' in error && error.fitsAt !== undefined && { fitsAt: instant(error.fitsAt) }),
  }
}

/** Says what an error means to any of the tools. */
export function answerOf(error: AnyStipendError): ToolAnswer {
  const { code, moved, message } = error
  // Paid before is known; all else that can have moved money is not.
  const isUnknown = moved === 'maybe' && code !== 'already_paid'
  const words = quoting.has(code) ? (message.split('\n')[0] ?? '') : message
  return {
    status: isUnknown ? 'unknown' : (statuses[code] ?? 'failed'),
    explanation: plain(
      [words, isUnknown ? doNotRepeat : advice[code]].filter(Boolean).join('\n'),
      maxExplanationLength,
    ),
    code,
  }
}

function untrustedWords(text: string | undefined): string | undefined {
  return text === undefined ? undefined : plain(text, maxReasonLength)
}

/** Says which field of the input does not fit the schema, and what was expected of it; none of what it held. */
export function invalidInput({ path, keys = [], message }: Issue): ToolAnswer {
  const where = plain(path.map(String).join('.'), 64) || 'input'
  const what = keys.length > 0 ? `there is no field ${plain(keys.join(', '), 64)}` : message
  return failed('input_invalid', `Input is not usable: ${where}: ${what}.`)
}

type Issue = {
  readonly path: readonly PropertyKey[]
  readonly keys?: readonly string[] | undefined
  readonly message: string
}

/** Says that something failed, in fixed words. */
export function failed(code: string, explanation: string): ToolAnswer {
  return { status: 'failed', code, explanation }
}

/** Says what becomes of an error that is not one of the package, after the payment was signed or without one. */
export function brokenOff(payment: Payment | undefined): PayFetchOutput {
  if (!payment) return failed('request_failed', 'Request failed before anything was paid: no usable answer came.')
  const explanation = `Outcome of the payment is unknown: ${payment.id} was signed, and no usable answer came. ${doNotRepeat}`
  return {
    status: 'unknown',
    code: 'payment_outcome_unknown',
    explanation,
    payment: seePayment({ ...payment, status: 'unknown' }),
  }
}

function hasLeft({ moved }: AnyStipendError): boolean {
  return moved === 'maybe'
}

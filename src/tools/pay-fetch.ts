import { callLabel } from '../pay/labels.js'
import { isStipendError, PaymentDeniedError } from '../errors.js'
import { protocolHint } from '../fetch/protocol-hint.js'
import { getPayment, reportUndelivered } from '../fetch/send-paid.js'
import { wrapFetch } from '../fetch/wrap-fetch.js'
import type { Payer } from '../pay/payer.js'
import type { Quote } from '../pay/quote.js'
import type { Approval, ApprovalId, Payment } from '../types.js'
import type { PayFetchOutput } from './answers.js'
import type { OwnerView } from './owner-view.js'
import type { PayFetchInput } from './input.js'
import { keepBought, recallBought } from './bought.js'
import { inConversation, signingIn } from './conversation.js'
import { brokenOff, failed, outcomeOf } from './outcome.js'
import { readAnswer } from './response.js'
import { withStanding } from './standing.js'
import { seePayment } from './views.js'

/** One call of a tool, as a framework makes it. */
export type ToolCall = {
  readonly signal?: AbortSignal | undefined
  /** Names the call; made again under the same name, it is the same purchase and is paid once. */
  readonly key?: string | undefined
  /**
   * Names the conversation that the call is of: while nobody knows what became of a payment, another call of it for the
   * same request goes on from that one, since models call again.
   */
  readonly conversation?: string | undefined
  /** The only approval that it goes on with; any other it would need is refused instead of asked for. */
  readonly approval?: ApprovalId | undefined
}

/** What the tools are made of. */
export type ToolContext = {
  readonly owner: OwnerView
  /** Says why a URL is out of reach. */
  readonly reach: (url: string) => string | undefined
  readonly maxCharacters: number
}

/** Requests of one session that wait for a person; a model that asks for ever tires nobody out. */
const maxWaiting = 20

/**
 * Fetches, pays if it must, and says in a result what came of it. A call that is run again after it bought something gets
 * the answer of then.
 */
export async function payFetch(input: PayFetchInput, call: ToolCall, context: ToolContext): Promise<PayFetchOutput> {
  const bought = await recallBought(input, call, context.owner)
  if (bought) return bought
  const result = await withStanding(await attempt(input, call, context), { ...input, callKey: call.key }, context.owner)
  await keepBought(input, call, context.owner, result)
  return result
}

async function attempt(input: PayFetchInput, call: ToolCall, context: ToolContext): Promise<PayFetchOutput> {
  const outOfReach = context.reach(input.url)
  if (outOfReach !== undefined)
    return { ...failed('host_denied', `Nothing was sent: ${outOfReach}.`), status: 'denied' }
  const { owner } = context
  const signed: Payment[] = []
  const authorize: Payer['authorize'] = async (required, ask) => {
    await refuseFlood(required, ask, call, owner)
    const asked = { ...ask, ...inConversation(ask, input, call), approval: call.approval }
    const authorization = await owner.payer.authorize(required, asked)
    signed.push(authorization.payment)
    return authorization
  }
  try {
    const response = await send(input, call, { ...signingIn(input, call, owner.payer), authorize }, context)
    return await resultOf(response, context)
  } catch (error) {
    if (isStipendError(error)) return outcomeOf(error, input.key ?? call.key)
    if (call.signal?.aborted && signed.length === 0) throw error
    return brokenOff(signed[0])
  }
}

/** What a person was shown of a call before, and what keeps an answer that came meanwhile. */
type Asking = { readonly shown: ApprovalId | undefined; readonly keep: (result: PayFetchOutput) => void }

/**
 * Finds out whether a call would have to wait for a person, and asks for permission if so. Nothing is paid, unless the limits
 * have made room in the same instant. An answer is kept for the call itself: a request that asks no payment is not made
 * twice.
 */
export async function askFirst(
  input: PayFetchInput,
  call: ToolCall,
  context: ToolContext,
  { shown, keep }: Asking,
): Promise<Approval | undefined> {
  if (call.key === undefined || context.reach(input.url) !== undefined) return undefined
  if (await recallBought(input, call, context.owner)) return undefined
  try {
    // What a person was shown of this call stays what is asked, whatever is asked for it by now.
    const known = await askedBy(call.key, context.owner, shown)
    const wanted = known ?? (await sendToAsk(input, call, context, keep))
    return wanted?.status === 'pending' ? wanted : undefined
  } catch (error) {
    if (call.signal?.aborted) throw error
    // The call itself meets the same failure, and answers it.
    return undefined
  }
}

/** Makes the request as if it were to be paid, and goes as far as asking; an earlier call can have asked under its key. */
async function sendToAsk(
  input: PayFetchInput,
  call: ToolCall,
  context: ToolContext,
  keep: (result: PayFetchOutput) => void,
): Promise<Approval | undefined> {
  const { payer, session } = context.owner
  const authorize: Payer['authorize'] = async (required, ask) => {
    if (!needsPerson(await payer.appraise(required, ask))) throw refusal('nothing has to be asked')
    await refuseFlood(required, ask, call, context.owner)
    return payer.authorize(required, { ...ask, ...inConversation(ask, input, call) })
  }
  try {
    const asking = { ...signingIn(input, call, payer), authorize }
    const result = await resultOf(await send(input, call, asking, context), context)
    keep(await withStanding(result, { ...input, callKey: call.key }, context.owner))
    return undefined
  } catch (error) {
    if (!isStipendError(error)) throw error
    return error.code === 'approval_required' && error.approval.sessions?.at(-1) === session
      ? error.approval
      : undefined
  }
}

/**
 * Answers the request for approval that a person was shown of a call, or else that the call has made, if it still stands. A
 * session made from this one sees to its labels itself, and what it asks for is not of this call whatever they say.
 */
export async function askedBy(
  key: string,
  { approvals, session }: Pick<OwnerView, 'approvals' | 'session'>,
  shown?: ApprovalId,
): Promise<Approval | undefined> {
  const all = await approvals.list()
  const isOfCall = ({ id, labels }: Approval) => (shown === undefined ? labels[callLabel] === key : id === shown)
  return all.findLast((one) => one.kind === 'approval' && isOfCall(one) && one.sessions?.at(-1) === session)
}

async function send(input: PayFetchInput, call: ToolCall, payer: Payer, { owner }: ToolContext): Promise<Response> {
  const { url, method = 'GET', headers, body, maxUsd } = input
  const labels = call.key === undefined ? {} : { [callLabel]: call.key }
  return wrapFetch(owner.fetch, payer, { labels })(url, {
    method,
    ...(headers && { headers: { ...headers } }),
    ...(body !== undefined && { body }),
    ...(call.signal && { signal: call.signal }),
    // Where a redirect leads has to be judged like any other URL.
    redirect: 'manual',
    payment: { key: input.key ?? call.key, maxUsd },
  })
}

async function refuseFlood(...[required, ask, call, { approvals, payer }]: FloodCheck): Promise<void> {
  const waiting = (await approvals.list()).filter(({ kind, status }) => kind === 'approval' && status === 'pending')
  const isOwn = waiting.some(({ labels }) => labels[callLabel] === call.key && call.key !== undefined)
  if (waiting.length < maxWaiting || isOwn || !needsPerson(await payer.appraise(required, ask))) return
  throw refusal(`${maxWaiting} requests wait for the owner already`)
}

type FloodCheck = [...Parameters<Payer['authorize']>, call: ToolCall, owner: OwnerView]

/** Whether nothing could be paid at once, and a person's yes would help. */
function needsPerson({ payable, offers }: Quote): boolean {
  return (!payable || payable.waitsFor === 'approval') && offers.some(({ waitsFor }) => waitsFor === 'approval')
}

function refusal(reason: string): PaymentDeniedError {
  return new PaymentDeniedError([{ rule: 'approval', reason }])
}

async function resultOf(response: Response, { maxCharacters }: ToolContext): Promise<PayFetchOutput> {
  const { seen, isBroken } = await readAnswer(response, maxCharacters)
  if (isBroken) await reportUndelivered(response)
  const payment = getPayment(response)
  const isGood = response.ok && !isBroken
  const answer = isBroken ? 'an answer that broke off' : `${response.status}`
  if (!payment) {
    const explanation = isGood ? 'Nothing had to be paid for it.' : unpaid(response, answer)
    return { status: isGood ? 'ok' : 'failed', explanation, ...(!isGood && { code: 'http_error' }), ...seen }
  }
  const shown = { ...seen, payment: seePayment(payment) }
  const { amountUsd } = shown.payment
  if (payment.status !== 'claimed') {
    const explanation = `Outcome of the payment of ${amountUsd} is unknown: the server answered with ${answer}. ${payment.next}`
    return { status: 'unknown', explanation, code: 'payment_outcome_unknown', ...shown }
  }
  if (isGood) return { status: 'ok', explanation: `Paid ${amountUsd}; the server says it has it.`, ...shown }
  const explanation = `Paid ${amountUsd}, as the server says, but it answered with ${answer}. Do not buy it again.`
  return { status: 'failed', explanation, code: 'http_error', ...shown }
}

function unpaid({ status, headers }: Response, answer: string): string {
  if (status === 402) {
    return `Server asks for a payment in a way that this wallet does not know${protocolHint(headers)}; nothing was paid.`
  }
  if (status >= 300 && status < 400) return 'Server redirects to another URL, which was not followed; nothing was paid.'
  return `Server answered with ${answer}; nothing was paid.`
}

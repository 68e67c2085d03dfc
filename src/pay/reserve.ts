import { areAmong, allowsExceeding, allowsDifference } from './allowance.js'
import { awaitApproval, checkConsent, findApproved } from './approve.js'
import { approvalId, type Question, questionOf } from './question.js'
import { InsufficientFundsError, PaymentDeniedError } from '../errors.js'
import { isForShortage, nothingNew, shortageOf } from './funds.js'
import type { Candidate, PurchaseRequest, PayContext } from './context.js'
import { oncePermitIsFree } from './permits.js'
import { type Payable, prepare, type Prepared } from './prepare.js'
import { prepareAnew, renew } from './renew.js'
import { resumeOrRenew } from './resume.js'
import { admit } from './sign.js'
import { type Given, noteLetThrough } from './let-through.js'
import { type Excess, type Tried, tryReserve } from './try-reserve.js'
import { deepFreeze } from '../lib/freeze.js'
import { isSamePurchase } from '../ledger/lifecycle.js'
import type { ApprovalId, Payment } from '../types.js'

/** How often one call asks: after a yes, something else can have come to be in the way. */
const maxQuestions = 3

/**
 * Judges offers and records the payment for the one to pay, under its limits, in one step of the ledger, once it need not
 * wait any more. Where the purchase or an identical request has an unresolved payment already, it is that one which is
 * signed and sent again: the same nonce, so that it is paid once.
 */
export async function record(payable: Payable, request: PurchaseRequest, context: PayContext): Promise<Prepared> {
  request.signal?.throwIfAborted()
  const { existing, payment, allowed } = await oncePermitIsFree(
    () => reserveFunded(payable, request, context),
    request,
    context,
  )
  if (existing === undefined) return { payment: admit(payment), allowed }
  const { required } = payable
  const candidates = payable.candidates.filter((one) => isOf(existing, one))
  // What it was made for is asked as well, behind what is preferred by now.
  if (candidates.length > 0 && !isSamePurchase(existing, payment) && candidates.length < payable.candidates.length) {
    const resumed = await record({ required, candidates }, request, context).catch(unlessDenied)
    if (resumed) return resumed
  }
  return { payment: admit(await resumeOrRenew(existing, { required, payment, allowed }, request, context)), allowed }
}

/** What is refused by now can have been paid already: its caller is told that, and not that no money moved. */
function unlessDenied(error: unknown): undefined {
  if (!(error instanceof PaymentDeniedError)) throw error
}

/** Tells whether an offer asks just what a payment is. */
function isOf(payment: Payment, { offer: { asset, amount, payTo, scheme } }: Candidate): boolean {
  return isSamePurchase(payment, { ...payment, asset, amount, payTo, scheme })
}

/**
 * Records a payment of nothing before its key is used; answers nothing where it is there already, or nothing may be signed.
 */
export async function recordSignIn(
  payment: Payment,
  { ledger, sessions, notAfter }: PayContext,
): Promise<Payment | undefined> {
  const reservation = await ledger.reserve(payment, [], { sessions, notAfter })
  return reservation.ok ? admit(payment) : undefined
}

/** Records a payment with a time that begins now, in place of what is recorded under its nonce; nothing where that stands. */
export async function recordAnew(
  known: Payment,
  allowing: Pick<Payable, 'required'> & Pick<Prepared, 'allowed'>,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Prepared | undefined> {
  const anew = await prepareAnew(known, allowing, request, context)
  const renewed = await renew(known, anew, request, context)
  return renewed?.tried.type === 'recorded' ? { payment: admit(renewed.payment), allowed: anew.allowed } : undefined
}

type Reserved = Prepared & { readonly existing: Payment | undefined }

/** Reserves for the preferred offer of those that there is enough for. */
async function reserveFunded(payable: Payable, request: PurchaseRequest, context: PayContext): Promise<Reserved> {
  try {
    return await reserveWithApproval(payable, request, context)
  } catch (error) {
    if (!(error instanceof InsufficientFundsError)) throw error
    const candidates = payable.candidates.filter(({ offer }) => offer.index !== error.offer?.index)
    if (candidates.length === 0 || candidates.length === payable.candidates.length) throw error
    return await reserveFunded({ ...payable, candidates }, request, context).catch((other: unknown) => {
      throw other instanceof PaymentDeniedError || other instanceof InsufficientFundsError ? error : other
    })
  }
}

/**
 * Reserves; where a person has to be asked first, asks, and judges and fixes it all anew with the answer: meanwhile the
 * policy can have changed, and the terms have grown old.
 */
async function reserveWithApproval(
  { required, candidates }: Payable,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Reserved> {
  const given = new Set<ApprovalId>()
  let prepared = await prepare({ required, candidates }, request, context)
  for (;;) {
    const outcome = await reserveIfFunded(prepared, request, context)
    if (outcome.type !== 'waiting') return { ...prepared, ...outcome }
    const id = approvalId(prepared.payment, outcome.question, request)
    if (given.has(id) || given.size >= maxQuestions) throw notCovered('it was given for something else, or has expired')
    checkConsent(id, outcome.question, request)
    const { payment } = prepared
    const asked = (): Promise<void> => awaitApproval(payment, outcome.question, request, context)
    await (request.aside ? request.aside(asked) : asked())
    given.add(id)
    request.signal?.throwIfAborted()
    prepared = await prepare({ required, candidates: [prepared.allowed] }, request, context)
  }
}

/** Reserves, or answers the payment that is there already also where something is in the way of a new one. */
async function reserveIfFunded(prepared: Prepared, request: PurchaseRequest, context: PayContext): Promise<Outcome> {
  const { allowed } = prepared
  const shortage = await shortageOf(allowed, context.findShortage)
  request.signal?.throwIfAborted()
  const obstacle = shortage
    ? new InsufficientFundsError(shortage, allowed.offer)
    : context.action?.obstacle(prepared.payment)
  if (!obstacle) return reserve(prepared, request, context)
  const short = { ...prepared, allowed: { ...allowed, limits: [...allowed.limits, nothingNew] } }
  return reserve(short, request, context).catch((error: unknown) => {
    throw isForShortage(error) ? obstacle : error
  })
}

type Outcome =
  | { readonly type: 'reserved'; readonly payment: Payment; readonly existing: Payment | undefined }
  | { readonly type: 'waiting'; readonly question: Question }

/**
 * Reserves a payment under everything that is not let through, and finds out all that would have to be: what a person can
 * let through is set aside one by one, until nothing is missing but the yes to exactly these.
 */
async function reserve(prepared: Prepared, request: PurchaseRequest, context: PayContext): Promise<Outcome> {
  const { allowed } = prepared
  const beyond: Excess[] = []
  while (beyond.length <= allowed.limits.length + (allowed.pins?.length ?? 0)) {
    const question = questionOf(allowed.hold, beyond)
    const outcome = await reserveBeyond(prepared, question, request, context)
    if (outcome.type === 'reserved') return outcome
    if (outcome.type === 'waiting') return reserveByWider(prepared, question, request, context)
    beyond.push(outcome.excess)
  }
  throw notCovered('the ledger names a limit that is not one of the payment')
}

/** A yes covers what the person was told, also where less of it is in the way by now. */
async function reserveByWider(
  prepared: Prepared,
  question: Question | undefined,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Outcome> {
  if (!question) throw notCovered('the ledger asks for one')
  const waiting = { type: 'waiting', question } as const
  if (question.kind !== 'approval') return waiting
  const approved = await findApproved(prepared.payment, request, context)
  const wider = approved.find(({ allows = [] }) => areAmong(question.allows, allows))
  if (!wider) return waiting
  const given = { kind: wider.kind, allows: wider.allows ?? [] }
  const outcome = await reserveBeyond(prepared, given, request, context)
  return outcome.type === 'reserved' ? outcome : waiting
}

type Beyond = Extract<Outcome, { type: 'reserved' }> | Exclude<Tried, { type: 'recorded' } | { type: 'existing' }>

/** Reserves by using an approval up, without what it lets through; all the rest holds on, and what is new is remembered. */
async function reserveBeyond(
  { payment: fixed, allowed: { limits, pins = [] } }: Prepared,
  given: Given | undefined,
  request: PurchaseRequest,
  context: PayContext,
): Promise<Beyond> {
  const { sessions, notAfter } = context
  const { allows = [] } = given ?? {}
  const letThrough = noteLetThrough(limits, given)
  const payment = letThrough ? deepFreeze({ ...fixed, letThrough }) : fixed
  const options = {
    unresolvedForMs: request.sameRequest ? context.unresolvedForMs : undefined,
    approval: given && approvalId(payment, given, request),
    sessions,
    notAfter,
    pins: pins.filter((pin) => !allowsDifference(allows, pin)),
    newPins: pins.filter((pin) => allowsDifference(allows, pin)),
  }
  const held = limits.filter((limit) => !allowsExceeding(allows, limit))
  const tried = await tryReserve(payment, held, options, context)
  if (tried.type === 'recorded') return { type: 'reserved', payment, existing: undefined }
  // Nothing was given yet to what is there already.
  return tried.type === 'existing' ? { type: 'reserved', payment: fixed, existing: tried.payment } : tried
}

function notCovered(reason: string): PaymentDeniedError {
  return new PaymentDeniedError([{ rule: 'approval', reason }])
}

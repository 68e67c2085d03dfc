import { isAction, isTransfer } from '../resource.js'
import type { Hold, Limit, Pin, Resource } from '../types.js'
import type { Decision, PaymentRequest, Rule, RuleRefusal, Verdict } from '../ports/policy.js'
import { hasOnly, isText, ownFields, readHold, readLimits, readPins } from './read.js'
import { denial, denyAs } from './verdict.js'

/** One rule's answer, read: no objection, or one. */
export type Opinion = Allowance | Objection

type Grant = NonNullable<Extract<Decision, { type: 'allow' }>['grants']>

type Allowance = {
  readonly limits: readonly Limit[]
  readonly grants: Grant | undefined
  readonly hold: Hold | undefined
  readonly notify: boolean
  readonly pins: readonly Pin[]
}
type Objection = RuleRefusal & { readonly cause?: unknown }

/** Reads one rule's decision; a rule that throws or answers anything else denies. */
export function judgeBy({ name: rule, judge }: Rule, request: PaymentRequest): Opinion {
  try {
    const decision: unknown = judge(request)
    if (isThenable(decision)) {
      Promise.resolve(decision).catch(() => {})
      return { rule, reason: 'the rule failed to judge: it answered a promise, and rules judge at once' }
    }
    return readDecision(decision, rule) ?? { rule, reason: 'the rule failed to judge: its answer is not a decision' }
  } catch (cause) {
    // What it threw may hold anything, so it is kept as the cause and never put into words.
    return { rule, reason: 'the rule failed to judge: it threw', cause }
  }
}

function readDecision(decision: unknown, rule: string): Opinion | undefined {
  const fields = ownFields(decision)
  const { type, limits = [], grants, reason, notify = false, pins = [] } = fields
  if (type === 'deny') return { rule, reason: isText(reason) ? reason : 'denied' }
  const isAllow = type === 'allow' && hasOnly(fields, ['type', 'limits', 'grants', 'hold', 'notify', 'pins'])
  const read = readLimits(limits)
  const hold = readHold(fields['hold'])
  const kept = readPins(pins)
  if (!isAllow || !read || !kept || hold === null || typeof notify !== 'boolean') return undefined
  if (grants !== undefined && !isGrant(grants)) return undefined
  return { limits: read, grants, hold, notify, pins: kept }
}

const grantNames: readonly unknown[] = ['host', 'payee', 'action', 'flow'] satisfies readonly Grant[]

function isGrant(value: unknown): value is Grant {
  return grantNames.includes(value)
}

/** Tells whether a rule objects. */
export function isObjection(opinion: Opinion): opinion is Objection {
  return Object.hasOwn(opinion, 'reason')
}

/**
 * Takes all opinions together: any objection denies, and so does it when nobody gives permission to pay: the host that asks,
 * or for a transfer the payee, or for an action a rule about actions.
 */
export function fold(opinions: readonly Opinion[], { resource }: PaymentRequest): Verdict {
  const objections = opinions.filter(isObjection)
  if (objections.length > 0) {
    const refusals = objections.map(({ rule, reason }) => ({ rule, reason }))
    return denial(refusals, objections.find((one) => one.cause !== undefined)?.cause)
  }
  const allowances = opinions.filter((one): one is Allowance => !isObjection(one))
  const [needed, advice] = permissionFor(resource)
  if (!allowances.some(({ grants }) => grants === needed)) return denyAs(advice)
  const hold = strictest(allowances.flatMap((one) => one.hold ?? []))
  const notify = allowances.some((one) => one.notify)
  const limits = allowances.flatMap((one) => one.limits)
  const pins = allowances.flatMap((one) => one.pins)
  const isFree = allowances.some(({ grants }) => grants === 'flow')
  const rest = {
    ...(notify && { notify }),
    ...(pins.length > 0 && { pins }),
    ...(isFree && { grants: 'flow' as const }),
  }
  return { type: 'allow', limits, ...(hold && { hold }), ...rest }
}

function permissionFor(resource: Resource): typeof forHosts | typeof forTransfers | typeof forActions {
  if (isTransfer(resource)) return forTransfers
  return isAction(resource) ? forActions : forHosts
}

const forHosts = ['host', 'no rule allows any host; add allowHosts([…]) with those to pay'] as const
const forTransfers = ['payee', 'no rule allows any payee; add allowPayees([…]) with those to transfer to'] as const
const forActions = ['action', 'no rule allows any action; add allowActions([…]) with those to take'] as const

/** A person's word is stricter than any delay, and is given to all that asks for it; a long delay is stricter than a short one. */
export function strictest(holds: readonly Hold[]): Hold | undefined {
  const asking = holds.flatMap((hold) => (hold.kind === 'approval' ? [hold] : []))
  const delays = holds.flatMap((hold) => (hold.kind === 'delay' ? [hold] : []))
  if (asking.length === 0) return delays.toSorted((one, other) => other.seconds - one.seconds)[0]
  const reasons = Object.freeze([...new Set(asking.flatMap(({ reason, reasons: each = [reason] }) => each))])
  return Object.freeze({ kind: 'approval', reason: reasons.join('; '), ...(reasons.length > 1 && { reasons }) })
}

/** Tells whether a value is a promise, or acts like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

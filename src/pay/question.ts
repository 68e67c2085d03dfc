import { sha256Hex } from '../lib/sha256.js'
import { toMicroUsd } from '../money.js'
import { allowanceKey } from './allowance.js'
import type { PurchaseRequest } from './context.js'
import type { Excess } from './try-reserve.js'
import type { Allowance, ApprovalId, Hold, Payment } from '../types.js'

/** What has to be let through before a payment is made: by a person, or by time. */
export type Question = {
  readonly kind: Hold['kind']
  /** How long it has to wait, where only that is in its way. */
  readonly seconds?: number | undefined
  /** All of it, in words. */
  readonly reason: string
  readonly allows: readonly Allowance[]
}

/** Puts all that is in the way of a payment into one question; a person's word is more than a delay. */
export function questionOf(hold: Hold | undefined, beyond: readonly Excess[]): Question | undefined {
  if (beyond.length === 0 && hold?.kind !== 'approval') return hold && { ...hold, allows: [] }
  const rules: readonly Excess[] =
    hold?.kind === 'approval'
      ? (hold.reasons ?? [hold.reason]).map((reason) => ({ allowance: { type: 'rule', reason }, explanation: reason }))
      : []
  const all = [...rules, ...beyond]
  const reason = all.map(({ explanation }) => explanation).join('; ')
  return { kind: 'approval', reason, allows: all.map(({ allowance }) => allowance) }
}

/**
 * Names the approval of exactly these terms, and of what it lets them go beyond: of the purchase, where it has a name, else
 * of the request. A delay, which comes due by itself, is never taken for a person's word, nor for a longer one.
 */
export function approvalId(
  payment: Payment,
  { kind, allows, seconds }: Pick<Question, 'kind' | 'allows' | 'seconds'>,
  { isNamed }: Pick<PurchaseRequest, 'isNamed'>,
): ApprovalId {
  const { requestDigest, asset, amount, payTo, scheme, protocol, resource, terms } = payment
  const words = [
    kind,
    isNamed ? payment.purchaseKey : '',
    requestDigest,
    protocol,
    scheme,
    asset.network,
    asset.address,
    amount.toString(),
    payTo,
    resource.url,
    terms.payer,
    allows.map(allowanceKey).toSorted(),
    ...(seconds === undefined ? [] : [seconds]),
    ...worthInSteps(payment),
  ]
  // As JSON, in which no word can pass for the end of one and the beginning of another.
  return `apr_${sha256Hex(JSON.stringify(words)).slice(0, 32)}`
}

/** Tells whether a payment is worth so much more than another of the same terms that a yes to that one is none to it. */
export function isDearer(payment: Payment, other: Payment): boolean {
  return payment.microUsd > other.microUsd && worthInSteps(payment).join() !== worthInSteps(other).join()
}

/**
 * What a payment counts as, where its amount does not say: an action counts by its gas as well, and what is no dollar can be
 * worth more by now. In steps of an eighth to a quarter, since neither is the same twice; beyond its step nobody has said yes
 * to it.
 */
function worthInSteps({ microUsd, amount, asset }: Payment): readonly string[] {
  if (asset.microUsd === 1_000_000n && microUsd <= toMicroUsd(amount, asset)) return []
  const step = 1n << BigInt(Math.max(0, microUsd.toString(2).length - 3))
  return [((microUsd + step - 1n) / step).toString(), step.toString()]
}

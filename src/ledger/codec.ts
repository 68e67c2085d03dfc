import { canonicalJSON } from '../lib/canonical-json.js'
import { deepFreeze } from '../lib/freeze.js'
import type { Allowance, Approval, EarlierTerms, Payment } from '../types.js'

/** Writes a payment as JSON in the form of RFC 8785, its amounts as decimal strings: the same payment is the same text. */
export function encodePayment(payment: Payment): string {
  const { amount, microUsd, asset, receipt, earlier } = payment
  return canonicalJSON({
    ...payment,
    ...(earlier && { earlier: earlier.map((one) => ({ ...one, amount: one.amount.toString() })) }),
    amount: amount.toString(),
    microUsd: microUsd.toString(),
    asset: { ...asset, microUsd: asset.microUsd.toString() },
    receipt: receipt && { ...receipt, amount: receipt.amount?.toString() },
  })
}

/**
 * Reads a payment that `encodePayment` wrote.
 *
 * @throws SyntaxError when the text has been damaged.
 */
export function decodePayment(text: string): Payment {
  const { asset, receipt, earlier, ...rest } = JSON.parse(text)
  return deepFreeze({
    ...rest,
    ...(earlier && { earlier: earlier.map((one: EarlierTerms) => ({ ...one, amount: BigInt(one.amount) })) }),
    amount: BigInt(rest.amount),
    microUsd: BigInt(rest.microUsd),
    asset: { ...asset, microUsd: BigInt(asset.microUsd) },
    receipt: receipt && { ...receipt, amount: receipt.amount === undefined ? undefined : BigInt(receipt.amount) },
  })
}

/** Writes an approval as JSON, its amounts as decimal strings. */
export function encodeApproval(approval: Approval): string {
  const { amount, microUsd, asset, allows } = approval
  return JSON.stringify({
    ...approval,
    allows: allows?.map((one) => (one.type === 'limit' ? { ...one, max: one.max.toString() } : one)),
    amount: amount.toString(),
    microUsd: microUsd.toString(),
    asset: { ...asset, microUsd: asset.microUsd.toString() },
  })
}

/**
 * Reads an approval that `encodeApproval` wrote.
 *
 * @throws SyntaxError when the text has been damaged.
 */
export function decodeApproval(text: string): Approval {
  const { asset, allows, ...rest } = JSON.parse(text)
  return deepFreeze({
    ...rest,
    ...(allows && { allows: allows.map(decodeAllowance) }),
    amount: BigInt(rest.amount),
    microUsd: BigInt(rest.microUsd),
    asset: { ...asset, microUsd: BigInt(asset.microUsd) },
  })
}

function decodeAllowance(allowance: Allowance): Allowance {
  return allowance.type === 'limit' ? { ...allowance, max: BigInt(allowance.max) } : allowance
}

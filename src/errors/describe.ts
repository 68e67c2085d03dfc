import { formatPrice } from '../lib/format-amount.js'
import type { Approval, Payment } from '../types.js'

type Described = Pick<Payment, 'amount' | 'microUsd' | 'asset' | 'payTo' | 'resource'> & { readonly id: string }

/** As people read it: whole tokens and dollars. */
export function describe(payment: Described): string {
  const { id, asset, payTo, resource } = payment
  return `${id}: ${formatPrice(payment)} on ${asset.network} to ${payTo} for ${resource.host}`
}

/** Says of a payment that may have left until when it can be settled, by whoever settles it. */
export function maySettle({ terms }: Pick<Payment, 'terms'>): string {
  const { openUntil, validBefore } = terms
  return `may have been settled, or still be until ${new Date((openUntil ?? validBefore) * 1000).toISOString()}`
}

/** What becomes of a payment that may have left, whose call is made again. */
export const goesOn = 'The same call made again goes on from it and does not pay twice, unless it is repeatable.'

export function describeApproval(approval: Approval): readonly string[] {
  const { reason, expiresAt } = approval
  return [describe(approval), `${reason}; the request expires at ${new Date(expiresAt).toISOString()}`]
}

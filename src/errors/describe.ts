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
  const { openUntil, validBefore, details } = terms
  // A transaction has no end of its own.
  const end =
    details?.['accountNonce'] === undefined
      ? new Date((openUntil ?? validBefore) * 1000).toISOString()
      : 'its account has sent another transaction in its place'
  return `may have been settled, or still be until ${end}`
}

/** What becomes of a payment that may have left, whose call is made again. */
export const goesOn = 'The same call made again goes on from it and does not pay twice, unless it is repeatable.'

export function describeApproval(approval: Approval): readonly string[] {
  const { reason, expiresAt } = approval
  return [describe(approval), `${reason}; the request expires at ${new Date(expiresAt).toISOString()}`]
}

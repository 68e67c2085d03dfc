import { isSameAddress } from '../lib/same-address.js'
import type { Attesting } from '../ports/attestations.js'
import type { Payment } from '../types.js'
import type { Fields } from './fields.js'

/** A receipt is written once the payment is settled, by a clock that is not ours. */
const maxSkewSeconds = 120

/** Says what of a signed receipt is not of this payment, or nothing. */
export function receiptMisfit(receipt: Fields['receipt'], { payment, now }: Attesting): string | undefined {
  const { asset, terms, createdAt, receipt: claimed } = payment
  if (receipt.network !== asset.network) return 'the signed receipt is of another network'
  if (!isOfResource(receipt.resourceUrl, payment)) return 'the signed receipt is of another resource'
  if (!isSameAddress(receipt.payer, terms.payer)) return 'the signed receipt is of another payer'
  const [from, until] = [createdAt / 1000 - maxSkewSeconds, now / 1000 + maxSkewSeconds]
  if (receipt.issuedAt < from || receipt.issuedAt > until) return 'the signed receipt is of another time'
  const { transaction = '' } = claimed ?? {}
  const isSame = !receipt.transaction || isSameAddress(receipt.transaction, transaction)
  return isSame ? undefined : 'the signed receipt is of another transaction'
}

/** Tells whether a signed offer is the one that was paid, and was in time. */
export function isOfferOf(offer: Fields['offer'], { payment, offer: paid }: Attesting): boolean {
  return (
    offer.scheme === paid.scheme &&
    offer.network === paid.network &&
    isSameAddress(offer.asset, paid.asset.address) &&
    isSameAddress(offer.payTo, paid.payTo) &&
    offer.amount === paid.amount.toString() &&
    isOfResource(offer.resourceUrl, payment) &&
    (!offer.validUntil || offer.validUntil >= payment.createdAt / 1000 - maxSkewSeconds)
  )
}

/** What was asked is kept without its query. */
function isOfResource(url: string, { resource }: Payment): boolean {
  if (!URL.canParse(url)) return false
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}` === resource.url
}

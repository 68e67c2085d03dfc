import { formatUnits, formatUsd } from '../lib/format-amount.js'
import type { Approval, Payment, PaymentStatus } from '../types.js'
import type { SeenApproval, SeenPayment } from './answers.js'
import { plain } from '../lib/untrusted.js'

/** Whatever is not known to have ended can have been paid. */
const states: Readonly<Record<PaymentStatus, SeenPayment['state']>> = {
  authorized: 'unknown',
  claimed: 'claimed',
  unknown: 'unknown',
  confirmed: 'confirmed',
  released: 'released',
  expired: 'released',
  cancelled: 'released',
}

const maxWordLength = 256
/** A hash in hex, or a signature in base58: what a server names a transaction by, and prose is not. */
const transactionShape = /^(0x[0-9a-fA-F]{64}|[1-9A-HJ-NP-Za-km-z]{64,88})$/

/** Shows a payment to a model. */
export function seePayment(payment: Payment): SeenPayment {
  const { id, status, microUsd, amount, asset, payTo, resource, createdAt, purchaseKey, receipt } = payment
  return {
    id,
    state: states[status],
    amountUsd: formatUsd(microUsd),
    amount: formatUnits(amount, asset),
    network: asset.network,
    payTo,
    host: resource.host,
    at: instant(createdAt),
    key: plain(purchaseKey, maxWordLength),
    ...(receipt && transactionShape.test(receipt.transaction) && { transaction: receipt.transaction }),
  }
}

/** Shows a request for approval to a model. */
export function seeApproval(approval: Approval): SeenApproval {
  const { id, kind, status, reason, microUsd, amount, asset, payTo, resource, expiresAt, executableAt } = approval
  return {
    id,
    kind,
    status,
    reason: plain(reason, maxWordLength * 2),
    amountUsd: formatUsd(microUsd),
    amount: formatUnits(amount, asset),
    network: asset.network,
    payTo,
    host: resource.host,
    expiresAt: instant(expiresAt),
    ...(executableAt !== undefined && { executableAt: instant(executableAt) }),
  }
}

/** Says in one line what a person is asked to approve: from the wallet's own data, with the whole address. */
export function describeApproval(approval: Approval): string {
  const { amountUsd, amount, network, payTo, host, reason, id } = seeApproval(approval)
  return `Pay ${amountUsd} (${amount} on ${network}) to ${payTo} for ${host}: ${reason} [${id}]`
}

/** Writes Unix milliseconds in ISO 8601. */
export function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

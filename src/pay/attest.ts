import { sha256 } from '@noble/hashes/sha2'
import { utf8ToBytes } from '@noble/hashes/utils'
import { equalBytes } from '../lib/bytes.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { isSameAddress } from '../lib/same-address.js'
import type { Attestation } from '../ports/attestations.js'
import type { Authorization, PaymentRequired, Receipt } from '../types.js'
import type { PayContext } from './context.js'

/** What a payment was made for, which its server's signed words are held against. */
export type Paid = Pick<Authorization, 'payment' | 'offer'> & { readonly required: PaymentRequired }

/** What is added to a receipt, or why nothing is. */
export type Attested = { readonly signed?: Pick<Receipt, 'attestedBy' | 'attestation'>; readonly note?: string }

/**
 * Reads what a server signed of a payment that is made and answered. It changes nothing of either: what is wrong with it is a
 * note, and so is whatever fails here. Never rejects.
 */
export async function attest(
  { payment, offer, required }: Paid,
  said: { readonly receipt: Receipt; readonly attestation: unknown },
  { attestations, clock, ledger }: Pick<PayContext, 'attestations' | 'clock' | 'ledger'>,
): Promise<Attested> {
  if (!attestations) return {}
  try {
    const known = { ...payment, receipt: said.receipt }
    const read = attestations.read({ payment: known, offer, required, answer: said.attestation, now: clock() })
    if (!read) return {}
    if ('problem' in read) return { note: `not attested: ${read.problem}` }
    const { origin } = payment.resource
    const named = attestations.issuersOf(origin)
    const isIssuer = named
      ? named.some((one) => isSameAddress(one, read.issuer))
      : await within(deadlines.ledgerOutcome, isFirstIssuer(origin, read, ledger), 'the ledger is slow')
    if (!isIssuer) return { note: 'not attested: the receipt is signed by another key than the origin has' }
    return { signed: { attestedBy: read.issuer, ...(read.documents && { attestation: read.documents }) } }
  } catch {
    return { note: 'not attested: the signed receipt could not be looked at' }
  }
}

/** The ledger keeps the first that is given for a name, in whichever process. */
async function isFirstIssuer(
  origin: string,
  { issuer }: Attestation,
  { secret }: PayContext['ledger'],
): Promise<boolean> {
  const own = sha256(utf8ToBytes(issuer.toLowerCase().startsWith('0x') ? issuer.toLowerCase() : issuer))
  return equalBytes(await secret(`issuer:${origin}`, own), own)
}

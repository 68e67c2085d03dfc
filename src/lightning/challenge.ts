import * as z from 'zod/mini'
import { deepFreeze } from '../lib/freeze.js'
import type { AuthenticateChallenge } from '../protocols/authenticate.js'
import { parseJson } from '../protocols/json.js'
import type { OfferClaim, SetAside } from '../types.js'
import { decodeInvoice, type Invoice } from './invoice.js'
import { type LightningNetwork, networks } from './networks.js'

/** Names the one asset that is paid over Lightning, and the scheme. */
export const bitcoin = 'BTC'
export const schemeName = 'bolt11'
/** A challenge is kept with its payment. */
const maxEcho = 4096

/** What of a challenge is kept with its payment: the token is worth nothing without the preimage. */
const keptShape = z.strictObject({
  scheme: z.enum(['L402', 'LSAT']),
  // What a header can carry, and no separator.
  token: z.string().check(z.regex(/^[\w.~+/-]{1,3500}={0,2}$/)),
  invoice: z.string(),
})

/** A challenge as it is kept. */
export type KeptChallenge = {
  readonly scheme: 'L402' | 'LSAT'
  readonly token: string
  readonly invoice: string
}

/** Reads what was kept of a challenge, or nothing where it is none. */
export function readKept(echo: string | undefined): KeptChallenge | undefined {
  try {
    const read = keptShape.safeParse(parseJson(echo ?? '', 'the challenge'))
    return read.success ? read.data : undefined
  } catch {
    return undefined
  }
}

/** What challenges are read for: the network of the wallet, and what routing may cost beside an amount. */
export type ReadingTerms = {
  readonly network: LightningNetwork
  readonly feeOf: (amountMsat: bigint) => bigint
}

/** Reads a challenge as an offer, whose amount is that of the invoice and what routing may cost at most. */
export function readOffer(
  { scheme, parameters }: AuthenticateChallenge,
  index: number,
  { network, feeOf }: ReadingTerms,
): OfferClaim | SetAside {
  const { version = '0', token = parameters['macaroon'] ?? '', invoice: text = '' } = parameters
  const aside = (reason: string): SetAside => ({ index, reason, untrustedScheme: 'L402' })
  if (version !== '0') return aside('its version of L402 is not known')
  const echo = JSON.stringify({ scheme: scheme === 'lsat' ? 'LSAT' : 'L402', token, invoice: text.toLowerCase() })
  if (!readKept(echo)) return aside('its token is not one that a header can carry')
  if (echo.length > maxEcho) return aside(`its challenge is longer than ${maxEcho} characters`)
  const invoice = decodeInvoice(text)
  if (!invoice) return aside('its invoice cannot be read, or is not signed')
  if (invoice.network !== network) return aside(`its invoice is not for ${network}`)
  const { amountMsat = 0n, paymentHash: nonce, payee: payTo } = invoice
  if (amountMsat === 0n) return aside('its invoice has no amount')
  return deepFreeze({
    index,
    scheme: schemeName,
    network: networks[network].id,
    asset: bitcoin,
    amount: amountMsat + feeOf(amountMsat),
    payTo,
    maxTimeoutSeconds: invoice.expiresAt - invoice.createdAt,
    extra: {},
    challenge: { nonce, echo },
    raw: { ...parameters },
  } satisfies OfferClaim)
}

/** Reads the invoice of a challenge that was kept. */
export function readKeptInvoice(echo: string | undefined): (Invoice & { readonly text: string }) | undefined {
  const text = readKept(echo)?.invoice
  const invoice = text === undefined ? undefined : decodeInvoice(text)
  return invoice && text !== undefined ? { ...invoice, text } : undefined
}

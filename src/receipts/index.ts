import { ConfigurationError } from '../errors.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import type { Attestation, AttestationProblem, Attestations, Attesting } from '../ports/attestations.js'
import { isOfferOf, receiptMisfit } from './compare.js'
import { type Document, readDocument } from './document.js'

export type { Attestation, AttestationProblem, Attestations, Attesting } from '../ports/attestations.js'

/** Options of `signedReceipts`. */
export type SignedReceiptsOptions = {
  /**
   * The keys of origins, by address or `did:key`: `{ 'https://api.example.com': ['0x…'] }`. Of an origin that is not named
   * here, the key that signed first is the only one from then on.
   */
  readonly issuers?: Readonly<Record<string, readonly string[]>> | undefined
}

const extension = 'offer-receipt'
/** No more signed offers are looked through for the one that was paid. */
const maxOffers = 64

/**
 * Keeps, and verifies, the signed offers and receipts of x402's extension `offer-receipt`: signed as typed data (EIP-712), or
 * as JWS by a key that its `kid` spells out (`did:key`, `did:jwk`). What holds is told by `payment.receipt.attestedBy`, and is
 * exported with the payments.
 *
 * Whose key it has to be no server says in a way that could be believed: the first that signs for an origin is remembered, and
 * no other after it. What is wrong with a signature, or missing, stops no payment and takes back nothing that was bought: such
 * a payment is not attested, and its `note` says why.
 *
 * @throws ConfigurationError when an issuer is not usable.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 * import { signedReceipts } from 'stipend/receipts'
 *
 * const wallet = createAgentWallet({
 *   keyStore: privateKey(process.env.AGENT_KEY),
 *   policy: [allowHosts(['api.example.com'])],
 *   attestations: signedReceipts(),
 * })
 * ```
 */
export function signedReceipts(options: SignedReceiptsOptions = {}): Attestations {
  refuseUnknown('signedReceipts', options, { issuers: true } satisfies OptionNames<SignedReceiptsOptions>)
  const issuers = readIssuers(options.issuers)
  return Object.freeze({
    read,
    issuersOf: (origin: string) => issuers.get(origin),
  } satisfies Attestations)
}

function readIssuers(issuers: SignedReceiptsOptions['issuers'] = {}): ReadonlyMap<string, readonly string[]> {
  const read = Object.entries(issuers).map(([origin, keys]) => {
    const isOrigin = URL.canParse(origin) && new URL(origin).origin === origin
    const isUsable = Array.isArray(keys) && keys.length > 0 && keys.every((key) => issuerShape.test(key))
    if (!isOrigin || !isUsable)
      throw new ConfigurationError(
        'Failed to read issuers: expected { "https://api.example.com": ["0x…" or "did:key:…"] }',
      )
    return [origin, [...keys]] as const
  })
  return new Map(read)
}

const issuerShape = /^(?:0x[0-9a-fA-F]{40}|did:key:z[1-9A-HJ-NP-Za-km-z]{40,120})$/

function read(paid: Attesting): Attestation | AttestationProblem | undefined {
  const declared = fieldsOf(fieldsOf(paid.required.raw)['extensions'])[extension]
  const said = fieldsOf(fieldsOf(paid.answer)['info'])['receipt']
  if (said === undefined) return declared === undefined ? undefined : { problem: 'its server gave no signed receipt' }
  const receipt = readReceipt(said, paid)
  if ('problem' in receipt) return receipt
  const offer = readOffer(fieldsOf(fieldsOf(declared)['info'])['offers'], paid)
  if (offer && 'problem' in offer) return offer
  const { issuer } = receipt
  if (offer && offer.issuer !== issuer) return { problem: 'two keys signed the offer and the receipt' }
  // They name the URL with its query, which is kept nowhere.
  if (receipt.hasQuery || offer?.hasQuery) return { issuer }
  return { issuer, documents: { receipt: receipt.text, ...(offer && { offer: offer.text }) } }
}

type Read = { readonly issuer: string; readonly text: string; readonly hasQuery: boolean } | AttestationProblem

function readReceipt(said: unknown, paid: Attesting): Read {
  const receipt = readDocument('receipt', said)
  if ('problem' in receipt) return receipt
  const problem = receiptMisfit(receipt.fields, paid)
  return problem === undefined ? verify(receipt) : { problem }
}

/** Finds the signed offer of what was paid by what it says, and not by the place that it names: that is not signed. */
function readOffer(offers: unknown, paid: Attesting): Read | undefined {
  if (!Array.isArray(offers) || offers.length === 0) return undefined
  for (const one of offers.slice(0, maxOffers)) {
    const offer = readDocument('offer', one)
    if ('fields' in offer && isOfferOf(offer.fields, paid)) return verify(offer)
  }
  return { problem: 'no signed offer is the one that was paid' }
}

function verify({ fields, text, verify: ask }: Document<'offer'> | Document<'receipt'>): Read {
  return { text, hasQuery: /[?#@]/.test(fields.resourceUrl), ...ask() }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

import { ConfigurationError } from '../errors.js'
import { deepFreeze } from '../lib/freeze.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import type { Scheme } from '../ports/scheme.js'
import type { AuthorizationTerms, Hex, Offer, Payload, Payment } from '../types.js'
import { parseAddress } from './address.js'
import { paymentSignature, permitDetails, withAllowancePermit } from './allowance-permit.js'
import { exactPermit, isPermit, permitData, permitPayload, refusePermit } from './permit2.js'
import { minValiditySeconds, refusePayee, refuseTime } from './refuse-offer.js'
import type { EvmSigner } from './signer.js'
import type { TypedData } from './typed-data.js'
import { placeholder, signingOf } from './typed-signing.js'

/** Options of `exactEvm`. */
export type ExactEvmOptions = {
  /**
   * The longest that an authorization may live, in seconds; at most 900. The server's `maxTimeoutSeconds` is taken up to it:
   * one that works for longer than this before it settles finds it over. Until it is over, a payment that was not settled
   * counts as spent.
   *
   * @default 300
   */
  readonly maxValiditySeconds?: number | undefined
}

/**
 * Pays x402's `exact` scheme on EVM chains: with an EIP-3009 `transferWithAuthorization` in the token's own domain or,
 * where the server asks for `permit2`, with a transfer by Permit2 that only x402's own contract can execute, and only to
 * the payee. Permit2 needs an allowance of the payer's. Where it is missing, the server pays for the gas of a permit
 * (`eip2612GasSponsoring`) and a chain is configured, one is signed for exactly the amount; else none is ever given.
 *
 * @throws ConfigurationError when `maxValiditySeconds` is not a whole number from 7 to 900.
 */
export function exactEvm(options: ExactEvmOptions = {}): Scheme<EvmSigner> {
  refuseUnknown('exactEvm', options, { maxValiditySeconds: true } satisfies OptionNames<ExactEvmOptions>)
  const maxValiditySeconds = readValidity(options)
  return {
    name: 'exact',
    namespace: 'eip155',
    atMostOnce: true,
    refuse: (offer, payer) => refuseTransfer(offer) ?? refuseTime(offer) ?? refusePayee(offer, payer),
    terms: (offer, context) => exactTerms(offer, { ...context, maxValiditySeconds }),
    ...withAllowancePermit(signingOf(paymentData)),
    cancellation: {
      ...signingOf(cancellationData),
      refuse: (payment) => (isPermit(payment) ? 'Permit2 takes no cancellation that somebody else sends' : undefined),
    },
    payload: payloadOf,
    placeholder,
  }
}

/**
 * Reads how long an authorization may live.
 *
 * @throws ConfigurationError when it is not a whole number from 7 to 900.
 */
export function readValidity({ maxValiditySeconds = 300 }: ExactEvmOptions): number {
  if (Number.isInteger(maxValiditySeconds) && maxValiditySeconds >= minValiditySeconds && maxValiditySeconds <= 900)
    return maxValiditySeconds
  throw new ConfigurationError(
    `Failed to read maxValiditySeconds: ${maxValiditySeconds} is not a whole number from 7 to 900`,
  )
}

type TermsContext = {
  readonly payer: string
  readonly nonce: Hex
  readonly now: number
  readonly maxValiditySeconds: number
}

/** Fixes the time of a payment by one method; Permit2 still takes it in its last second. */
export function termsOf(
  { backdateSeconds, maxTimeoutSeconds }: Offer,
  method: string,
  { payer, nonce, now, maxValiditySeconds }: TermsContext,
): AuthorizationTerms {
  const seconds = Math.floor(now / 1000)
  const end = seconds + Math.min(maxTimeoutSeconds, maxValiditySeconds)
  const terms = { payer, nonce, validAfter: backdateSeconds === undefined ? 0 : seconds - backdateSeconds }
  return method === 'permit2' ? { ...terms, validBefore: end + 1, method } : { ...terms, validBefore: end }
}

function exactTerms(offer: Offer, context: TermsContext): AuthorizationTerms {
  const terms = termsOf(offer, methodOf(offer), context)
  return offer.allowancePermit ? { ...terms, details: permitDetails(offer) } : terms
}

function methodOf({ extra }: Offer): string {
  return String(extra['assetTransferMethod'] ?? 'eip3009')
}

function refuseTransfer(offer: Offer): string | undefined {
  const { asset } = offer
  const method = methodOf(offer)
  if (method === 'permit2') return refusePermit(offer)
  if (method !== 'eip3009') return 'its asset transfer method is not supported'
  if (asset.transfer !== 'eip3009') return `${asset.symbol} on ${asset.network} cannot be moved by EIP-3009`
  return refuseDomain(offer)
}

/** The server's idea of the token is only compared with ours: signed with another, it would pay nobody, or somebody else. */
function refuseDomain({ extra, asset }: Offer): string | undefined {
  const ours: Readonly<Record<string, unknown>> = { ...asset.eip712, decimals: asset.decimals }
  const wrong = ['name', 'version', 'decimals'].find((field) => (extra[field] ?? ours[field]) !== ours[field])
  return wrong && `extra.${wrong} is not what it is for ${asset.symbol}: ${JSON.stringify(ours[wrong])}`
}

/** What is signed to pay. */
function paymentData(payment: Payment): TypedData {
  return isPermit(payment) ? permitData(payment, exactPermit(payment)) : transferData(payment)
}

function payloadOf(payment: Payment, signature: string): Payload {
  if (isPermit(payment)) {
    const permit2Authorization = permitPayload(payment, exactPermit(payment))
    return { signature: paymentSignature(payment, signature), permit2Authorization }
  }
  return { authorization: authorizationOf(payment), signature }
}

/** What is signed for the token: built from the recorded payment and the pinned domain, and from nothing else. */
function transferData(payment: Payment): TypedData {
  const { amount, payTo, terms } = payment
  return {
    domain: domainOf(payment),
    types: transferTypes,
    primaryType: 'TransferWithAuthorization',
    message: {
      from: terms.payer,
      to: parseAddress(payTo),
      value: amount,
      validAfter: BigInt(terms.validAfter),
      validBefore: BigInt(terms.validBefore),
      nonce: terms.nonce,
    },
  }
}

/** What is signed to take a payment back: its payer and its nonce, in the same domain. */
function cancellationData(payment: Payment): TypedData {
  const { payer, nonce } = payment.terms
  return {
    domain: domainOf(payment),
    types: {
      CancelAuthorization: [
        { name: 'authorizer', type: 'address' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'CancelAuthorization',
    message: { authorizer: payer, nonce },
  }
}

function domainOf({ asset }: Payment): TypedData['domain'] {
  if (!asset.eip712) throw new TypeError(`${asset.symbol} has no EIP-712 domain`)
  return {
    name: asset.eip712.name,
    version: asset.eip712.version,
    chainId: Number(asset.network.slice('eip155:'.length)),
    verifyingContract: asset.address as Hex,
  }
}

const transferTypes: TypedData['types'] = deepFreeze({
  TransferWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
})

function authorizationOf({ amount, payTo, terms }: Payment): Readonly<Record<string, string>> {
  return {
    from: terms.payer,
    to: parseAddress(payTo) ?? payTo,
    value: amount.toString(),
    validAfter: terms.validAfter.toString(),
    validBefore: terms.validBefore.toString(),
    nonce: terms.nonce,
  }
}

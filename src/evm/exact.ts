import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import { ConfigurationError } from '../errors.js'
import { hashTypedData, type TypedData } from './typed-data.js'
import { isSignedBy, parseSignature } from './signature.js'
import { parseAddress } from './address.js'
import { deepFreeze } from '../lib/freeze.js'
import type { EvmSigner } from './signer.js'
import type { Hex, Offer, Payment } from '../types.js'
import type { Scheme } from '../ports/scheme.js'

/** Options of `exactEvm`. */
export type ExactEvmOptions = {
  /**
   * The longest an authorization may live, in seconds, whatever the server asks for; at most 900.
   *
   * @default 120
   */
  readonly maxValiditySeconds?: number | undefined
}

/** The facilitators refuse an authorization with less than six seconds to live. */
const minValiditySeconds = 7

const unspendable = new Set([
  '0x0000000000000000000000000000000000000000',
  '0x000000000000000000000000000000000000dead',
])

/**
 * Pays x402's `exact` scheme on EVM chains with an EIP-3009 `transferWithAuthorization` in the token's own domain.
 *
 * @throws ConfigurationError when `maxValiditySeconds` is not a whole number from 7 to 900.
 */
export function exactEvm(options: ExactEvmOptions = {}): Scheme<EvmSigner> {
  refuseUnknown('exactEvm', options, { maxValiditySeconds: true } satisfies OptionNames<ExactEvmOptions>)
  const { maxValiditySeconds = 120 } = options
  if (!Number.isInteger(maxValiditySeconds) || maxValiditySeconds < minValiditySeconds || maxValiditySeconds > 900) {
    throw new ConfigurationError(
      `Failed to read maxValiditySeconds: ${maxValiditySeconds} is not a whole number from 7 to 900`,
    )
  }
  return {
    name: 'exact',
    namespace: 'eip155',
    atMostOnce: true,
    refuse: (offer, payer) => refuseTransfer(offer) ?? refuseDomain(offer) ?? refusePayee(offer, payer),
    terms: (offer, { payer, nonce, now }) => {
      const seconds = Math.floor(now / 1000)
      return {
        payer,
        nonce,
        validAfter: offer.backdateSeconds === undefined ? 0 : seconds - offer.backdateSeconds,
        validBefore: seconds + Math.min(offer.maxTimeoutSeconds, maxValiditySeconds),
      }
    },
    ...signingOf(transferData),
    cancellation: signingOf(cancellationData),
    payload: (payment, signature) => ({ authorization: authorizationOf(payment), signature }),
    placeholder: `0x${'0'.repeat(130)}`,
  }
}

function refuseTransfer({ extra, asset, maxTimeoutSeconds }: Offer): string | undefined {
  const method = extra['assetTransferMethod'] ?? 'eip3009'
  if (method !== 'eip3009') return 'its asset transfer method is not supported'
  if (asset.transfer !== 'eip3009') return `${asset.symbol} on ${asset.network} cannot be moved by EIP-3009`
  if (maxTimeoutSeconds < minValiditySeconds) return `${maxTimeoutSeconds} s are too short to settle in`
  return undefined
}

/** The server's idea of the token is only compared with ours: signed with another, it would pay nobody, or somebody else. */
function refuseDomain({ extra, asset }: Offer): string | undefined {
  const ours: Readonly<Record<string, unknown>> = { ...asset.eip712, decimals: asset.decimals }
  const wrong = ['name', 'version', 'decimals'].find((field) => (extra[field] ?? ours[field]) !== ours[field])
  return wrong && `extra.${wrong} is not what it is for ${asset.symbol}: ${JSON.stringify(ours[wrong])}`
}

function refusePayee({ payTo, asset }: Offer, payer: string): string | undefined {
  const payee = parseAddress(payTo)
  if (payee === undefined) return 'payTo is not an EVM address with a right checksum'
  if (unspendable.has(payee.toLowerCase())) return 'payTo is an address that nobody can spend from'
  if (payee === asset.address) return 'payTo is the token contract itself'
  return payee === payer ? 'payTo is our own address' : undefined
}

/** Signs, and checks, what one function builds of the recorded payment. */
function signingOf(dataOf: (payment: Payment) => TypedData): Pick<Scheme<EvmSigner>, 'sign' | 'check'> {
  return {
    sign: async (payment, signer) => {
      const signature: unknown = await signer.signTypedData(dataOf(payment))
      return parseSignature(signature) ?? String(signature)
    },
    check: (payment, signature) => {
      const parsed = parseSignature(signature)
      if (parsed === undefined) return 'the signer answered with no 65-byte signature'
      const isOurs = isSignedBy(hashTypedData(dataOf(payment)), parsed, payment.terms.payer as Hex)
      return isOurs ? undefined : 'the signature is not of this payment by this payer'
    },
  }
}

/** What is signed to pay: built from the recorded payment and the pinned domain, and from nothing else. */
function transferData(payment: Payment): TypedData {
  const { amount, payTo, terms } = payment
  return deepFreeze({
    domain: domainOf(payment),
    types: { TransferWithAuthorization: transferFields() },
    primaryType: 'TransferWithAuthorization',
    message: {
      from: terms.payer,
      to: parseAddress(payTo),
      value: amount,
      validAfter: BigInt(terms.validAfter),
      validBefore: BigInt(terms.validBefore),
      nonce: terms.nonce,
    },
  })
}

/** What is signed to take a payment back: its payer and its nonce, in the same domain. */
function cancellationData(payment: Payment): TypedData {
  const { payer, nonce } = payment.terms
  return deepFreeze({
    domain: domainOf(payment),
    types: {
      CancelAuthorization: [
        { name: 'authorizer', type: 'address' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'CancelAuthorization',
    message: { authorizer: payer, nonce },
  })
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

function transferFields(): TypedData['types'][string] {
  return [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ]
}

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

import { hashTypedData, type TypedData } from '../../evm/typed-data.js'
import { parseSignature, recoverAddress } from '../../evm/signature.js'
import { parseAddress } from '../../evm/address.js'
import type { Hex } from '../../types.js'
import { isEqual, isObject } from '../equal.js'
import type { Entry, Terms } from './wire.js'

/** An EIP-3009 authorization, read from the wire. */
export type SignedTransfer = {
  readonly from: Hex
  readonly to: Hex
  /** Atomic units. */
  readonly value: bigint
  /** Unix seconds. */
  readonly validAfter: bigint
  /** Unix seconds. */
  readonly validBefore: bigint
  readonly nonce: Hex
  readonly signature: Hex
}

/** A payment that is good by itself, or the official code for why it is not. */
export type Verdict = SignedTransfer | { readonly error: string }

/** The facilitators refuse what has less than this left. */
const minLifeSeconds = 6n
/** How far a payer's clock may be ahead. */
const clockToleranceSeconds = 10n

/** Checks a payment against the offers that were made, as servers and facilitators do; nonces and balances it leaves alone. */
export function verify(message: Entry, offers: readonly unknown[], terms: Terms, now: number): Verdict {
  if (message['x402Version'] !== terms.version) return { error: 'invalid_x402_version' }
  const offer = offers.find((one) => answers(message, one, terms))
  if (!isObject(offer)) return { error: codesOf(terms.version).offer }
  const asked = readOffer(offer, terms)
  if (!asked) return { error: 'unsupported_scheme' }
  if (!echoes(message['extensions'], terms.extensions ?? {})) return { error: 'extension_echo_mismatch' }
  const transfer = readTransfer(message['payload'])
  if (!transfer) return { error: 'invalid_payload' }
  const error = checkTransfer(transfer, asked, BigInt(Math.floor(now / 1000)))
  return error === undefined ? transfer : { error }
}

/** A v2 payment repeats the offer; a v1 payment only names its scheme and network. */
function answers(message: Entry, offer: unknown, { version }: Terms): boolean {
  if (version === 2) return isEqual(message['accepted'], offer)
  return isObject(offer) && message['scheme'] === offer['scheme'] && message['network'] === offer['network']
}

/** Reads an offer that may have been changed by the owner of the test; only our token can be checked. */
function readOffer(offer: Entry, terms: Terms): Terms | undefined {
  const { scheme, network, asset, payTo, maxTimeoutSeconds } = offer
  const amount = readUint(offer[terms.version === 2 ? 'amount' : 'maxAmountRequired'])
  const isOurs =
    scheme === 'exact' && network === terms.network && parseAddress(String(asset)) === terms.token.verifyingContract
  const payee = parseAddress(String(payTo))
  if (!isOurs || amount === undefined || payee === undefined || typeof maxTimeoutSeconds !== 'number') return undefined
  return { ...terms, amount, payTo: payee, maxTimeoutSeconds }
}

/** What a client echoes may say more than the server said, but nothing else. */
function echoes(echoed: unknown, declared: Readonly<Record<string, unknown>>): boolean {
  if (!isObject(echoed)) return true
  return Object.entries(echoed).every(([name, extension]) => {
    const ours = Object.hasOwn(declared, name) ? infoOf(declared[name]) : {}
    return Object.entries(ours).every(([field, value]) => isEqual(infoOf(extension)[field], value))
  })
}

function infoOf(extension: unknown): Readonly<Record<string, unknown>> {
  const info = isObject(extension) ? extension['info'] : undefined
  return isObject(info) ? info : {}
}

function readTransfer(payload: unknown): SignedTransfer | undefined {
  const authorization = isObject(payload) ? payload['authorization'] : undefined
  if (!isObject(payload) || !isObject(authorization)) return undefined
  const from = parseAddress(String(authorization['from']))
  const to = parseAddress(String(authorization['to']))
  const value = readUint(authorization['value'])
  const validAfter = readUint(authorization['validAfter'])
  const validBefore = readUint(authorization['validBefore'])
  const { nonce } = authorization
  const { signature } = payload
  if (from === undefined || to === undefined || value === undefined) return undefined
  if (validAfter === undefined || validBefore === undefined) return undefined
  if (!isHex(nonce) || nonce.length !== 66 || !isHex(signature)) return undefined
  return { from, to, value, validAfter, validBefore, nonce: nonce.toLowerCase() as Hex, signature }
}

function readUint(text: unknown): bigint | undefined {
  if (typeof text !== 'string' || !/^(0|[1-9]\d{0,77})$/.test(text)) return undefined
  const value = BigInt(text)
  return value >> 256n ? undefined : value
}

function isHex(text: unknown): text is Hex {
  return typeof text === 'string' && /^0x[0-9a-fA-F]+$/.test(text)
}

function checkTransfer(transfer: SignedTransfer, terms: Terms, now: bigint): string | undefined {
  const { version, payTo, amount, maxTimeoutSeconds } = terms
  const code = codesOf(version)
  if (!isSigned(transfer, terms)) return code.signature
  if (transfer.to !== payTo) return code.recipient
  const latest = now + BigInt(Math.floor(maxTimeoutSeconds)) + clockToleranceSeconds
  if (transfer.validBefore < now + minLifeSeconds || transfer.validBefore > latest) return code.validBefore
  if (transfer.validAfter >= now) return code.validAfter
  return transfer.value === amount ? undefined : code.value
}

/** What is no signature at all, such as zeros, is refused like a wrong one. */
function isSigned(transfer: SignedTransfer, { token }: Terms): boolean {
  try {
    const signature = parseSignature(transfer.signature)
    const digest = hashTypedData(typedData(transfer, token))
    return signature !== undefined && recoverAddress(digest, signature) === transfer.from
  } catch {
    return false
  }
}

function typedData(transfer: SignedTransfer, domain: TypedData['domain']): TypedData {
  const { from, to, value, validAfter, validBefore, nonce } = transfer
  return {
    domain,
    types: {
      TransferWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'TransferWithAuthorization',
    message: { from, to, value, validAfter, validBefore, nonce },
  }
}

type Codes = Readonly<
  Record<'offer' | 'signature' | 'recipient' | 'validBefore' | 'validAfter' | 'value' | 'nonce' | 'balance', string>
>

const codesV2: Codes = {
  offer: 'No matching payment requirements',
  signature: 'invalid_exact_evm_signature',
  recipient: 'invalid_exact_evm_recipient_mismatch',
  validBefore: 'invalid_exact_evm_payload_authorization_valid_before',
  validAfter: 'invalid_exact_evm_payload_authorization_valid_after',
  value: 'invalid_exact_evm_payload_authorization_value_mismatch',
  nonce: 'invalid_exact_evm_nonce_already_used',
  balance: 'invalid_exact_evm_insufficient_balance',
}

const codesV1: Codes = {
  ...codesV2,
  offer: 'Unable to find matching payment requirements',
  signature: 'invalid_exact_evm_payload_signature',
  recipient: 'invalid_exact_evm_payload_recipient_mismatch',
  value: 'invalid_exact_evm_payload_authorization_value',
  nonce: 'invalid_transaction_state',
  balance: 'insufficient_funds',
}

/** Answers the error codes of one version of x402. */
export function codesOf(version: 1 | 2): Codes {
  return version === 2 ? codesV2 : codesV1
}

import { hashTypedData, parseAddress, parseSignature, recoverAddress, type TypedData } from '../evm.js'
import type { Asset, Hex } from '../types.js'

/** An EIP-3009 authorization, read from a payment. */
export type VerifiedPayment = {
  readonly from: Hex
  readonly to: Hex
  readonly value: bigint
  readonly validAfter: number
  readonly validBefore: number
  readonly nonce: Hex
}

/** What an authorization must be. */
export type Expected = {
  readonly asset: Asset
  readonly amount: bigint
  readonly payTo: string
  readonly maxTimeoutSeconds: number
  /** Unix milliseconds. */
  readonly now: number
}

/** Facilitators leave themselves this many seconds to settle. */
const marginSeconds = 6
const slackSeconds = 5

/** Checks a payload as a facilitator does, without a chain; answers the payment, or the official code of what is wrong. */
export function verifyExact(payload: unknown, expected: Expected): VerifiedPayment | string {
  const { authorization, signature } = Object(payload)
  const payment = readAuthorization(authorization)
  const parsed = parseSignature(signature)
  if (!payment || !parsed) return 'invalid_payload'
  const seconds = expected.now / 1000
  if (payment.to !== parseAddress(expected.payTo)) return 'invalid_exact_evm_recipient_mismatch'
  if (payment.value !== expected.amount) return 'invalid_exact_evm_payload_authorization_value_mismatch'
  if (payment.validBefore < seconds + marginSeconds) return 'invalid_exact_evm_payload_authorization_valid_before'
  if (payment.validBefore > seconds + expected.maxTimeoutSeconds + slackSeconds)
    return 'invalid_exact_evm_payload_authorization_valid_before'
  if (payment.validAfter > seconds) return 'invalid_exact_evm_payload_authorization_valid_after'
  const signer = recoverAddress(hashTypedData(typedDataOf(payment, expected.asset)), parsed)
  return signer === payment.from ? payment : 'invalid_exact_evm_signature'
}

function readAuthorization(authorization: unknown): VerifiedPayment | undefined {
  const { from, to, value, validAfter, validBefore, nonce } = Object(authorization)
  const [payer, payee] = [parseAddress(String(from)), parseAddress(String(to))]
  const numbers = [value, validAfter, validBefore]
  if (!payer || !payee || !numbers.every((number) => typeof number === 'string' && /^\d{1,78}$/.test(number)))
    return undefined
  if (typeof nonce !== 'string' || !/^0x[0-9a-fA-F]{64}$/.test(nonce)) return undefined
  return {
    from: payer,
    to: payee,
    value: BigInt(value),
    validAfter: Number(validAfter),
    validBefore: Number(validBefore),
    nonce: nonce.toLowerCase() as Hex,
  }
}

function typedDataOf(payment: VerifiedPayment, asset: Asset): TypedData {
  return {
    domain: {
      name: asset.eip712?.name ?? '',
      version: asset.eip712?.version ?? '',
      chainId: Number(asset.network.split(':')[1]),
      verifyingContract: asset.address as Hex,
    },
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
    message: payment,
  }
}

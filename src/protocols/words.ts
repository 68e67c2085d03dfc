import { MalformedMessageError } from '../errors.js'

/** Creates the error for a message that breaks its format. */
export function malformed(reason: string): MalformedMessageError {
  return new MalformedMessageError(`Failed to read the 402: ${reason}; nothing was signed`)
}

/** The codes of x402 by which a failure is told; whatever else a server writes there is its own words, and stays out. */
const codes = new Set([
  'insufficient_funds',
  'settlement_pending',
  'duplicate_settlement',
  'permit2_allowance_required',
  'permit2_insufficient_balance',
  'permit2_amount_mismatch',
  'permit2_deadline_expired',
  'permit2_invalid_nonce',
  'permit2_proxy_not_deployed',
  'permit2_simulation_failed',
  'permit2_token_mismatch',
  'invalid_permit2_recipient_mismatch',
  'invalid_permit2_signature',
  'invalid_permit2_spender',
  'invalid_upto_evm_payload_settlement_exceeds_amount',
  'invalid_upto_evm_transaction_failed',
  'upto_facilitator_mismatch',
  'invalid_network',
  'invalid_payload',
  'invalid_payment_requirements',
  'invalid_scheme',
  'unsupported_scheme',
  'invalid_x402_version',
  'invalid_transaction_state',
  'unexpected_verify_error',
  'unexpected_settle_error',
  'invalid_exact_evm_insufficient_balance',
  'invalid_exact_evm_network_mismatch',
  'invalid_exact_evm_nonce_already_used',
  'invalid_exact_evm_authorization_value',
  'invalid_exact_evm_payload_authorization_valid_after',
  'invalid_exact_evm_payload_authorization_valid_before',
  'invalid_exact_evm_payload_authorization_value',
  'invalid_exact_evm_payload_authorization_value_mismatch',
  'invalid_exact_evm_payload_recipient_mismatch',
  'invalid_exact_evm_payload_signature',
  'invalid_exact_evm_recipient_mismatch',
  'invalid_exact_evm_signature',
  'invalid_exact_evm_token_name_mismatch',
  'invalid_exact_evm_token_version_mismatch',
  'invalid_exact_evm_transaction_failed',
  'invalid_exact_evm_transaction_simulation_failed',
  'invalid_exact_evm_transfer_event_mismatch',
  'invalid_exact_svm_fee_payer_mismatch',
  'invalid_exact_svm_payload_amount_mismatch',
  'invalid_exact_svm_payload_memo_mismatch',
  'invalid_exact_svm_payload_mint_mismatch',
  'invalid_exact_svm_payload_recipient_mismatch',
  'invalid_exact_svm_payload_signature_invalid',
  'invalid_exact_svm_payload_transaction',
  'invalid_exact_svm_payload_transaction_could_not_be_decoded',
  'invalid_exact_svm_transaction_failed',
  'invalid_exact_svm_transaction_simulation_failed',
  'invalid_exact_svm_transaction_signing_failed',
  'invalid_exact_svm_verification_failed',
])

/** Reads an error code of x402, such as `insufficient_funds`, or nothing where it is none. */
export function readCode(value: unknown): string | undefined {
  return typeof value === 'string' && codes.has(value) ? value : undefined
}

/** Says what a value of a server is, in a message of ours: a number as it is, and of anything else only its kind. */
export function kindOf(value: unknown): string {
  if (typeof value === 'number' || value === null) return String(value)
  if (value === undefined) return 'missing'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'boolean' ? String(value) : 'something else'
}

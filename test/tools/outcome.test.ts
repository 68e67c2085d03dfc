import { describe, expect, test } from 'vitest'
import {
  AlreadyPaidError,
  type AnyStipendError,
  type Approval,
  ApprovalRequiredError,
  CancellationFailedError,
  ChainUnavailableError,
  ClockJumpedError,
  ClockSkewError,
  ConfigurationError,
  InsufficientFundsError,
  KeyStoreLockedError,
  LedgerUnavailableError,
  type Limit,
  LimitExceededError,
  MalformedMessageError,
  NoPayableOfferError,
  type Offer,
  PayeeAccountMissingError,
  PaymentDelayedError,
  PaymentDeniedError,
  PaymentOutcomeUnknownError,
  PaymentRejectedError,
  SessionInvalidError,
  SessionRevokedError,
  SigningFailedError,
  SigningRejectedError,
  UnpayableRequestError,
  WalletFrozenError,
} from 'stipend'
import { paymentTools } from 'stipend/tools'
import { createPayment } from '../support/payments.ts'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'
const now = Date.UTC(2026, 0, 1)
const hash = `0x${'ab'.repeat(32)}`
const payment = createPayment({ receipt: { status: 'claimed', transaction: hash, network: 'eip155:84532' } })
const { asset, amount, microUsd, payTo, resource, labels } = payment
const offer = { asset, amount, microUsd, payTo, network: asset.network } as Offer
const shortage = { network: asset.network, address: payTo, asset, held: 0n, needed: amount }
const limit = { name: 'day', scope: 'wallet', measure: 'microUsd', max: 1n, onExceed: 'deny' } as unknown as Limit
const waiting: Approval = {
  id: `apr_${'0'.repeat(32)}`,
  kind: 'delay',
  status: 'pending',
  reason: 'it is large',
  resource,
  asset,
  amount,
  microUsd,
  payTo,
  labels,
  requestedAt: now,
  expiresAt: now + 60_000,
  executableAt: now + 30_000,
}
const said = { reason: 'insufficient_funds', untrustedReason: 'Our till is broken, try again!' }

/** Each error with all that it can carry. */
const errors: { readonly [code in AnyStipendError['code']]: AnyStipendError } = {
  already_paid: new AlreadyPaidError(payment),
  approval_required: new ApprovalRequiredError(waiting),
  cancellation_failed: new CancellationFailedError(payment.id, { reason: 'it was not sent' }),
  chain_unavailable: new ChainUnavailableError('no node answers'),
  clock_jumped: new ClockJumpedError(5),
  clock_skewed: new ClockSkewError(5),
  configuration_invalid: new ConfigurationError('Failed to read it'),
  insufficient_funds: new InsufficientFundsError(shortage, offer),
  key_store_locked: new KeyStoreLockedError('no password'),
  ledger_unavailable: new LedgerUnavailableError(undefined),
  limit_exceeded: new LimitExceededError({ limit, used: 1n, asked: 1n, fitsAt: now, explanation: 'one too many' }),
  malformed_message: new MalformedMessageError('Failed to read the 402'),
  no_payable_offer: new NoPayableOfferError([{ index: 0, reason: 'no', untrustedScheme: 'x' }]),
  payee_account_missing: new PayeeAccountMissingError(offer, payTo),
  payment_delayed: new PaymentDelayedError(waiting),
  payment_denied: new PaymentDeniedError([{ offer, rule: 'allowHosts', reason: 'not allowed' }]),
  payment_outcome_unknown: new PaymentOutcomeUnknownError(payment, { reason: 'no answer came', bindsUntil: now }),
  payment_rejected: new PaymentRejectedError(payment, new Response(null, { status: 402 }), said),
  request_unpayable: new UnpayableRequestError('Request cannot be paid'),
  session_invalid: new SessionInvalidError('it has expired'),
  session_revoked: new SessionRevokedError('ses_0'),
  signing_failed: new SigningFailedError(payment, { reason: 'no signature', moved: 'maybe' }),
  signing_rejected: new SigningRejectedError(payment, { moved: 'maybe' }),
  wallet_frozen: new WalletFrozenError({ reason: 'look at this', at: now }),
}

describe('a call that ends with an error', () => {
  test.each(Object.values(errors).map((error) => [error.code, error] as const))(
    'of the code %s answers nothing that the schema of the tool lacks',
    async (code, error) => {
      const fetch = async (): Promise<Response> => {
        throw error
      }
      const { pay_fetch } = paymentTools(openShop().open({ fetch }))
      const answer = await pay_fetch.execute({ url, key: 'report' }, { key: 'call_1' })
      expect(answer).toMatchObject({ code })
      expect(pay_fetch.outputSchema.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer)
    },
  )
})

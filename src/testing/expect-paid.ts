import { formatUsd } from '../lib/format-amount.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import { parseUsd, type Usd } from '../money.js'
import type { Payment } from '../types.js'
import { claim } from './claim.js'

/** What shows its payments: a wallet or a session. */
export type PaymentsHolder = {
  readonly payments: { readonly list: (filter: { readonly limit: number }) => Promise<readonly Payment[]> }
}

/** What is expected of the payments of a wallet; what is not named is not looked at. */
export type ExpectedPayments = {
  /** How many there are. */
  readonly times?: number | undefined
  /** What they come to. */
  readonly totalUsd?: Usd | undefined
  /** The only host that was paid. */
  readonly host?: string | undefined
  /** What has become of each of them. */
  readonly status?: Payment['status'] | undefined
}

const expectedNames: OptionNames<ExpectedPayments> = { times: true, totalUsd: true, host: true, status: true }

/**
 * Throws a sentence unless a wallet has paid as expected, and at least once: for every test runner.
 *
 * @throws Error saying what it has paid instead.
 * @throws ConfigurationError when what is expected is misspelt.
 */
export async function expectPaid(wallet: PaymentsHolder, expected: ExpectedPayments = {}): Promise<void> {
  refuseUnknown('expectPaid', expected, expectedNames)
  const payments = await paidBy(wallet)
  const { times, totalUsd, host, status } = expected
  const found = `it has made ${describe(payments)}`
  claim(payments.length > 0, `expected a payment, but ${found}`)
  if (times !== undefined) claim(payments.length === times, `expected ${times} payments, but ${found}`)
  if (totalUsd !== undefined) {
    const total = payments.reduce((sum, { microUsd }) => sum + microUsd, 0n)
    const meant = parseUsd(totalUsd, 'totalUsd')
    claim(total === meant, `expected payments of ${formatUsd(meant)} in all, but ${found}`)
  }
  if (host !== undefined)
    claim(
      payments.every(({ resource }) => resource.host === host),
      `expected payments to ${host} only, but ${found}`,
    )
  if (status !== undefined)
    claim(
      payments.every((payment) => payment.status === status),
      `expected payments that are ${status}, but ${found}`,
    )
}

/**
 * Throws a sentence if a wallet has signed any payment: for every test runner.
 *
 * @throws Error saying what it has paid.
 */
export async function expectNothingPaid(wallet: PaymentsHolder): Promise<void> {
  const payments = await paidBy(wallet)
  claim(payments.length === 0, `expected no payment, but it has made ${describe(payments)}`)
}

/** What was released was signed by nobody, or can be taken by nobody any more. */
async function paidBy(holder: Partial<PaymentsHolder> | undefined): Promise<readonly Payment[]> {
  const payments = holder?.payments
  claim(payments !== undefined, 'expected a wallet or a session, whose payments are looked at')
  return (await payments.list({ limit: Number.MAX_SAFE_INTEGER })).filter(({ status }) => status !== 'released')
}

function describe(payments: readonly Payment[]): string {
  if (payments.length === 0) return 'none'
  return payments
    .map(({ microUsd, resource, status }) => `one of ${formatUsd(microUsd)} to ${resource.host} (${status})`)
    .join(', ')
}

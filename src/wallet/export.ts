import { ConfigurationError } from '../errors.js'
import { writeBeancount } from './export-beancount.js'
import { decimal } from './decimal.js'
import { readFilter } from '../pay/list-payments.js'
import type { Ledger, PaymentFilter } from '../ports/ledger.js'
import { countsAsSpent } from '../ledger/lifecycle.js'
import type { Payment } from '../types.js'

/** How payments are written for bookkeeping. */
export type ExportFormat = 'json' | 'csv' | 'beancount'

/**
 * Writes payments for bookkeeping, oldest first, one row or entry each. Amounts are exact decimals: `usd` adds up to what
 * was spent over the rows whose `spent` is `true`.
 *
 * @throws ConfigurationError when there is no such format.
 */
export async function exportPayments(ledger: Ledger, format: ExportFormat, filter?: PaymentFilter): Promise<string> {
  if (!formats.includes(format)) {
    throw new ConfigurationError(`Failed to export the payments: expected one of ${formats.join(', ')}`)
  }
  const payments = await ledger.list({ limit: Number.MAX_SAFE_INTEGER, ...readFilter(filter) })
  const oldestFirst = payments.toReversed()
  if (format === 'beancount') return writeBeancount(oldestFirst)
  return format === 'json' ? writeJSON(oldestFirst) : writeCsv(oldestFirst.map(rowOf))
}

const formats: readonly ExportFormat[] = ['json', 'csv', 'beancount']

type Row = Readonly<Record<(typeof columns)[number], string>>

const columns = [
  'id',
  'createdAt',
  'status',
  'spent',
  'usd',
  'amount',
  'symbol',
  'network',
  'asset',
  'payer',
  'payTo',
  'nonce',
  'method',
  'host',
  'url',
  'transaction',
  'receipt',
  'purchaseKey',
  'labels',
  'note',
  'attestedBy',
  'signedReceipt',
  'signedOffer',
] as const

function rowOf(payment: Payment): Row {
  const { id, createdAt, status, microUsd, amount, asset, terms, payTo, resource, receipt, purchaseKey, labels, note } =
    payment
  return {
    id,
    createdAt: new Date(createdAt).toISOString(),
    status,
    spent: String(countsAsSpent(payment)),
    usd: decimal(microUsd, 6),
    amount: decimal(amount, asset.decimals),
    symbol: asset.symbol,
    network: asset.network,
    asset: asset.address,
    payer: terms.payer,
    payTo,
    nonce: terms.nonce,
    method: resource.method,
    host: resource.host,
    url: resource.url,
    transaction: receipt?.transaction ?? '',
    receipt: receipt?.status ?? '',
    purchaseKey,
    labels: JSON.stringify(labels),
    note: note ?? '',
    attestedBy: receipt?.attestedBy ?? '',
    signedReceipt: receipt?.attestation?.receipt ?? '',
    signedOffer: receipt?.attestation?.offer ?? '',
  }
}

/** In JSON what is no text is none: a text that says false would be taken for true. */
function writeJSON(payments: readonly Payment[]): string {
  const rows = payments.map((payment) => ({
    ...rowOf(payment),
    spent: countsAsSpent(payment),
    labels: payment.labels,
  }))
  return JSON.stringify(rows, undefined, 2)
}

function writeCsv(rows: readonly Row[]): string {
  const lines = rows.map((row) => columns.map((column) => writeCell(row[column])))
  return [columns, ...lines].map((cells) => `${cells.join(',')}\r\n`).join('')
}

/** Quotes a cell as RFC 4180 does; one that a spreadsheet would take for a formula is made a text. */
function writeCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

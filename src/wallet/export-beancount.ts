import { countsAsSpent } from '../ledger/lifecycle.js'
import { decimal } from './decimal.js'
import type { Payment } from '../types.js'

/**
 * Writes payments as entries of Beancount, oldest first: what was bought goes to an account of expenses by its host, in
 * dollars; what paid for it comes from one of assets by its token, at exactly that total. What does not count as spent is
 * a comment.
 */
export function writeBeancount(payments: readonly Payment[]): string {
  const spent = payments.filter(countsAsSpent)
  const accounts = new Map(
    spent.flatMap((payment) => [
      [expenseOf(payment), 'USD'],
      [assetOf(payment), currencyOf(payment)],
    ]),
  )
  const first = spent[0] && dayOf(spent[0])
  const openings = [...accounts].map(([account, currency]) => `${first} open ${account} ${currency}`)
  const entries = payments.map((payment) => (countsAsSpent(payment) ? writeEntry(payment) : writeComment(payment)))
  return [openings.join('\n'), ...entries]
    .filter((part) => part !== '')
    .map((part) => `${part}\n`)
    .join('\n')
}

function writeEntry(payment: Payment): string {
  const { id, resource, amount, asset, microUsd, payTo, status, receipt, labels, purchaseKey } = payment
  const usd = decimal(microUsd, 6)
  const facts = {
    payment: id,
    status,
    network: asset.network,
    payto: payTo,
    transaction: receipt?.transaction ?? '',
    purchase: purchaseKey,
    labels: Object.keys(labels).length > 0 ? JSON.stringify(labels) : '',
  }
  return [
    // What nobody has confirmed is flagged, for somebody to look at.
    `${dayOf(payment)} ${status === 'claimed' || status === 'confirmed' ? '*' : '!'} ${quote(resource.host)} ${quote(`${resource.method} ${resource.url}`)}`,
    ...Object.entries(facts).flatMap(([name, value]) => (value === '' ? [] : [`  ${name}: ${quote(value)}`])),
    `  ${expenseOf(payment)}  ${usd} USD`,
    `  ${assetOf(payment)}  -${decimal(receipt?.amount ?? amount, asset.decimals)} ${currencyOf(payment)} @@ ${usd} USD`,
  ].join('\n')
}

function writeComment(payment: Payment): string {
  return `; ${dayOf(payment)} ${payment.id} of ${decimal(payment.microUsd, 6)} USD is ${payment.status}, and not spent`
}

function expenseOf({ resource }: Payment): string {
  return `Expenses:Agent:${component(resource.host)}`
}

function assetOf({ asset }: Payment): string {
  return `Assets:Agent:${component(asset.network)}:${component(asset.symbol)}`
}

/** A part of an account's name begins with a capital or a digit, and has letters, digits and dashes. */
function component(text: string): string {
  const plain = text.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '')
  return plain === '' ? 'Other' : `${plain.slice(0, 1).toUpperCase()}${plain.slice(1)}`
}

/** A currency is of capitals and digits, begins with a capital and has two to twenty-four of them. */
function currencyOf({ asset }: Payment): string {
  const plain = asset.symbol.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')
  const code = /^[A-Z]/.test(plain) ? plain : `X${plain}`
  return code.length < 2 ? `${code}X` : code.slice(0, 24)
}

function dayOf({ createdAt }: Payment): string {
  return new Date(createdAt).toISOString().slice(0, 10)
}

function quote(text: string): string {
  return `"${text
    .replaceAll(/[\u0000-\u001f\u007f]/g, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')}"`
}

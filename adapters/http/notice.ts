import {
  type Approval,
  type Events,
  formatUnits,
  formatUsd,
  isStipendError,
  type Payment,
  type Resource,
} from 'stipend'

/** What an owner is told of a wallet's event: nothing in it is a signature, a query string or a secret. */
export type Notice = {
  /** The same for each attempt to deliver it. */
  readonly id: string
  readonly event: keyof Events
  /** Unix milliseconds. */
  readonly at: number
  /** One sentence for a person. */
  readonly text: string
  readonly data: Readonly<Record<string, string | number | null>>
}

/** What is said of an event, and where its reader can decide. */
type Told = {
  readonly event: keyof Events
  readonly told: Events[keyof Events]
  readonly serviceUrl?: string | undefined
}

/** Says what happened, without the parts that only the wallet should know. */
export function describeEvent({ event, told, serviceUrl }: Told): Pick<Notice, 'text' | 'data'> {
  const hold = holdOf(told)
  if (hold) return describeApproval(event === 'approval.decided' ? 'decided' : 'asked', hold, serviceUrl)
  if ('payment' in told) return describePayment(event, told.payment)
  if ('usage' in told) {
    const { limit, used } = told.usage
    const write = (amount: bigint): string => (limit.measure === 'microUsd' ? formatUsd(amount) : String(amount))
    const data = { limit: limit.name, scope: limit.scope, used: write(used), max: write(limit.max) }
    return { text: `${limit.name} is used to ${data.used} of ${data.max}`, data }
  }
  if ('freeze' in told) {
    return {
      text: `Wallet is frozen: ${told.freeze.reason}`,
      data: { reason: told.freeze.reason, since: told.freeze.at },
    }
  }
  if ('session' in told) return { text: `Session ${told.session} is revoked`, data: { session: told.session } }
  if ('error' in told) return describeError(event, told.error, 'resource' in told ? told.resource : undefined)
  if ('resource' in told) {
    const data = { host: told.resource.host, skewMs: told.skewMs }
    return { text: `Clock of ${told.resource.host} differs by ${Math.round(told.skewMs / 1000)} s`, data }
  }
  return { text: event === 'policy.changed' ? 'Policy was replaced' : 'Wallet is unfrozen', data: {} }
}

const verbs: Partial<Readonly<Record<keyof Events, string>>> = {
  'payment.authorized': 'is signed and about to leave',
  'payment.settled': 'is paid, says the server',
  'payment.unknown': 'left, and nobody can say what became of it',
  'payment.released': 'was never signed',
  'payment.confirmed': 'is on the chain',
  'payment.expired': 'was not executed in time, and counts no more',
  'payment.cancelled': 'was cancelled, and counts no more',
  'payment.diverted': 'had its nonce used for something else: look who has the key',
  'payment.notified': 'was made',
}

function describePayment(event: keyof Events, payment: Payment): Pick<Notice, 'text' | 'data'> {
  const { id, status, receipt } = payment
  const data = { payment: id, status, ...describeTerms(payment), transaction: receipt?.transaction ?? null }
  return { text: `Payment of ${data.usd} to ${data.host} ${verbs[event] ?? status}`, data }
}

/** The approval that an event is about: also a payment that was not made is, where it waits for somebody or for its time. */
export function holdOf(told: Events[keyof Events]): Approval | undefined {
  if ('approval' in told) return told.approval
  if (!('error' in told) || !isStipendError(told.error)) return undefined
  const { error } = told
  return error.code === 'approval_required' || error.code === 'payment_delayed' ? error.approval : undefined
}

function describeApproval(
  what: 'asked' | 'decided',
  approval: Approval,
  serviceUrl: string | undefined,
): Pick<Notice, 'text' | 'data'> {
  const { id, kind, status, reason, expiresAt, executableAt = null } = approval
  const terms = describeTerms(approval)
  const purpose = purposeOf(approval, terms.url)
  const base = serviceUrl?.replace(/\/+$/, '') ?? ''
  const how = {
    approve: `POST ${base}/v1/approvals/${id}/approve`,
    deny: `POST ${base}/v1/approvals/${id}/deny`,
    page: serviceUrl === undefined ? null : `${base}/console`,
  }
  const data = { approval: id, kind, status, reason, purpose, ...terms, expiresAt, executableAt, ...how }
  const payment = `Payment of ${terms.usd} (${terms.amount}) to ${terms.host} for ${purpose}`
  if (what === 'decided') return { text: `${payment} is ${status}`, data }
  const by = serviceUrl === undefined ? `approvals.approve('${id}') or approvals.deny('${id}')` : how.page
  const text =
    kind === 'delay'
      ? `${payment} can be made from ${instant(executableAt ?? expiresAt)} on: ${reason}. Cancel it with ${serviceUrl === undefined ? `approvals.deny('${id}')` : how.page}`
      : `${payment} waits for your approval: ${reason}. Decide before ${instant(expiresAt)}: ${by}`
  return { text, data }
}

const maxLabels = 160

/** What a payment is for, as far as anybody knows; the labels are the caller's own words. */
function purposeOf({ resource, labels }: Approval, url: string): string {
  const words = Object.entries(labels).map(([name, value]) => `${name}: ${value}`)
  const printable = words
    .join(', ')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, maxLabels)
  return `${resource.method} ${url}${printable === '' ? '' : ` (${printable})`}`
}

/** Such as `2026-01-02 14:05 UTC`. */
function instant(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function describeTerms({ asset, amount, microUsd, payTo, resource }: Payment | Approval) {
  return {
    usd: formatUsd(microUsd),
    amount: formatUnits(amount, asset),
    network: asset.network,
    payTo,
    host: resource.host,
    url: withoutQuery(resource),
  }
}

/** A stranger's words are in an error's cause, which is not told; its message is in ours. */
function describeError(event: keyof Events, error: unknown, resource: Resource | undefined) {
  const known = isStipendError(error) ? error : undefined
  const data = {
    code: known?.code ?? 'unexpected',
    reason: known?.message ?? 'it failed unexpectedly',
    host: resource?.host ?? null,
    url: resource ? withoutQuery(resource) : null,
  }
  const [sentence = '', ...details] = data.reason.split('\n')
  const why = [sentence, ...details.slice(0, 1)].map((line) => line.trim()).join('; ')
  const text =
    event === 'payment.denied' ? `Payment to ${data.host} was not made: ${why}` : `Reconciliation failed: ${sentence}`
  return { text, data }
}

function withoutQuery({ url, origin }: Resource): string {
  return URL.canParse(url) ? `${origin}${new URL(url).pathname}` : origin
}

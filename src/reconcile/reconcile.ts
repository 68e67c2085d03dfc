import type { Chain, Evidence } from '../ports/chain.js'
import type { TrustedClock } from '../pay/clock.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { ConfigurationError, LedgerUnavailableError } from '../errors.js'
import type { Events } from '../pay/events.js'
import type { Ledger, PaymentUpdate } from '../ports/ledger.js'
import { listPages } from '../ledger/list-pages.js'
import type { PayContext } from '../pay/context.js'
import { signInScheme } from '../pay/sign-in.js'
import type { Payment, PaymentId, PaymentStatus } from '../types.js'
import { freezeIfUnexplained } from './unexplained.js'

/** What the chains said of the payments whose end was not known. */
export type Reconciliation = {
  /** A final block shows the transfer. */
  readonly confirmed: readonly Payment[]
  /** A final block shows that it was not executed in time; it counts no more. */
  readonly expired: readonly Payment[]
  /** A final block shows that it was cancelled; it counts no more. */
  readonly cancelled: readonly Payment[]
  /** Its nonce was used, but for something else; it counts on, and somebody has to look. */
  readonly diverted: readonly Payment[]
  /** Nothing final can be said yet; it counts on. */
  readonly open: readonly Payment[]
}

type ReconcileContext = Pick<PayContext, 'ledger' | 'emit' | 'keyStore' | 'assets' | 'clock'> & {
  readonly chains: readonly Chain[]
  readonly witness: TrustedClock['witness']
}

type Outcome = keyof Reconciliation
type Finding = { readonly outcome: Outcome; readonly payment: Payment }

/**
 * Copies a wallet's chains.
 *
 * @throws ConfigurationError when a network has more than one.
 */
export function readChains(chains: readonly Chain[] = []): readonly Chain[] {
  const networks = chains.map(({ network }) => network)
  const twice = networks.find((network, index) => networks.indexOf(network) !== index)
  if (twice) throw new ConfigurationError(`Failed to read chains: ${twice} has more than one`)
  return Object.freeze([...chains])
}

/** In the order in which payments move, so that one that moves on while they are listed is not missed. */
const unfinished: readonly PaymentStatus[] = ['authorized', 'unknown', 'claimed']
/** How many payments are looked up at once. */
const maxParallel = 8

/**
 * Asks the chains what became of every payment whose end is not known, and records it. Only what final blocks show
 * changes a payment, in one step of the ledger that refuses when the payment is another by then. Then looks through what
 * left the wallet's accounts: money that no payment explains freezes the wallet.
 */
export async function reconcile(context: ReconcileContext): Promise<Reconciliation> {
  await askTime(context)
  const findings: Finding[] = []
  for await (const payments of listUnfinished(context.ledger)) {
    for (let first = 0; first < payments.length; first += maxParallel) {
      const some = payments.slice(first, first + maxParallel)
      findings.push(...(await Promise.all(some.map((payment) => settle(payment, context)))))
    }
  }
  await Promise.all(context.chains.map((chain) => freezeIfUnexplained(chain, context)))
  const those = (outcome: Outcome): readonly Payment[] =>
    Object.freeze(findings.flatMap((finding) => (finding.outcome === outcome ? [finding.payment] : [])))
  return Object.freeze({
    confirmed: those('confirmed'),
    expired: those('expired'),
    cancelled: those('cancelled'),
    diverted: those('diverted'),
    open: those('open'),
  })
}

/** Lets the chain whose final block is the latest say whether our clock is right; a chain that cannot say is not asked on. */
export async function askTime({ chains, witness }: Pick<ReconcileContext, 'chains' | 'witness'>): Promise<void> {
  const times = (await Promise.all(chains.map(readTime))).filter((seconds) => Number.isFinite(seconds))
  if (times.length > 0) witness(Math.max(...times) * 1000)
}

async function readTime({ time }: Chain): Promise<number> {
  try {
    return (time && (await within(deadlines.chainTime, time(), 'the chain did not answer in time'))) ?? Number.NaN
  } catch {
    return Number.NaN
  }
}

/** Lists each payment once, although it may move on meanwhile. */
async function* listUnfinished(ledger: Ledger): AsyncGenerator<readonly Payment[]> {
  const known = new Set<PaymentId>()
  const list: Ledger['list'] = (filter) => ledger.list(filter).catch(unavailable)
  for (const status of unfinished) {
    for await (const page of listPages({ list }, { status })) {
      yield page.filter(({ id }) => !known.has(id))
      for (const { id } of page) known.add(id)
    }
  }
}

function unavailable(cause: unknown): never {
  throw new LedgerUnavailableError(cause)
}

async function settle(payment: Payment, context: ReconcileContext): Promise<Finding> {
  // A sign-in moves nothing, whatever a chain says: it is over once nobody takes it any more.
  if (payment.scheme === signInScheme && context.clock() >= payment.countsUntil)
    return finish(payment, { status: 'expired', note: payment.note }, 'payment.expired', context)
  const evidence = await findEvidence(payment, context.chains)
  if (evidence.type === 'open') return { outcome: 'open', payment: await noteOpen(payment, evidence, context) }
  if (evidence.type === 'diverted') return divert(payment, evidence.transaction, context)
  const { status, event } = endings[evidence.type]
  const update = { status, receipt: receiptOf(payment, evidence), note: noteOf(payment, evidence) }
  return finish(payment, update, event, context)
}

/** Says on its record what it waits for, where the chain says that somebody may have to know. */
async function noteOpen(
  payment: Payment,
  { note }: Extract<Evidence, { type: 'open' }>,
  { ledger, emit }: ReconcileContext,
): Promise<Payment> {
  if (note === undefined || payment.note === note) return payment
  const status = payment.status === 'claimed' ? 'claimed' : 'unknown'
  const noted = await ledger.update(payment.id, { status, note, ifTerms: payment.terms }).catch(() => payment)
  emit('payment.waiting', { payment: noted })
  return noted
}

const endings = {
  executed: { status: 'confirmed', event: 'payment.confirmed' },
  expired: { status: 'expired', event: 'payment.expired' },
  cancelled: { status: 'cancelled', event: 'payment.cancelled' },
} as const

type Ending = (typeof endings)[keyof typeof endings]

/** A chain of the owner's own that throws, or does not answer, has said nothing. */
export async function findEvidence(payment: Payment, chains: readonly Chain[]): Promise<Evidence> {
  const chain = chains.find(({ network }) => network === payment.asset.network)
  if (!chain) return { type: 'open', reason: 'no chain of its network is configured' }
  try {
    return await within(deadlines.chainSearch, chain.examine(payment), 'the chain did not answer in time')
  } catch {
    return { type: 'open', reason: 'the chain could not be asked' }
  }
}

function receiptOf({ asset, terms, receipt }: Payment, evidence: Evidence): PaymentUpdate['receipt'] {
  if (evidence.type !== 'executed') return undefined
  const { transaction, amount } = evidence
  const all = receipt?.transactions && { transactions: receipt.transactions }
  return { status: 'confirmed', transaction, ...all, network: asset.network, payer: terms.payer, amount }
}

/** A payment that the server took and did not honour says so for good; its receipt is the proof. */
function noteOf({ status, note }: Payment, { type }: Evidence): string | undefined {
  return type === 'executed' && status === 'unknown' ? 'paid, not delivered' : note
}

async function finish(
  payment: Payment,
  update: PaymentUpdate & { readonly status: Ending['status'] },
  event: Ending['event'],
  { ledger, emit }: ReconcileContext,
): Promise<Finding> {
  const { status } = update
  try {
    const finished = await ledger.update(payment.id, { ...update, ifTerms: payment.terms })
    emit(event, { payment: finished } satisfies Events[Ending['event']])
    return { outcome: status, payment: finished }
  } catch {
    // Another call was first, or the purchase was signed anew and is another payment now: then it stays as it is.
    const current = (await ledger.get(payment.id).catch(unavailable)) ?? payment
    return { outcome: current.status === status ? status : 'open', payment: current }
  }
}

/** Says so once, and releases nothing: a key that signs for others is the owner's to look into. */
async function divert(payment: Payment, transaction: string, { ledger, emit }: ReconcileContext): Promise<Finding> {
  const note = `diverted: its nonce was used for something else in ${transaction}`
  if (payment.note === note) return { outcome: 'diverted', payment }
  const status = payment.status === 'claimed' ? 'claimed' : 'unknown'
  const noted = await ledger.update(payment.id, { status, note, ifTerms: payment.terms }).catch(() => payment)
  emit('payment.diverted', { payment: noted, transaction })
  return { outcome: 'diverted', payment: noted }
}

import { familyOf } from '../assets/families.js'
import type { Chain, OutgoingTransfer } from '../ports/chain.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import type { Ledger } from '../ports/ledger.js'
import { countsAsSpent } from '../ledger/lifecycle.js'
import { listPages } from '../ledger/list-pages.js'
import type { PayContext } from '../pay/context.js'
import type { Network, Payment } from '../types.js'

type UnexplainedContext = Pick<PayContext, 'ledger' | 'keyStore' | 'assets' | 'emit' | 'clock'>

/** No payment is recorded earlier than this before it can have been executed. */
const maxLifeMs = 3_600_000

/**
 * Looks through what left the wallet's account on one network since it was last looked at: each transfer has to be that
 * of one payment. One that is not freezes the wallet, since somebody else has the key.
 */
export async function freezeIfUnexplained(chain: Chain, context: UnexplainedContext): Promise<void> {
  if (!chain.outgoing) return
  const reason = await searchOutgoing({ ...chain, outgoing: chain.outgoing }, context).catch(() => 'the search failed')
  if (reason !== undefined) context.emit('transfers.unwatched', { network: chain.network, reason })
}

type SearchableChain = Pick<Chain, 'network' | 'proofsOf' | 'explains'> & {
  readonly outgoing: NonNullable<Chain['outgoing']>
}

/** Answers why it could not look, if it could not. */
async function searchOutgoing(
  { network, outgoing, explains, proofsOf = ({ terms }) => [terms.nonce] }: SearchableChain,
  context: UnexplainedContext,
): Promise<string | undefined> {
  const { ledger, keyStore, assets } = context
  const signer = await keyStore.getSigner(network)
  if (!signer) return undefined
  const account = signer.address
  const name = `watch/${network}/${account}`
  const start = await startOf(name, network, ledger)
  if (!start) return undefined
  const watched = assets.list().filter((asset) => asset.network === network && asset.transfer !== 'native')
  const search = outgoing({ account, assets: watched, ...start })
  const seen = await within(deadlines.chainSearch, search, 'the chain did not answer in time')
  if (seen.type === 'open') return seen.reason
  // ERC-20 lets anybody move nothing out of any account, as those do who want their address in its history.
  const moved = seen.transfers.filter((transfer) => transfer.amount !== 0n)
  const { strays, isPending } = await explain(moved, { ledger, account, since: start.since, proofsOf, explains })
  const [stray, ...others] = strays
  if (stray) await freeze([stray, ...others], network, context)
  if (isPending) return undefined
  // Only now: a crash before this looks, and freezes, once more.
  await ledger.remember(name, JSON.stringify({ checkpoint: seen.checkpoint, since: seen.until * 1000 }))
  return undefined
}

type Start = { readonly checkpoint?: string; readonly since: number }

/** Goes on where the last search ended; the first begins with the first payment, for what was before is not ours. */
async function startOf(name: string, network: Network, ledger: Ledger): Promise<Start | undefined> {
  const remembered = await ledger.recall(name)
  if (remembered !== undefined) return readStart(remembered)
  let first: Payment | undefined
  for await (const page of listPages(ledger, {})) {
    first = page.findLast(({ asset }) => asset.network === network) ?? first
  }
  if (!first) return undefined
  const start = { since: first.createdAt }
  await ledger.remember(name, JSON.stringify(start))
  return start
}

function readStart(text: string): Start {
  const { checkpoint, since } = Object(JSON.parse(text))
  if (Number.isFinite(since) && checkpoint === undefined) return { since }
  if (Number.isFinite(since) && typeof checkpoint === 'string') return { checkpoint, since }
  throw new TypeError('the ledger remembers no place to go on from')
}

type Explained = {
  readonly strays: readonly OutgoingTransfer[]
  /** Whether a payment that is still open names one of them: then what a final block shows of it is waited for. */
  readonly isPending: boolean
}

type Known = {
  readonly ledger: Ledger
  readonly account: string
  readonly since: number
  readonly proofsOf: NonNullable<Chain['proofsOf']>
  readonly explains: Chain['explains']
}

/** Tells which transfers no payment explains: of the time of the search, or, where that does not do, of all time. */
async function explain(
  transfers: readonly OutgoingTransfer[],
  { ledger, account, since, proofsOf, explains }: Known,
): Promise<Explained> {
  if (transfers.length === 0) return { strays: [], isPending: false }
  const words = new Set(transfers.flatMap((transfer) => wordsOf(transfer)))
  const isNamed = (payment: Payment): boolean =>
    payment.terms.payer === account && namesOf(payment, proofsOf).some((name) => words.has(name.toLowerCase()))
  const named = async (filter: { readonly since?: number }): Promise<readonly Payment[]> => {
    const found: Payment[] = []
    for await (const page of listPages(ledger, filter)) found.push(...page.filter(isNamed))
    return found
  }
  const means = { proofsOf, explains }
  const first = compare(transfers, await named({ since: since - maxLifeMs }), means)
  return first.strays.length === 0 ? first : compare(transfers, await named({}), means)
}

/** What a payment can be told by that explains a transfer. */
function namesOf(payment: Payment, proofsOf: Known['proofsOf']): readonly string[] {
  const { receipt } = payment
  return [...proofsOf(payment), ...transactionsIn(receipt)]
}

/** An action has several. */
function transactionsIn(receipt: Payment['receipt']): readonly string[] {
  return receipt ? [receipt.transaction, ...(receipt.transactions ?? [])] : []
}

function wordsOf({ nonces, transaction }: OutgoingTransfer): readonly string[] {
  return [...nonces, transaction].map((word) => word.toLowerCase())
}

/** Each payment explains one transfer, but an action all that its plan has. */
function compare(
  transfers: readonly OutgoingTransfer[],
  payments: readonly Payment[],
  { proofsOf, explains }: Pick<Known, 'proofsOf' | 'explains'>,
): Explained {
  const proven = indexPayments(payments, (payment) => [
    ...proofsOf(payment),
    ...(payment.receipt?.status === 'confirmed' || isUnpaid(payment) ? transactionsIn(payment.receipt) : []),
  ])
  const claimed = indexPayments(payments, ({ receipt }) =>
    receipt?.status === 'claimed' ? transactionsIn(receipt) : [],
  )
  const used = new Set<Payment>()
  const take = (known: ReadonlyMap<string, readonly Payment[]>, transfer: OutgoingTransfer): boolean => {
    const named = wordsOf(transfer).flatMap((proof) => known.get(proof) ?? [])
    if (named.some((payment) => explains?.(payment, transfer) === true)) return true
    const free = named.filter((payment) => !used.has(payment) && countsAsSpent(payment))
    const own =
      free.find((payment) => isOf({ ...payment, earlier: [] }, transfer)) ??
      free.find((payment) => isOf(payment, transfer))
    if (own) used.add(own)
    return own !== undefined
  }
  const unproven = transfers.filter((transfer) => !take(proven, transfer))
  const strays = unproven.filter((transfer) => !take(claimed, transfer))
  return { strays, isPending: strays.length < unproven.length }
}

/** Indexes payments by what proves them. A `claimed` receipt proves nothing, but is looked into before the wallet is frozen. */
function indexPayments(
  payments: readonly Payment[],
  proofsOf: (payment: Payment) => readonly string[],
): ReadonlyMap<string, readonly Payment[]> {
  const known = new Map<string, readonly Payment[]>()
  for (const payment of payments.filter((one) => countsAsSpent(one) || isUnpaid(one))) {
    for (const proof of new Set(proofsOf(payment).map((one) => one.toLowerCase()))) {
      known.set(proof, [...(known.get(proof) ?? []), payment])
    }
  }
  return known
}

/** What its owner says was not paid explains only what its chain says it does, such as what left and came back. */
function isUnpaid({ resolution }: Payment): boolean {
  return resolution?.as === 'not-paid'
}

function isOf(payment: Payment, transfer: OutgoingTransfer): boolean {
  const { asset, amount, payTo, receipt, terms, earlier = [] } = payment
  const { foldAddress } = familyOf(asset.network)
  const isSame = (one: string, other: string): boolean => foldAddress(one) === foldAddress(other)
  const isEarlier = earlier.some((one) => one.amount === transfer.amount && isSame(one.payTo, transfer.to))
  if (isEarlier && isSame(asset.address, transfer.asset)) return true
  const taken = receipt?.status === 'confirmed' ? (receipt.amount ?? amount) : amount
  const isAmount =
    taken === transfer.amount || (terms.isMaximum === true && transfer.amount < taken && taken === amount)
  return isSame(asset.address, transfer.asset) && isSame(payTo, transfer.to) && isAmount
}

async function freeze(
  strays: readonly [OutgoingTransfer, ...OutgoingTransfer[]],
  network: Network,
  { ledger, emit, clock }: UnexplainedContext,
): Promise<void> {
  const [{ amount, asset, to, transaction }] = strays
  const more = strays.length === 1 ? '' : `, and ${strays.length - 1} more`
  const reason = `money left that no payment explains: ${amount} units of ${asset} on ${network} to ${to} in ${transaction}${more}`
  const known = await ledger.frozen()
  const freeze = { reason, at: clock() }
  if (!known) await ledger.freeze(freeze)
  for (const transfer of strays) emit('transfer.unexplained', { network, transfer })
  if (!known) emit('wallet.frozen', { freeze })
}

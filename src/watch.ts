import type { Chain, OutgoingTransfer } from './chains/evidence.js'
import { within } from './deadline.js'
import type { Ledger } from './ledger/ledger.js'
import { countsAsSpent } from './ledger/lifecycle.js'
import { listAll } from './listing.js'
import type { Parts } from './parts.js'
import type { Network, Payment } from './types.js'

type Books = Pick<Parts, 'ledger' | 'keyStore' | 'assets' | 'emit' | 'clock'>

/** No payment is recorded earlier than this before it can have been executed. */
const longestLifeMs = 3_600_000
const timeoutMs = 30_000

/**
 * Looks through what left the wallet's account on one network since it was last looked at: each transfer has to be that
 * of one payment. One that is not freezes the wallet, since somebody else has the key.
 */
export async function watch(chain: Chain, books: Books): Promise<void> {
  if (!chain.outgoing) return
  const reason = await look(chain.outgoing, chain.network, books).catch(() => 'the search failed')
  if (reason !== undefined) books.emit('transfers.unwatched', { network: chain.network, reason })
}

/** Answers why it could not look, if it could not. */
async function look(
  outgoing: NonNullable<Chain['outgoing']>,
  network: Network,
  books: Books,
): Promise<string | undefined> {
  const { ledger, keyStore, assets } = books
  const signer = await within(timeoutMs, keyStore.getSigner(network), 'no signer in time')
  if (!signer) return undefined
  const account = signer.address
  const name = `watch/${network}/${account}`
  const start = await startOf(name, network, ledger)
  if (!start) return undefined
  const seen = await outgoing({ account, assets: assets.on(network), ...start })
  if (seen.type === 'open') return seen.reason
  const payments = await listAll(ledger, { since: start.since - longestLifeMs })
  const own = payments.filter(({ terms }) => terms.payer === account)
  const [stray, ...others] = unexplained(seen.transfers, own)
  if (stray) await freeze([stray, ...others], network, books)
  // Only now: a crash before this looks, and freezes, once more.
  await ledger.remember(name, JSON.stringify({ checkpoint: seen.checkpoint, since: seen.until * 1000 }))
  return undefined
}

type Start = { readonly checkpoint?: string; readonly since: number }

/** Goes on where the last search ended; the first begins with the first payment, for what was before is not ours. */
async function startOf(name: string, network: Network, ledger: Ledger): Promise<Start | undefined> {
  const remembered = await ledger.recall(name)
  if (remembered !== undefined) return readStart(remembered)
  const first = (await listAll(ledger, {})).findLast(({ asset }) => asset.network === network)
  return first && { since: first.createdAt }
}

function readStart(text: string): Start {
  const { checkpoint, since } = Object(JSON.parse(text))
  if (typeof checkpoint === 'string' && Number.isFinite(since)) return { checkpoint, since }
  throw new TypeError('the ledger remembers no place to go on from')
}

/** Each payment explains one transfer. */
function unexplained(
  transfers: readonly OutgoingTransfer[],
  payments: readonly Payment[],
): readonly OutgoingTransfer[] {
  const known = indexPayments(payments)
  const used = new Set<Payment>()
  return transfers.filter((transfer) => {
    const named = [...transfer.nonces, transfer.transaction].flatMap((proof) => known.get(proof.toLowerCase()) ?? [])
    const own = named.find((payment) => !used.has(payment) && isOf(payment, transfer))
    if (own) used.add(own)
    return !own
  })
}

/** By nonce, and by the transaction of a final block; what a server says of a transaction explains nothing. */
function indexPayments(payments: readonly Payment[]): ReadonlyMap<string, readonly Payment[]> {
  const known = new Map<string, readonly Payment[]>()
  for (const payment of payments.filter(countsAsSpent)) {
    const { terms, receipt } = payment
    const proofs = [terms.nonce, ...(receipt?.status === 'confirmed' ? [receipt.transaction] : [])]
    for (const proof of new Set(proofs.map((one) => one.toLowerCase()))) {
      known.set(proof, [...(known.get(proof) ?? []), payment])
    }
  }
  return known
}

function isOf({ asset, payTo, amount }: Payment, transfer: OutgoingTransfer): boolean {
  const isEvm = asset.network.startsWith('eip155:')
  const isSame = (one: string, other: string): boolean =>
    isEvm ? one.toLowerCase() === other.toLowerCase() : one === other
  return isSame(asset.address, transfer.asset) && isSame(payTo, transfer.to) && amount === transfer.amount
}

async function freeze(
  strays: readonly [OutgoingTransfer, ...OutgoingTransfer[]],
  network: Network,
  { ledger, emit, clock }: Books,
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

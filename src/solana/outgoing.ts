import { tokenAccountOf } from './address.js'
import type { Node } from './rpc.js'
import { agreeOn } from '../lib/agree.js'
import type { Outgoing, OutgoingSearch } from '../ports/chain.js'
import { type Entry, isFirstBlockBefore, readEntries, readFinal, readFinalTime } from './history.js'
import { type Movement, readMovements } from './movements.js'

/** The nodes of one network, and how many must say the same. */
export type Nodes = { readonly nodes: readonly Node[]; readonly quorum: number }

/** How many transactions one search looks into; the next goes on from there. */
const maxLookups = 500
/** How many of them at once. */
const maxParallel = 8

/**
 * Lists what left the token accounts of a wallet up to the latest final block: whatever made their balances fall, called
 * by whichever program. Of each a quorum of nodes has to say that it is there, or that it is not.
 */
export async function findOutgoing(search: OutgoingSearch, nodes: Nodes): Promise<Outgoing> {
  try {
    return await find(search, nodes)
  } catch {
    return { type: 'open', reason: 'the nodes could not be asked' }
  }
}

async function find(search: OutgoingSearch, { nodes, quorum }: Nodes): Promise<Outgoing> {
  const asked = await Promise.all(nodes.map((node) => readReport(node, search).catch(() => undefined)))
  const known = asked.flatMap((one) => one ?? [])
  const final = known.map(({ slot }) => slot).toSorted((one, other) => other - one)[quorum - 1]
  if (final === undefined) return { type: 'open', reason: 'too few nodes answer' }
  const reached = known.filter(({ slot }) => slot >= final)
  const last = Math.min(final, ...reached.map(({ entries }) => lastOf(entries)))
  const heard = await Promise.all(reached.map((one) => lookInto(one, search, last).catch(() => undefined)))
  const movements = agreeOn(
    heard.flatMap((one) => (one ? [one] : [])),
    { quorum, keyOf },
  )
  if (!movements) return { type: 'open', reason: 'the nodes do not agree on what left the account' }
  const transfers = movements.map(({ transaction, asset, to, amount, messageHash }) => ({
    transaction,
    asset,
    to,
    amount,
    nonces: messageHash === undefined ? [] : [messageHash],
  }))
  const checkpoint = Math.max(last, firstSlotOf(search) - 1)
  return {
    type: 'seen',
    transfers,
    checkpoint: String(checkpoint),
    until: Math.min(...reached.map(({ time }) => time)),
  }
}

type NodeReport = {
  readonly node: Node
  /** Of the newest block that is final to it, and that block's time. */
  readonly slot: number
  readonly time: number
  /** What named one of the accounts since the last search, oldest first. */
  readonly entries: readonly Entry[]
}

/** The final block is read first: what is in it is in the lists that are read later. */
async function readReport(node: Node, search: OutgoingSearch): Promise<NodeReport> {
  const { slot } = await readFinal(node)
  const time = await readFinalTime(node)
  const first = firstSlotOf(search)
  const entries = new Map<string, Entry>()
  for (const asset of search.assets) {
    const isNew = (entry: Entry): boolean => entry.slot >= first && !isBefore(entry, search)
    for (const entry of await readEntries(node, tokenAccountOf(search.account, asset), { slot, isNew }))
      entries.set(entry.signature, entry)
  }
  const isWhole = await isFirstBlockBefore(
    node,
    search.checkpoint === undefined ? { time: search.since / 1000 } : { slot: first },
  )
  if (!isWhole) throw new TypeError('a node no longer has all of the history')
  return { node, slot, time, entries: [...entries.values()].toSorted((one, other) => one.slot - other.slot) }
}

function firstSlotOf({ checkpoint }: OutgoingSearch): number {
  return checkpoint === undefined ? 0 : Number(checkpoint) + 1
}

function isBefore({ blockTime }: Entry, { checkpoint, since }: OutgoingSearch): boolean {
  return checkpoint === undefined && typeof blockTime === 'number' && blockTime < Math.floor(since / 1000)
}

/** The last slot that is looked into whole. */
function lastOf(entries: readonly Entry[]): number {
  const next = entries[maxLookups]
  return next ? next.slot - 1 : Number.POSITIVE_INFINITY
}

async function lookInto(
  { node, entries }: NodeReport,
  search: OutgoingSearch,
  last: number,
): Promise<readonly Movement[]> {
  // What failed has moved nothing.
  const some = entries.filter(({ slot, err }) => slot <= last && (err === null || err === undefined))
  const found: Movement[] = []
  for (let first = 0; first < some.length; first += maxParallel) {
    const batch = some.slice(first, first + maxParallel)
    found.push(...(await Promise.all(batch.map((entry) => readMovements(node, entry, search)))).flat())
  }
  return found
}

function keyOf({ transaction, asset, index, to, amount, messageHash }: Movement): string {
  return [transaction, asset, index, to, amount, messageHash].join('/')
}

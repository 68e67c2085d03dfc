import { within } from '../lib/deadline.js'
import { agreeOn } from '../lib/agree.js'
import type { Outgoing, OutgoingSearch, OutgoingTransfer } from '../ports/chain.js'
import { type Block, firstBlockAt, maxSearch, maxSearches, type Rpc, readBlock, readFinal } from './blocks.js'
import { namedNonces, readTransaction } from './permit2-calls.js'
import { findMovements, type Movement } from './rpc.js'
import { memosIn } from './tempo/charge-calls.js'
import { readHeld, receiveGuard } from './tempo/receive-policy.js'

/** The nodes of one chain, how many must say the same, and how long each is waited for. */
export type Nodes = {
  readonly clients: readonly Rpc[]
  readonly chainId: bigint
  readonly quorum: number
  readonly timeoutMs: number
}

type Node = { readonly client: Rpc; readonly final: Block }

/** Answers the latest block that is final to a quorum of nodes, with the nodes that have it; nothing where too few answer. */
export async function agreeOnFinal(
  nodes: Nodes,
): Promise<{ readonly height: bigint; readonly timestamp: number; readonly reached: readonly Node[] } | undefined> {
  const asked = await Promise.all(nodes.clients.map((client) => readNode(client, nodes)))
  const known = asked.flatMap((node) => node ?? [])
  const height = known.map(({ final }) => final.number).toSorted(descending)[nodes.quorum - 1]
  const timestamp = known.map(({ final }) => final.timestamp).toSorted(descending)[nodes.quorum - 1]
  if (height === undefined || timestamp === undefined) return undefined
  return { height, timestamp, reached: known.filter(({ final }) => final.number >= height) }
}

/**
 * Lists what left an account up to the latest final block. Of each log a quorum of nodes has to say that it is there, or
 * that it is not: one that lies can neither make up a theft nor hide one, it can only keep the search from going on.
 */
export async function findOutgoing(search: OutgoingSearch, nodes: Nodes): Promise<Outgoing> {
  try {
    return await find(search, nodes)
  } catch {
    return { type: 'open', reason: 'the nodes could not be asked' }
  }
}

async function find(search: OutgoingSearch, nodes: Nodes): Promise<Outgoing> {
  const agreed = await agreeOnFinal(nodes)
  if (!agreed) return { type: 'open', reason: 'too few nodes answer' }
  const { height, reached } = agreed
  const first = await firstOf(search, reached)
  const furthest = first + maxSearch * maxSearches - 1n
  const last = height < furthest ? height : furthest
  const heard = await Promise.all(reached.map(({ client }) => readReport(client, search, { first, last })))
  const movements = agreeOn(
    heard.flatMap((one) => (one ? [one.movements] : [])),
    { quorum: nodes.quorum, keyOf },
  )
  if (!movements) return { type: 'open', reason: 'the nodes do not agree on what left the account' }
  const until = Math.min(...heard.flatMap((one) => one?.until ?? []))
  const checkpoint = last < first ? first - 1n : last
  return { type: 'seen', transfers: transfersOf(movements), checkpoint: checkpoint.toString(), until }
}

async function readNode(client: Rpc, { chainId, timeoutMs }: Nodes): Promise<Node | undefined> {
  const timed = inTime(client, timeoutMs)
  const final = await readFinal(timed, chainId).catch(() => undefined)
  return final && { client: timed, final }
}

/** Each request has its time, since a search is made of many. */
function inTime(client: Rpc, timeoutMs: number): Rpc {
  return { request: (call) => within(timeoutMs, client.request(call), 'a node did not answer in time') }
}

/** The earliest of the blocks that nodes name, so that none can make the first search begin after a theft. */
async function firstOf({ checkpoint, since }: OutgoingSearch, nodes: readonly Node[]): Promise<bigint> {
  if (checkpoint !== undefined) return BigInt(checkpoint) + 1n
  const named = await Promise.all(
    nodes.map(({ client, final }) => firstBlockAt(client, final, Math.floor(since / 1000)).catch(() => undefined)),
  )
  const [first] = named.flatMap((block) => block ?? []).toSorted((one, other) => -descending(one, other))
  if (first === undefined) throw new TypeError('no node has the block of that time')
  return first
}

type NodeReport = { readonly movements: readonly Movement[]; readonly until: number }

async function readReport(
  client: Rpc,
  search: OutgoingSearch,
  range: { readonly first: bigint; readonly last: bigint },
): Promise<NodeReport | undefined> {
  try {
    const [logged, block] = await Promise.all([
      findMovements(client, search, range),
      readBlock(client, range.last < range.first ? range.first - 1n : range.last),
    ])
    const movements = await nameHeld(client, logged)
    const named = await findNamed(client, search, movements)
    return { movements: [...movements, ...named], until: block.timestamp }
  } catch {
    return undefined
  }
}

/**
 * Permit2 logs no use of a nonce: which it was is in what its proxy was called with. Nor does a charge on Tempo that failed log
 * its memo, although its fee has left.
 */
async function findNamed(
  client: Rpc,
  { account }: OutgoingSearch,
  movements: readonly Movement[],
): Promise<readonly Movement[]> {
  const known = new Set(movements.flatMap(({ nonce, transaction }) => (nonce === undefined ? [] : [transaction])))
  const found: Movement[] = []
  const moved = movements.filter(({ transaction, amount }) => amount !== 0n && !known.has(transaction))
  for (const { transaction, asset, index } of moved) {
    const answer = await client.request({ method: 'eth_getTransactionByHash', params: [transaction] })
    const nonces = [...namedNonces(readTransaction(answer), account), ...memosIn(answer, account)]
    found.push(...nonces.map((nonce) => ({ transaction, asset, index, nonce })))
  }
  return found
}

/** What a receiver's policy holds back on Tempo is told as a transfer to who holds it: whom it was for, and its memo, a log tells. */
async function nameHeld(client: Rpc, movements: readonly Movement[]): Promise<readonly Movement[]> {
  const named = movements.map(async (movement): Promise<readonly Movement[]> => {
    const { transaction, asset, index, to } = movement
    if (to !== receiveGuard) return [movement]
    const { logs } = Object(await client.request({ method: 'eth_getTransactionReceipt', params: [transaction] }))
    if (!Array.isArray(logs)) throw new TypeError('the node answered with something else')
    const [held] = logs
      .flatMap((log: unknown) => readHeld(log) ?? [])
      .filter((one) => one.index > index && one.token === asset && one.amount === movement.amount)
      .toSorted((one, other) => one.index - other.index)
    if (!held) return [movement]
    return [
      { ...movement, to: held.to },
      { transaction, asset, index: held.index, nonce: held.memo },
    ]
  })
  return (await Promise.all(named)).flat()
}

function keyOf({ transaction, asset, index, to, amount, nonce }: Movement): string {
  return [transaction, asset, index, to, amount, nonce].join('/')
}

function transfersOf(movements: readonly Movement[]): readonly OutgoingTransfer[] {
  return movements.flatMap(({ transaction, asset, to, amount }) => {
    if (to === undefined || amount === undefined) return []
    const beside = movements.filter((one) => one.transaction === transaction && one.asset === asset)
    return [{ transaction, asset, to, amount, nonces: beside.flatMap(({ nonce }) => nonce ?? []) }]
  })
}

function descending<value extends bigint | number>(one: value, other: value): number {
  return Number(one < other) - Number(one > other)
}

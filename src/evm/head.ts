import { within } from '../lib/deadline.js'
import { ChainUnavailableError } from '../errors.js'
import type { ChainView } from '../ports/action.js'
import type { Hex } from '../types.js'
import { encodeQuantity, readHex } from './abi.js'
import type { Block, Rpc } from './blocks.js'
import type { Nodes } from './outgoing.js'

/** A recent block that enough nodes have, and those nodes. */
export type Head = Block & { readonly nodes: readonly Rpc[] }

/**
 * Answers the latest block that a quorum of nodes has.
 *
 * @throws ChainUnavailableError when too few answer, or they do not agree.
 */
export async function agreeOnHead({ clients, chainId, quorum, timeoutMs }: Nodes): Promise<Head> {
  const timed = clients.map(
    (client): Rpc => ({
      request: (call) => within(timeoutMs, client.request(call), 'a node did not answer in time'),
    }),
  )
  const tips = await Promise.all(timed.map((client) => readTip(client, chainId)))
  const known = timed.flatMap((client, index) => (tips[index] ? [{ client, number: tips[index].number }] : []))
  const height = known.map(({ number }) => number).toSorted((one, other) => (one < other ? 1 : -1))[quorum - 1]
  if (height === undefined) throw new ChainUnavailableError('too few of its nodes answer')
  const reached = known.filter(({ number }) => number >= height)
  const blocks = await Promise.all(reached.map(({ client }) => readNumbered(client, height)))
  const hashes = blocks.map((block) => block?.hash.toLowerCase())
  const block = blocks.find((one) => one && hashes.filter((hash) => hash === one.hash.toLowerCase()).length >= quorum)
  if (!block) throw new ChainUnavailableError('its nodes do not agree on the latest block')
  const nodes = reached.flatMap(({ client }, index) => (hashes[index] === block.hash.toLowerCase() ? [client] : []))
  return { ...block, nodes }
}

/**
 * Asks all nodes that have a block the same, and answers what a quorum of them says.
 *
 * @throws ChainUnavailableError when they do not agree.
 */
export async function agreeOnAnswer(
  { nodes }: Pick<Head, 'nodes'>,
  quorum: number,
  ask: (client: Rpc) => Promise<string>,
): Promise<string> {
  let cause: unknown
  const answers = await Promise.all(
    nodes.map((client) =>
      ask(client).catch((error: unknown) => {
        cause = error
        return undefined
      }),
    ),
  )
  const agreed = answers.find((one) => one !== undefined && answers.filter((other) => other === one).length >= quorum)
  if (agreed !== undefined) return agreed
  throw new ChainUnavailableError('its nodes do not agree on what it says, or do not say', { cause })
}

/** Looks at a chain as it is at one block. */
export function viewOf(head: Head, quorum: number): ChainView {
  const { number, hash, timestamp } = head
  return Object.freeze({
    number,
    hash,
    timestamp,
    call: async (to: string, data: Hex) => {
      const params = [{ to, data }, { blockHash: hash }]
      const ask = async (client: Rpc): Promise<string> => {
        try {
          return readBytes(await client.request({ method: 'eth_call', params })).toLowerCase()
        } catch (error) {
          if (isRevert(error)) return 'reverted'
          throw error
        }
      }
      const answer = await agreeOnAnswer(head, quorum, ask)
      return answer === 'reverted' ? undefined : (answer as Hex)
    },
  })
}

async function readTip(client: Rpc, chainId: bigint): Promise<Block | undefined> {
  try {
    const answered = await client.request({ method: 'eth_chainId' })
    return BigInt(String(answered)) === chainId ? await readTagged(client, 'latest') : undefined
  } catch {
    return undefined
  }
}

async function readNumbered(client: Rpc, number: bigint): Promise<Block | undefined> {
  return readTagged(client, encodeQuantity(number)).catch(() => undefined)
}

async function readTagged(client: Rpc, tag: string): Promise<Block> {
  const { number, hash, timestamp } = Object(
    await client.request({ method: 'eth_getBlockByNumber', params: [tag, false] }),
  )
  return { number: BigInt(number), hash: readHex(hash, 32), timestamp: Number(BigInt(timestamp)) }
}

function readBytes(value: unknown): Hex {
  if (typeof value === 'string' && /^0x(?:[0-9a-f]{2}){0,65536}$/i.test(value)) return value as Hex
  throw new TypeError('a node answered a call with something else')
}

/** A call that fails on chain is an answer; a node that fails is none. */
export function isRevert(error: unknown): boolean {
  for (let one = error; typeof one === 'object' && one !== null; one = Object(one).cause) {
    if (Object(one).code === 3 || /execution reverted|\brevert/i.test(String(Object(one).message))) return true
  }
  return false
}

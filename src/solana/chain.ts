import { type OptionNames, requireOptions } from '../lib/known-options.js'
import { ConfigurationError } from '../errors.js'
import { deadlines } from '../lib/deadlines.js'
import { createNodes, type Node, whyUnanswered } from './rpc.js'
import type { Network, Payment } from '../types.js'
import type { Chain, Evidence } from '../ports/chain.js'
import { readBalances } from './balances.js'
import { installedWeb3, type Web3 } from './build-message.js'
import { findOutgoing } from './outgoing.js'
import { createTransfers } from './send-transfer.js'
import { findTransaction, hasAllSince, type Question, readFinalTime } from './history.js'
import { readLife } from './lifetime.js'

/** Options of `solana`. */
export type SolanaOptions = {
  /** A CAIP-2 id, such as `solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp`; the nodes have to be of it. */
  readonly network: Network
  /** The URLs of JSON-RPC nodes of different operators. */
  readonly rpcs: readonly string[]
  /**
   * How many must say the same before a payment counts no more.
   *
   * @default 2 where two nodes are given, else 1
   */
  readonly quorum?: number | undefined
  /**
   * How long each answer of a node is waited for, in seconds.
   *
   * @default 20
   */
  readonly timeoutSeconds?: number | undefined
  /**
   * The most that the fee of one transfer of `wallet.transfer` may be, in lamports.
   *
   * @default 100_000n, a ten-thousandth of a SOL
   */
  readonly maxFeeLamports?: bigint | undefined
  /** What transfers are compiled with. @default () => import('@solana/web3.js') */
  readonly web3?: (() => Promise<Web3>) | undefined
  /** What nodes are asked with. @default the global fetch at the time of each call */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined
}

const optionNames: OptionNames<SolanaOptions> = {
  network: true,
  rpcs: true,
  quorum: true,
  timeoutSeconds: true,
  maxFeeLamports: true,
  fetch: true,
  clock: true,
  web3: true,
}

/**
 * Reads what Solana shows of payments: only final blocks, of the right network. A payment counts no more only when each
 * node of a quorum says that its blockhash is dead, that enough blocks and time have passed since it was signed, and that
 * the payer's whole history since is without it. Sends the transfers of `wallet.transfer`.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { solana } from 'stipend/solana'
 *
 * const chain = solana({
 *   network: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
 *   rpcs: ['https://api.mainnet-beta.solana.com', 'https://solana.example.com'],
 * })
 * ```
 */
export function solana(options: SolanaOptions): Chain {
  requireOptions('solana', options, optionNames)
  if (!Array.isArray(options.rpcs))
    throw new ConfigurationError('Failed to read rpcs: expected a list of URLs of nodes')
  const { network, rpcs, quorum = Math.min(2, rpcs.length), timeoutSeconds = deadlines.node / 1000 } = options
  const { maxFeeLamports = 100_000n, web3 = installedWeb3 } = options
  const { fetch = (...request) => globalThis.fetch(...request), clock = Date.now } = options
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 600)) {
    throw new ConfigurationError(`Failed to read timeoutSeconds: ${timeoutSeconds} is not between 0 and 600`)
  }
  // Whatever is compared with a number that is none is allowed.
  if (typeof maxFeeLamports !== 'bigint') throw new ConfigurationError('Failed to read maxFeeLamports: it is no bigint')
  const nodes = createNodes(rpcs, { network, fetch, timeoutMs: timeoutSeconds * 1000 })
  if (!Number.isInteger(quorum) || quorum < 1 || quorum > nodes.length) {
    throw new ConfigurationError(`Failed to read quorum: ${quorum} of ${nodes.length} nodes`)
  }
  return Object.freeze<Chain>({
    network,
    examine: async (payment: Payment): Promise<Evidence> => {
      const question = readQuestion(payment, network)
      if (!question) return { type: 'open', reason: 'it is no payment of this library on this network' }
      return agree(await Promise.all(nodes.map((node) => ask(node, question))), quorum)
    },
    outgoing: (search) => findOutgoing(search, { nodes, quorum }),
    // Whoever pays the fee names the transaction; what is ours of it is the message.
    proofsOf: ({ terms }) => (terms.details?.['messageHash'] === undefined ? [] : [terms.details['messageHash']]),
    time: () => readTime(nodes, quorum),
    transfers: createTransfers({ network, nodes, maxFeeLamports, clock, web3 }),
    balances: (address, assets) => readBalances(nodes, address, assets),
  })
}

function readQuestion(payment: Payment, network: Network): Question | undefined {
  const { source, messageHash, memo, blockhash, blockHeight, slot } = payment.terms.details ?? {}
  const isOurs =
    payment.asset.network === network && /^\d{1,15}$/.test(blockHeight ?? '') && /^\d{1,15}$/.test(slot ?? '')
  if (!isOurs || source === undefined || messageHash === undefined || memo === undefined) return undefined
  if (blockhash === undefined) return undefined
  return { payment, source, messageHash, memo, blockhash, height: Number(blockHeight), slot: Number(slot) }
}

async function ask(node: Node, question: Question): Promise<Evidence> {
  try {
    return await examine(node, question)
  } catch (error) {
    return { type: 'open', reason: whyUnanswered(error) }
  }
}

/** Whether it is dead is asked first: what the history does not have by then can never come. */
async function examine(node: Node, question: Question): Promise<Evidence> {
  const { final, whyAlive } = await readLife(node, question)
  const found = await findTransaction(node, question, final)
  if (found?.isExecuted) return { type: 'executed', transaction: found.signature, amount: question.payment.amount }
  if (whyAlive !== undefined) return { type: 'open', reason: whyAlive }
  // In a block, but failed: its message is used up.
  if (found || (await hasAllSince(node, question))) return { type: 'expired' }
  return { type: 'open', reason: 'a node no longer has all of the history since it was signed' }
}

/** The latest time that a quorum of nodes has reached. */
async function readTime(nodes: readonly Node[], quorum: number): Promise<number | undefined> {
  const asked = await Promise.allSettled(nodes.map(readFinalTime))
  const times = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  return times.toSorted((one, other) => other - one)[quorum - 1]
}

/** That it was executed is believed of one node, since it only makes a payment count; that it never will be, of a quorum. */
function agree(answers: readonly Evidence[], quorum: number): Evidence {
  const executed = answers.find(({ type }) => type === 'executed')
  if (executed) return executed
  const expired = answers.filter(({ type }) => type === 'expired')
  if (expired.length >= quorum && expired[0]) return expired[0]
  return answers.find(({ type }) => type === 'open') ?? { type: 'open', reason: 'the nodes do not agree' }
}

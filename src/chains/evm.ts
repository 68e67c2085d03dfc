import { within } from '../deadline.js'
import { ConfigurationError } from '../errors.js'
import type { Network, Payment } from '../types.js'
import type { Chain, Evidence } from './evidence.js'
import { findLogs, type Log, type Rpc, readBlock, readNonce, transfersIn } from './evm-rpc.js'

/** Options of `evm`. */
export type EvmOptions = {
  /** A CAIP-2 id, such as `eip155:8453`. */
  readonly network: Network
  /** Nodes of different operators: viem clients, or anything with an EIP-1193 `request`. */
  readonly clients: readonly Rpc[]
  /**
   * How many must say the same before a payment counts no more.
   *
   * @default 2 where two clients are given, else 1
   */
  readonly quorum?: number | undefined
}

const timeoutMs = 20_000

/**
 * Reads what an EVM chain shows of EIP-3009 payments: only final blocks, of the right chain, and a payment counts no
 * more only when a quorum of nodes says so. One node's word is enough to count it.
 *
 * @throws ConfigurationError when an option is not usable.
 */
export function evm(options: EvmOptions): Chain {
  const { network, clients, quorum = Math.min(2, clients.length) } = options
  const chainId = /^eip155:([1-9]\d*)$/.exec(network)?.[1]
  if (chainId === undefined)
    throw new ConfigurationError(`Failed to read network: ${network} is not an EVM chain's CAIP-2 id`)
  if (!Number.isInteger(quorum) || quorum < 1 || quorum > clients.length) {
    throw new ConfigurationError(`Failed to read quorum: ${quorum} of ${clients.length} clients`)
  }
  return Object.freeze({
    network,
    examine: async (payment: Payment) => {
      const answers = await Promise.all(clients.map((client) => ask(client, payment, BigInt(chainId))))
      return agree(answers, quorum)
    },
  })
}

async function ask(client: Rpc, payment: Payment, chainId: bigint): Promise<Evidence> {
  try {
    return await within(timeoutMs, examine(client, payment, chainId), 'a node did not answer in time')
  } catch (error) {
    return {
      type: 'open',
      reason: error instanceof Error && error.name === 'TimeoutError' ? error.message : 'a node failed to answer',
    }
  }
}

/** A transfer counts as soon as one node shows it; that there will be none must be the word of a quorum, and of none other. */
function agree(answers: readonly Evidence[], quorum: number): Evidence {
  const seen = answers.find(({ type }) => type === 'executed') ?? answers.find(({ type }) => type === 'diverted')
  if (seen) return seen
  for (const type of ['cancelled', 'expired'] as const) {
    const alike = answers.filter((answer) => answer.type === type)
    if (alike[0] && alike.length >= quorum) return alike[0]
  }
  return answers.find(({ type }) => type === 'open') ?? { type: 'open', reason: 'the nodes do not agree' }
}

async function examine(client: Rpc, payment: Payment, chainId: bigint): Promise<Evidence> {
  if (BigInt(String(await client.request({ method: 'eth_chainId' }))) !== chainId)
    return { type: 'open', reason: 'a node is of another chain' }
  const final = await readBlock(client, 'finalized')
  // All that is read is read at this block, whatever the node calls its latest.
  const isUsed = await readNonce(client, payment, final.hash)
  if (isUsed) return explain(payment, await findLogs(client, payment, final), client)
  // The contract executes while a block's time is before `validBefore`, and later blocks are never earlier.
  if (final.timestamp >= payment.terms.validBefore) return { type: 'expired' }
  return { type: 'open', reason: 'it can still be executed' }
}

/** A used nonce is a transfer or a cancellation; the logs tell which, and whether the transfer was ours. */
async function explain(payment: Payment, logs: readonly Log[], client: Rpc): Promise<Evidence> {
  const [log] = logs
  if (!log) return { type: 'open', reason: 'its nonce is used, but the node has no log of it' }
  const transaction = log.transactionHash
  if (log.isCancellation) return { type: 'cancelled', transaction }
  const transfers = await transfersIn(client, payment, transaction)
  const ours = transfers.find(({ to, value }) => to === payment.payTo.toLowerCase() && value === payment.amount)
  return ours ? { type: 'executed', transaction, amount: ours.value } : { type: 'diverted', transaction }
}

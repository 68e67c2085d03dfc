import { type OptionNames, refuseUnknown, requireOptions } from '../lib/known-options.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { ConfigurationError } from '../errors.js'
import type { Signer } from '../ports/key-store.js'
import type { Asset, Hex, Network, Offer, Payment } from '../types.js'
import type { Chain, Evidence, Outgoing, OutgoingSearch, OutgoingTransfer } from '../ports/chain.js'
import { createActionChain } from './action-chain.js'
import { examineAction, explainsTransfer } from './action-evidence.js'
import { refuseAllowance } from './allowance.js'
import { findOpenApprovals } from './allowance-approval.js'
import { findAllowancePermit } from './allowance-permit.js'
import { createContractPayers } from './contract-payer.js'
import { type GasPayer, sendCancellation } from './cancel.js'
import { agreeOnFinal, findOutgoing } from './outgoing.js'
import { type NodeAnswer, agree } from './quorum.js'
import { examineTransaction } from './transfer-evidence.js'
import { createTransfers, readBalances } from './send-transfer.js'
import { type Block, type Rpc, readFinal } from './blocks.js'
import { isPermit } from './permit2.js'
import { examinePermit } from './permit2-evidence.js'
import { chargeMemo, examineCharge, isCharge, isFeeOf } from './tempo/evidence.js'
import { findLogs, type Log, readNonce, transfersIn } from './rpc.js'

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
  /**
   * How long each node is waited for, in seconds.
   *
   * @default 20
   */
  readonly timeoutSeconds?: number | undefined
  /**
   * Pays for the transactions of `wallet.cancel`, and for transfers of tokens with EIP-3009: a viem wallet client with
   * an account of its own.
   */
  readonly gasPayer?: GasPayer | undefined
  /**
   * The most that the gas of one transfer, or of all transactions of one action, may cost the wallet itself, in wei.
   *
   * @default 1_000_000_000_000_000n, a thousandth of the chain's coin
   */
  readonly maxFeeWei?: bigint | undefined
  /**
   * Lets an approval of Permit2, for exactly the amount of a payment, be signed beside it, where a server's facilitator sends
   * it (`erc20ApprovalGasSponsoring`) and the token takes no permit. It is a transaction of the wallet's own account, has no
   * end of its own, and may cost so much gas, in wei, where nobody else pays for it. That gas counts under no limit in dollars:
   * it is bounded for each payment by this, and over time only by limits on the number of payments.
   *
   * @default none is ever signed
   */
  readonly sponsoredApprovals?: { readonly maxFeeWei: bigint } | undefined
}

const optionNames: OptionNames<EvmOptions> = {
  network: true,
  clients: true,
  quorum: true,
  timeoutSeconds: true,
  gasPayer: true,
  maxFeeWei: true,
  sponsoredApprovals: true,
}

/**
 * Reads what an EVM chain shows of payments by EIP-3009, by Permit2 and on Tempo: only final blocks, of the right chain, and a
 * payment counts no more only when a quorum of nodes says so. One node's word is enough to count it.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { evm } from 'stipend/evm'
 * import { createPublicClient, http } from 'viem'
 *
 * const chain = evm({
 *   network: 'eip155:8453',
 *   clients: ['https://mainnet.base.org', 'https://base.example.com'].map((url) =>
 *     createPublicClient({ transport: http(url) }),
 *   ),
 * })
 * ```
 */
export function evm(options: EvmOptions): Chain {
  requireOptions('evm', options, optionNames)
  if (!areClients(options.clients))
    throw new ConfigurationError('Failed to read clients: expected a list of RPC clients', {
      details: ['viem makes one: createPublicClient({ transport: http(url) }).'],
    })
  const {
    network,
    clients,
    quorum = Math.min(2, clients.length),
    timeoutSeconds = deadlines.node / 1000,
    gasPayer,
  } = options
  const { maxFeeWei = 1_000_000_000_000_000n } = options
  const sponsoredApprovals = readApprovals(options)
  const chainId = readChainId(network)
  if (!Number.isInteger(quorum) || quorum < 1 || quorum > new Set(clients).size) {
    throw new ConfigurationError(`Failed to read quorum: ${quorum} of ${new Set(clients).size} clients`)
  }
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 600)) {
    throw new ConfigurationError(`Failed to read timeoutSeconds: ${timeoutSeconds} is not between 0 and 600`)
  }
  const timeoutMs = timeoutSeconds * 1000
  const nodes = { clients, chainId, quorum, timeoutMs }
  return Object.freeze({
    network,
    examine: async (payment: Payment): Promise<Evidence> => {
      const isOurs = payment.asset.network === network && isKnown(payment)
      if (!isOurs) return { type: 'open', reason: 'it is no payment on this network, or moves in another way' }
      const answers = await Promise.all(clients.map((client) => ask(client, { payment, chainId, timeoutMs })))
      const amounts = [payment, ...(payment.earlier ?? [])].map(({ amount }) => amount)
      return agree(answers, { quorum, timeoutMs, amounts })
    },
    outgoing: ({ assets, ...search }: OutgoingSearch): Promise<Outgoing> =>
      findOutgoing({ ...search, assets: assets.filter(({ transfer }) => !isNft(transfer)) }, nodes),
    time: async (): Promise<number | undefined> => (await agreeOnFinal(nodes))?.timestamp,
    balances: (address: string, assets: readonly Asset[]) => readBalances({ clients, timeoutMs }, address, assets),
    refuse: (offer: Offer, payer: string) => refuseAllowance({ clients, timeoutMs }, offer, payer),
    allowancePermit: (offer: Offer, signer: Signer) =>
      findAllowancePermit({ clients, timeoutMs, maxApprovalFeeWei: sponsoredApprovals?.maxFeeWei }, offer, signer),
    openApprovals: (payments: readonly Payment[]) => findOpenApprovals({ clients, timeoutMs }, payments),
    contracts: createContractPayers({ clients, timeoutMs }),
    transfers: createTransfers({ clients, gasPayer, maxFeeWei, timeoutMs }),
    actions: createActionChain({ ...nodes, network, maxFeeWei }),
    proofsOf: (payment: Payment) => [isCharge(payment) ? chargeMemo(payment) : payment.terms.nonce],
    explains: (payment: Payment, transfer: OutgoingTransfer) =>
      payment.scheme === 'action' ? explainsTransfer(payment, transfer) : isFeeOf(payment, transfer),
    ...(gasPayer && {
      cancel: (payment: Payment, signature: Hex) => sendCancellation(gasPayer, payment, signature),
    }),
  })
}

function areClients(clients: readonly (Rpc | undefined)[]): boolean {
  return Array.isArray(clients) && clients.length > 0 && clients.every((one) => typeof one?.request === 'function')
}

function readApprovals({ sponsoredApprovals: given }: EvmOptions): EvmOptions['sponsoredApprovals'] {
  if (given === undefined) return undefined
  refuseUnknown('sponsoredApprovals', given, { maxFeeWei: true })
  if (typeof given.maxFeeWei === 'bigint' && given.maxFeeWei > 0n) return given
  throw new ConfigurationError('Failed to read sponsoredApprovals: expected { maxFeeWei }, a bigint of wei')
}

function readChainId(network: Network): bigint {
  const chainId = /^eip155:([1-9]\d*)$/.exec(network)?.[1]
  if (chainId !== undefined) return BigInt(chainId)
  throw new ConfigurationError(`Failed to read network: ${network} is not an EVM chain's CAIP-2 id`)
}

function isKnown(payment: Payment): boolean {
  return isOurTransaction(payment) || payment.asset.transfer === 'eip3009' || isPermit(payment) || isCharge(payment)
}

/** Which NFT moved is told by its logs in other words than how much of a token did. */
function isNft(transfer: Asset['transfer']): boolean {
  return transfer === 'erc721' || transfer === 'erc1155'
}

/** Whether the payer sends it as transactions of its own. */
function isOurTransaction({ scheme }: Payment): boolean {
  return scheme === 'transfer' || scheme === 'action'
}

type Question = { readonly payment: Payment; readonly chainId: bigint; readonly timeoutMs: number }

async function ask(client: Rpc, question: Question): Promise<NodeAnswer> {
  try {
    return await within(question.timeoutMs, examine(client, question), 'a node did not answer in time')
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError'
    return { client, evidence: { type: 'open', reason: isLate ? error.message : 'a node failed to answer' } }
  }
}

async function examine(client: Rpc, { payment, chainId }: Question): Promise<NodeAnswer> {
  const final = await readFinal(client, chainId)
  if (!final) return { client, evidence: { type: 'open', reason: 'a node is of another chain' } }
  return { client, final, evidence: await examineAt(client, payment, final) }
}

/** All that is read is read at one final block, whatever the node calls its latest. */
async function examineAt(client: Rpc, payment: Payment, final: Block): Promise<Evidence> {
  if (payment.scheme === 'action') return examineAction(client, payment, final)
  if (payment.scheme === 'transfer') return examineTransaction(client, payment, final)
  if (isCharge(payment)) return examineCharge(client, payment, final)
  if (isPermit(payment)) return examinePermit(client, payment, final)
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
  const signed = [payment, ...(payment.earlier ?? [])]
  const ours = transfers.find(({ to, value }) =>
    signed.some(({ payTo, amount }) => to === payTo.toLowerCase() && value === amount),
  )
  return ours ? { type: 'executed', transaction, amount: ours.value } : { type: 'diverted', transaction }
}

import { type OptionNames, requireOptions } from '../lib/known-options.js'
import { ConfigurationError } from '../errors.js'
import { deadlines } from '../lib/deadlines.js'
import type { SolanaSigner } from './signer.js'
import { tokenAccountOf } from './address.js'
import { encodeBytes } from '../lib/base64.js'
import { isSignedBy } from './verify.js'
import { writeTransaction } from './read-message.js'
import { createNodes } from './rpc.js'
import type { Network, Payment } from '../types.js'
import type { Scheme } from '../ports/scheme.js'
import { createBlockhashes } from './blockhash.js'
import { createBuilder, installedWeb3, type Web3 } from './build-message.js'
import { refuseOffer } from './refuse-offer.js'
import { createPayees } from './payee-account.js'
import { fixTerms } from './exact-terms.js'
import { isSignature, readSigned } from './signed.js'
import { differenceOf, messageHash, transferOf } from './exact-shape.js'

/** Options of `exactSolana`. */
export type ExactSolanaOptions = {
  /** The URL of a JSON-RPC node. */
  readonly rpc?: string | undefined
  /** The URLs of nodes of different operators: the first that answers gives the blockhash, all of them its age. */
  readonly rpcs?: readonly string[] | undefined
  /**
   * The network that is paid on; the nodes have to be of it.
   *
   * @default 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', which is mainnet
   */
  readonly network?: Network | undefined
  /**
   * How long each node is waited for, in seconds.
   *
   * @default 5
   */
  readonly timeoutSeconds?: number | undefined
  /** What messages are compiled with. @default () => import('@solana/web3.js') */
  readonly web3?: (() => Promise<Web3>) | undefined
  /** What nodes are asked with. @default the global fetch at the time of each call */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined
}

const mainnet = 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'
/** As long as a transaction with a memo of 256 bytes. */
const maxPayloadLength = 964

const optionNames: OptionNames<ExactSolanaOptions> = {
  rpc: true,
  rpcs: true,
  network: true,
  timeoutSeconds: true,
  web3: true,
  fetch: true,
  clock: true,
}

/**
 * Pays x402's `exact` scheme on Solana with a `TransferChecked` that somebody else pays the fee of. While payments are
 * made, a blockhash is kept fresh in the background, so that no payment waits for a node.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet, exactEvm, type KeyStore, spendingLimit } from 'stipend'
 * import { exactSolana } from 'stipend/solana'
 *
 * declare const keyStore: KeyStore
 * const wallet = createAgentWallet({
 *   keyStore,
 *   policy: [allowHosts(['api.example.com']), spendingLimit({ perPaymentUsd: 0.1, dailyLimitUsd: 5 })],
 *   schemes: [exactEvm(), exactSolana({ rpc: 'https://api.mainnet-beta.solana.com' })],
 * })
 * ```
 */
export function exactSolana(options: ExactSolanaOptions): Scheme<SolanaSigner> {
  requireOptions('exactSolana', options, optionNames)
  const {
    network = mainnet,
    timeoutSeconds = deadlines.nodeWhilePaying / 1000,
    clock = Date.now,
    fetch = currentFetch,
    web3 = installedWeb3,
  } = options
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 60)) {
    throw new ConfigurationError(`Failed to read timeoutSeconds: ${timeoutSeconds} is not between 0 and 60`)
  }
  const urls = [...(options.rpc === undefined ? [] : [options.rpc]), ...(options.rpcs ?? [])]
  const nodes = createNodes(urls, { network, fetch, timeoutMs: timeoutSeconds * 1000 })
  const blockhashes = createBlockhashes(nodes, clock)
  const payees = createPayees(nodes)
  const build = createBuilder(web3)
  return {
    name: 'exact',
    namespace: 'solana',
    // A blockhash dies within minutes, but until then a second message is a second payment.
    atMostOnce: false,
    refuse: (offer, payer) => refuseOffer(offer, payer, network),
    terms: async (offer, { payer, nonce, now }) => {
      const [terms] = await Promise.all([
        fixTerms(offer, { payer, nonce, now }, { blockhashes, build, clock }),
        payees.check(offer, tokenAccountOf(offer.payTo, offer.asset)),
      ])
      return terms
    },
    sign: async (payment, signer) => {
      const message = await build(transferOf(payment))
      const problem = problemOf(payment, message)
      if (problem !== undefined) throw new TypeError(problem)
      const signature: unknown = await signer.signMessage(message.slice())
      return isSignature(signature) ? encodeBytes(writeTransaction(message, signature, 2)) : ''
    },
    check: checkTransaction,
    payload: (_payment, transaction) => ({ transaction }),
    placeholder: 'A'.repeat(maxPayloadLength),
  }
}

const currentFetch: typeof globalThis.fetch = (...request) => globalThis.fetch(...request)

/** The messages that were read and found to be their payment: what is the same to the byte is not read twice. */
const known = new WeakMap<Payment, string>()

/** Says what is wrong with a message, or nothing when it is exactly the recorded payment. */
function problemOf(payment: Payment, message: Uint8Array): string | undefined {
  const hash = messageHash(message)
  if (known.get(payment) === hash) return undefined
  const difference = differenceOf(message, transferOf(payment))
  if (difference !== undefined) return difference
  if (hash !== payment.terms.details?.['messageHash']) return 'the message is not the recorded one'
  if (Object.isFrozen(payment)) known.set(payment, hash)
  return undefined
}

function checkTransaction(payment: Payment, encoded: string): string | undefined {
  const transaction = readSigned(encoded)
  if (!transaction) return 'the signer answered with no 64-byte signature'
  const { signatures, message } = transaction
  const [feePayers, ours] = signatures
  const isOpen = signatures.length === 2 && feePayers?.every((byte) => byte === 0)
  if (!isOpen || !ours) return 'the transaction has other signatures'
  const problem = problemOf(payment, message)
  if (problem !== undefined) return problem
  return isSignedBy(message, ours, payment.terms.payer)
    ? undefined
    : 'the signature is not of this payment by this payer'
}

import * as z from 'zod/mini'
import { ConfigurationError, InsufficientFundsError } from '../errors.js'
import type { SolanaSigner } from './signer.js'
import { encodeBytes } from '../lib/base64.js'
import { isSignedBy } from './verify.js'
import { writeTransaction } from './read-message.js'
import { firstAnswer } from './first-answer.js'
import type { Node } from './rpc.js'
import type { AuthorizationTerms, Hex, Network, Offer, Payment } from '../types.js'
import type { Scheme } from '../ports/scheme.js'
import { type Anchor, readAnchor } from './blockhash.js'
import { refuseOwnTransfer } from './refuse-offer.js'
import { type BuildMessage, createBuilder, refuseCompiled, type Web3 } from './build-message.js'
import { accountsOf, differenceOfOwn, feeOf, type OwnTransfer, ownTransferOf } from './transfer-shape.js'
import { createPayees } from './payee-account.js'
import { isSignature, readSigned } from './signed.js'
import { usefulSeconds, validSeconds } from './exact-terms.js'
import { messageHash } from './exact-shape.js'

/** What transfers need to know of their chain, and what their fee may be. */
export type TransferSolanaOptions = {
  readonly network: Network
  readonly nodes: readonly Node[]
  /** For one transfer. */
  readonly maxFeeLamports: bigint
  readonly clock: () => number
  /** What messages are compiled with. */
  readonly web3: () => Promise<Web3>
}

/** Of the blocks that a node remembers: what most of what was in them paid less than. */
const priceQuantile = 0.75
const lamports = z.object({ value: z.int().check(z.nonnegative()) })
const prices = z.array(z.object({ prioritizationFee: z.int().check(z.nonnegative()) })).check(z.maxLength(1024))

/** As long as the transaction of a token with its memo. */
const placeholderLength = 600

/**
 * Moves a token or SOL of the owner's own accord, in a transaction whose fee the payer pays. The blockhash is recorded,
 * and validators take each message once: what is signed again is the same message.
 */
export function transferSolana(options: TransferSolanaOptions): Scheme<SolanaSigner> {
  const { network, nodes, maxFeeLamports, clock } = options
  const build = createBuilder(options.web3)
  const payees = createPayees(nodes)
  return {
    name: 'transfer',
    namespace: 'solana',
    // Until its blockhash is dead, a second message is a second transfer.
    atMostOnce: false,
    refuse: (offer, payer) => refuseOwnTransfer(offer, payer, network),
    terms: async (offer, context) => {
      const accounts = accountsOf({ ...offer, payer: context.payer })
      const [anchor, unitPrice] = await Promise.all([
        readAnchor(nodes, clock),
        readPrice(nodes, Object.values(accounts)),
        payees.check(offer, accounts.destination),
      ])
      if (feeOf({ unitPrice }) > maxFeeLamports) {
        throw new ConfigurationError(
          `Failed to transfer: the fee would be up to ${feeOf({ unitPrice })} lamports, and ${maxFeeLamports} are allowed; nothing was signed`,
        )
      }
      const held = await readLamports(nodes, context.payer)
      const needed = feeOf({ unitPrice }) + (offer.asset.transfer === 'native' ? offer.amount : 0n)
      if (held !== undefined && held < needed) {
        const sol = { symbol: 'SOL', decimals: 9 }
        throw new InsufficientFundsError({ network, address: context.payer, asset: sol, held, needed, use: 'gas' })
      }
      return fixTerms(offer, context, { anchor, unitPrice, build })
    },
    sign: async (payment, signer) => {
      const message = await build(draftOf(ownTransferOf(payment)))
      const problem = problemOf(payment, message, maxFeeLamports)
      if (problem !== undefined) throw new TypeError(problem)
      const signature: unknown = await signer.signMessage(message.slice())
      return isSignature(signature) ? encodeBytes(writeTransaction(message, signature, 1)) : ''
    },
    check: (payment, encoded) => {
      const { signatures = [], message } = readSigned(encoded) ?? {}
      const [signature, ...others] = signatures
      if (!message || !signature || others.length > 0) return 'the signer answered with no 64-byte signature'
      const problem = problemOf(payment, message, maxFeeLamports)
      if (problem !== undefined) return problem
      const isOurs = isSignedBy(message, signature, payment.terms.payer)
      return isOurs ? undefined : 'the signature is not of this transfer by this payer'
    },
    payload: (_payment, transaction) => ({ transaction }),
    placeholder: 'A'.repeat(placeholderLength),
  }
}

type Context = { readonly payer: string; readonly nonce: Hex; readonly now: number }
type Found = { readonly anchor: Anchor; readonly unitPrice: bigint; readonly build: BuildMessage }

/** Who pays pays the fee too. */
function draftOf(transfer: OwnTransfer): Parameters<BuildMessage>[0] {
  return { ...transfer, feePayer: transfer.payer }
}

async function fixTerms(
  { asset, amount, payTo }: Offer,
  { payer, nonce, now }: Context,
  { anchor, unitPrice, build }: Found,
): Promise<AuthorizationTerms> {
  const { blockhash, height, slot, readAt } = anchor
  // It is the purchase's own, so that two equal transfers are two messages.
  const memo = nonce.slice(2, 34)
  const transfer = { asset, amount, payTo, payer, blockhash, memo, unitPrice }
  const message = await build(draftOf(transfer))
  refuseCompiled(differenceOfOwn(message, transfer))
  return {
    payer,
    nonce,
    validAfter: 0,
    validBefore: Math.floor(now / 1000) + validSeconds,
    usefulUntil: Math.floor(readAt / 1000) + usefulSeconds,
    details: {
      blockhash,
      blockHeight: String(height),
      slot: String(slot),
      memo,
      unitPrice: String(unitPrice),
      ...accountsOf(transfer),
      messageHash: messageHash(message),
    },
  }
}

/** What others paid lately to write to these accounts, in micro-lamports for a compute unit; one where no node says. */
async function readPrice(nodes: readonly Node[], accounts: readonly string[]): Promise<bigint> {
  const ask = (node: Node) => node.ask('getRecentPrioritizationFees', [accounts], prices)
  const found = await firstAnswer(nodes, ask).catch(() => [])
  const paid = found.map(({ prioritizationFee }) => prioritizationFee).toSorted((one, other) => one - other)
  return BigInt(Math.max(1, paid[Math.floor(paid.length * priceQuantile)] ?? 0))
}

/** What an address holds of the chain's own coin; nothing where no node says. */
async function readLamports(nodes: readonly Node[], address: string): Promise<bigint | undefined> {
  const ask = (node: Node) => node.ask('getBalance', [address, { commitment: 'confirmed' }], lamports)
  return firstAnswer(nodes, ask).then(
    ({ value }) => BigInt(value),
    () => undefined,
  )
}

/** Says what is wrong with a message, or nothing when it is exactly the recorded transfer, at a fee that is allowed. */
function problemOf(payment: Payment, message: Uint8Array, maxFeeLamports: bigint): string | undefined {
  const transfer = ownTransferOf(payment)
  const difference = differenceOfOwn(message, transfer)
  if (difference !== undefined) return difference
  if (messageHash(message) !== payment.terms.details?.['messageHash']) return 'the message is not the recorded one'
  return feeOf(transfer) > maxFeeLamports ? 'the fee is more than is allowed' : undefined
}

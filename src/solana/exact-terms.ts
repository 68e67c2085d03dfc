import { ChainUnavailableError } from '../errors.js'
import { tokenAccountOf } from './address.js'
import type { AuthorizationTerms, Hex, Offer } from '../types.js'
import type { Anchor, Blockhashes } from './blockhash.js'
import { type BuildMessage, refuseCompiled } from './build-message.js'
import { hasFixedMemo, memoOf } from './refuse-offer.js'
import { differenceOf, messageHash, type Transfer } from './exact-shape.js'
import { isTaken } from './taken-messages.js'

/** Far beyond the life of a blockhash: what counts as spent until then is the safe side. */
export const validSeconds = 600
/** A node simulates a transaction only while its blockhash is 144 blocks old at most. */
export const usefulSeconds = 56
const maxTries = 32

type Context = { readonly payer: string; readonly nonce: Hex; readonly now: number }
type TermsOptions = { readonly blockhashes: Blockhashes; readonly build: BuildMessage; readonly clock: () => number }

/**
 * Fixes what will be signed. The message is built once before anything is recorded: what cannot be built is not
 * recorded, and the hash of what can is.
 */
export async function fixTerms(offer: Offer, context: Context, options: TermsOptions): Promise<AuthorizationTerms> {
  const { payer, nonce, now } = context
  const { asset, payTo } = offer
  const { transfer, hash, anchor } = await findMessage(offer, context, options)
  const seconds = Math.floor(now / 1000)
  return {
    payer,
    nonce,
    validAfter: 0,
    validBefore: seconds + validSeconds,
    usefulUntil: Math.floor(anchor.readAt / 1000) + usefulSeconds,
    details: {
      feePayer: transfer.feePayer,
      blockhash: transfer.blockhash,
      blockHeight: String(anchor.height),
      slot: String(anchor.slot),
      memo: transfer.memo,
      source: tokenAccountOf(payer, asset),
      destination: tokenAccountOf(payTo, asset),
      messageHash: hash,
    },
  }
}

type Found = { readonly transfer: Transfer; readonly hash: string; readonly anchor: Anchor }

/** Validators execute a message once: of two purchases with the same one, only one would be paid. */
async function findMessage(
  offer: Offer,
  context: Context,
  { blockhashes, build, clock }: TermsOptions,
): Promise<Found> {
  const tried = new Set<string>()
  for (;;) {
    // Never the server's `recentBlockhash`: when it dies is known only of one that our own nodes named.
    const anchor = await blockhashes.unused((blockhash) => tried.has(blockhash))
    const transfer = draft(offer, context, anchor.blockhash)
    const message = await build(transfer)
    refuseCompiled(differenceOf(message, transfer))
    const hash = messageHash(message)
    if (!hasFixedMemo(offer) || !isTaken(hash, context.nonce, clock())) return { transfer, hash, anchor }
    tried.add(anchor.blockhash)
    if (tried.size > maxTries)
      throw new ChainUnavailableError('too many payments of the same terms wait for new blocks')
  }
}

function draft(offer: Offer, { payer, nonce }: Context, blockhash: string): Transfer {
  const { asset, amount, payTo, extra } = offer
  return { asset, amount, payTo, payer, feePayer: String(extra['feePayer']), blockhash, memo: memoOf(offer, nonce) }
}

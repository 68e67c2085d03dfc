import { deadlines } from '../lib/deadlines.js'
import { waitFor } from '../lib/deadline.js'
import { forgetOldest } from '../lib/recent.js'
import { sha256Hex } from '../lib/sha256.js'
import { hexToBytes } from '@noble/hashes/utils'
import type { Signer } from '../ports/key-store.js'
import type { Hex } from '../types.js'
import type { LightningWallet } from './wallet.js'

/** What shows that an invoice was paid, and what the wallet says that it cost beside its amount. */
export type Proof = { readonly preimage: string; readonly feesMsat: bigint | undefined }

/** Who pays invoices: what it answers is the preimage, which stands for a signature. */
export type LightningSigner = Signer & {
  readonly namespace: 'bip122'
  /** Asks the wallet to pay an invoice, which is the payment; only for a payment that was recorded just now. */
  readonly pay: (invoice: string, terms: { readonly hash: Hex; readonly maxFeeMsat: bigint }) => Promise<string>
  /** Answers the preimage of what was paid before; pays nothing. */
  readonly recall: (hash: Hex) => Promise<string>
}

/**
 * What a wallet says of a payment.
 *
 * - `paid`: it has a preimage that fits
 * - `failed`: it has tried, and will not any more
 * - `open`: it is under way
 * - `unknown`: it does not say
 */
export type Found = { readonly type: 'paid'; readonly proof: Proof } | { readonly type: 'failed' | 'open' | 'unknown' }

/** A Lightning wallet as an account that pays. */
export type LightningAccount = {
  readonly signer: LightningSigner
  readonly find: (hash: Hex) => Promise<Found>
  /** Whether an error of `recall` says that the wallet did not answer, and not that it does not know. */
  readonly isUnanswered: (error: unknown) => boolean
  /** What is known in this process. */
  readonly known: (hash: Hex) => Proof | undefined
}

const maxKept = 1000
/** By these words of NIP-47 a wallet says that it has not tried. */
const untried = new Set([
  'RATE_LIMITED',
  'NOT_IMPLEMENTED',
  'INSUFFICIENT_BALANCE',
  'QUOTA_EXCEEDED',
  'RESTRICTED',
  'UNAUTHORIZED',
  'UNSUPPORTED_ENCRYPTION',
])

/** By these it says that it knows of no such payment, or that nobody can ask it. */
const unknowing = new Set(['NOT_FOUND', 'NOT_IMPLEMENTED'])

/** Thrown inside, instead of what a wallet throws: that can repeat what it was asked, or answer with. */
class LightningError extends Error {
  override readonly name: string
  /** Not `code`, by which wallets of other kinds say that a person has rejected what they were asked. */
  readonly walletCode: string | undefined

  constructor(name: string, message: string, walletCode?: string) {
    super(message)
    this.name = name
    this.walletCode = walletCode
  }
}

/** Makes an account of a wallet; preimages are kept in memory and nowhere else. */
export function createAccount(wallet: LightningWallet, address: string): LightningAccount {
  const proofs = new Map<Hex, Proof>()
  /** Errors by which no money left, nor can any more. */
  const unpaid = new WeakSet<Error>()
  const unanswered = new WeakSet<Error>()
  const notPaid = (message: string, code?: string): LightningError => {
    const error = new LightningError('LightningPaymentFailed', message, code)
    unpaid.add(error)
    return error
  }
  const keep = (
    hash: Hex,
    { preimage, fees_paid: fees }: { preimage?: unknown; fees_paid?: unknown },
  ): Proof | undefined => {
    if (!isPreimage(preimage, hash)) return undefined
    const proof = { preimage: preimage.toLowerCase(), feesMsat: readFees(fees) }
    proofs.set(hash, proof)
    forgetOldest(proofs, maxKept)
    return proof
  }

  const find = async (hash: Hex): Promise<Found> => {
    const known = proofs.get(hash)
    if (known) return { type: 'paid', proof: known }
    if (!wallet.lookupInvoice) return { type: 'unknown' }
    const asked = wallet.lookupInvoice({ payment_hash: hash.slice(2) })
    const { type, state, ...said } = await waitFor(asked, { ms: deadlines.node, sentence: 'no answer in time' })
    // One of the wallet's own invoices has a preimage before it is paid.
    if (type === 'incoming') return { type: 'unknown' }
    const isOver = state === undefined || state === 'settled' || state === 'failed'
    const proof = isOver ? keep(hash, said) : undefined
    if (proof) return { type: 'paid', proof }
    if (state === 'failed') return { type: 'failed' }
    return { type: state === undefined ? 'unknown' : 'open' }
  }

  const pay: LightningSigner['pay'] = async (invoice, { hash, maxFeeMsat }) => {
    try {
      const answer = Object(await wallet.payInvoice({ invoice }, { maxFeeMsat }))
      return keep(hash, answer)?.preimage ?? ''
    } catch (error) {
      const code = codeOf(error)
      if (code !== undefined && untried.has(code)) throw notPaid('the wallet has not tried to pay', code)
      const found = await find(hash).catch(() => undefined)
      if (found?.type === 'paid') return found.proof.preimage
      // Without the wallet's own answer, what has failed can be an earlier try, and ours be on its way.
      const isAnswered = code === 'PAYMENT_FAILED'
      if (found?.type === 'failed' && isAnswered) throw notPaid('the wallet says that the payment has failed', code)
      throw new LightningError('LightningPaymentUnknown', 'the wallet does not say what became of the payment', code)
    }
  }
  const recall: LightningSigner['recall'] = async (hash) => {
    const found = await find(hash).catch(codeOf)
    if (typeof found === 'object' && found.type === 'paid') return found.proof.preimage
    // Nothing is paid by asking.
    const error = notPaid('the wallet does not say that it was paid')
    if (found === undefined || (typeof found === 'string' && !unknowing.has(found))) unanswered.add(error)
    throw error
  }
  const signer: LightningSigner = Object.freeze({
    namespace: 'bip122',
    address,
    isNamed: true,
    throwsUnsigned: (error: unknown) => error instanceof Error && unpaid.has(error),
    pay,
    recall,
  })
  return Object.freeze({
    signer,
    find,
    isUnanswered: (error) => error instanceof Error && unanswered.has(error),
    known: (hash) => proofs.get(hash),
  } satisfies LightningAccount)
}

/** Tells whether text is the preimage of a payment hash: only whoever has paid knows it. */
export function isPreimage(preimage: unknown, hash: Hex): preimage is string {
  return (
    typeof preimage === 'string' &&
    /^[0-9a-fA-F]{64}$/.test(preimage) &&
    `0x${sha256Hex(hexToBytes(preimage))}` === hash
  )
}

function readFees(fees: unknown): bigint | undefined {
  return typeof fees === 'number' && Number.isSafeInteger(fees) && fees >= 0 ? BigInt(fees) : undefined
}

/** The word by which a wallet says why, where it is one. */
function codeOf(error: unknown): string | undefined {
  try {
    const code: unknown = Object(error).code
    return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : undefined
  } catch {
    return undefined
  }
}

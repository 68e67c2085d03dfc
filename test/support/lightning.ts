import { createHash, randomBytes } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1'
import { bech32, utils } from '@scure/base'
import type { LightningPayment, LightningWallet } from 'stipend/l402'

/** What an invoice says; all else is as wallets write it. */
export type InvoiceTerms = {
  readonly preimage: Buffer
  /** Satoshis; none where the payer is to choose. */
  readonly sats?: number | undefined
  readonly prefix?: string | undefined
  /** Unix milliseconds. */
  readonly now: number
  readonly expirySeconds?: number | undefined
  readonly key?: Buffer | undefined
}

const nodeKey = Buffer.alloc(32, 7)

export function hashOf(preimage: Buffer): string {
  return createHash('sha256').update(preimage).digest('hex')
}

/** Writes an invoice as BOLT 11 says, signed by the key of a node. */
export function writeInvoice(terms: InvoiceTerms): string {
  const { preimage, sats, prefix = 'bc', now, expirySeconds = 600, key = nodeKey } = terms
  const number = (value: number, length: number): number[] =>
    Array.from({ length }, (_, index) => Math.floor(value / 32 ** (length - 1 - index)) % 32)
  const tag = (type: number, words: readonly number[]): number[] => [type, ...number(words.length, 2), ...words]
  const bytes = (value: Uint8Array): number[] => utils.convertRadix2([...value], 8, 5, true)
  const hrp = `ln${prefix}${sats === undefined ? '' : `${sats * 10}n`}`
  const words = [
    ...number(Math.floor(now / 1000), 7),
    ...tag(1, bytes(Buffer.from(hashOf(preimage), 'hex'))),
    ...tag(16, bytes(Buffer.alloc(32, 1))),
    ...tag(13, bytes(Buffer.from('a report'))),
    ...tag(6, number(expirySeconds, 4)),
  ]
  const signed = Buffer.concat([Buffer.from(hrp), Uint8Array.from(utils.convertRadix2(words, 5, 8, true))])
  const signature = secp256k1.sign(createHash('sha256').update(signed).digest(), key)
  return bech32.encode(
    hrp,
    [...words, ...bytes(Buffer.from([...signature.toCompactRawBytes(), signature.recovery]))],
    false,
  )
}

type State = { readonly preimage: Buffer; state: 'unpaid' | 'pending' | 'failed' | 'settled' }

/** Everybody's Lightning: invoices that were issued, and what became of them. */
export type LightningNode = {
  readonly issue: (terms: Omit<InvoiceTerms, 'preimage'> & { readonly preimage?: Buffer }) => string
  readonly find: (hash: string) => State | undefined
  readonly hashIn: (invoice: string) => string
}

export function createLightning(): LightningNode {
  const states = new Map<string, State>()
  const hashes = new Map<string, string>()
  return {
    issue: ({ preimage = randomBytes(32), ...terms }) => {
      const invoice = writeInvoice({ ...terms, preimage })
      const hash = hashOf(preimage)
      if (!states.has(hash)) states.set(hash, { preimage, state: 'unpaid' })
      hashes.set(invoice, hash)
      return invoice
    },
    find: (hash) => states.get(hash),
    hashIn: (invoice) => hashes.get(invoice) ?? '',
  }
}

/** How a wallet fails; it pays in all cases that do not say otherwise. */
export type WalletFault =
  | 'pays-then-throws'
  | 'pays-then-hangs'
  | 'hangs-pending'
  | 'fails'
  | 'fails-unanswered'
  | 'fails-silently'
  | 'refuses'
  | 'wrong-preimage'

export type FakeWallet = LightningWallet & {
  /** The hashes that it was asked to pay, and those that it paid. */
  readonly asked: readonly string[]
  readonly paid: readonly string[]
  readonly limits: readonly bigint[]
  fault: WalletFault | undefined
  readonly lookups: readonly string[]
}

const feesMsat = 3

/** A wallet of NWC's manners, which pays whatever it is asked to: it does not refuse to pay a hash twice. */
export function createFakeWallet(node: LightningNode, fault?: WalletFault): FakeWallet {
  const [asked, paid, lookups]: string[][] = [[], [], []]
  const limits: bigint[] = []
  const wallet: FakeWallet = {
    asked: asked as string[],
    paid: paid as string[],
    lookups: lookups as string[],
    limits,
    fault,
    payInvoice: async ({ invoice }, { maxFeeMsat }) => {
      const hash = node.hashIn(invoice)
      const found = node.find(hash)
      asked?.push(hash)
      limits.push(maxFeeMsat)
      if (!found) throw new Error('no route')
      const throws = (code: string): Error => Object.assign(new Error(`${code} of ${invoice}`), { code })
      if (wallet.fault === 'refuses') throw throws('INSUFFICIENT_BALANCE')
      if (wallet.fault === 'fails' || wallet.fault === 'fails-unanswered') found.state = 'failed'
      if (wallet.fault === 'fails-unanswered') throw throws('INTERNAL')
      if (wallet.fault === 'fails' || wallet.fault === 'fails-silently') throw throws('PAYMENT_FAILED')
      if (wallet.fault === 'hangs-pending') {
        found.state = 'pending'
        return new Promise(() => {})
      }
      paid?.push(hash)
      found.state = 'settled'
      if (wallet.fault === 'pays-then-throws') throw throws('INTERNAL')
      if (wallet.fault === 'pays-then-hangs') return new Promise(() => {})
      const preimage = wallet.fault === 'wrong-preimage' ? '11'.repeat(32) : found.preimage.toString('hex')
      return { preimage, fees_paid: feesMsat }
    },
    lookupInvoice: async ({ payment_hash: hash }): Promise<LightningPayment> => {
      lookups?.push(hash)
      const found = node.find(hash)
      if (!found || found.state === 'unpaid') throw Object.assign(new Error('not found'), { code: 'NOT_FOUND' })
      const preimage = found.state === 'settled' ? found.preimage.toString('hex') : ''
      return { type: 'outgoing', state: found.state, preimage, fees_paid: feesMsat }
    },
  }
  return wallet
}

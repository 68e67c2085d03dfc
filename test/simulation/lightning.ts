import { Buffer } from 'node:buffer'
import { secp256k1 } from '@noble/curves/secp256k1'
import type { LightningPayment } from 'stipend/l402'
import { hashOf, writeInvoice } from '../support/lightning.ts'
import type { Chance } from './chance.ts'

/** An invoice, and what became of it. */
export type Invoice = {
  readonly text: string
  /** The payment hash, as it stands in a ledger. */
  readonly id: string
  readonly payTo: string
  /** Millisatoshis, routing apart. */
  readonly amount: bigint
  readonly preimage: string
  /** Unix milliseconds. */
  readonly expiresAt: number
  /** What it was issued for. */
  readonly path: string
  state: 'new' | 'open' | 'failed' | 'settled'
  /** How often the wallet was asked to pay it, and how often of these although it had not failed. */
  asked: number
  askedAgain: number
}

/** Money that moved over Lightning. */
export type LightningMovement = {
  readonly id: string
  readonly to: string
  readonly value: bigint
  readonly at: number
}

/** Everybody's Lightning: invoices, and what one wallet paid of them. */
export type Lightning = {
  readonly moved: readonly LightningMovement[]
  /** Writes an invoice for what a path sells. */
  readonly issue: (path: string, amount: bigint, seconds: number) => Invoice
  readonly find: (text: string) => Invoice | undefined
  readonly findById: (id: string) => Invoice | undefined
  /** Those that a wallet was asked to pay. */
  readonly asked: () => readonly Invoice[]
  /** Lets what is under way arrive; answers the payment hash, unless it is over. */
  readonly arrive: (invoice: Invoice) => string | undefined
  /** What the wallet says of a payment. */
  readonly look: (id: string) => LightningPayment | undefined
  /** Whether the wallet does not say what became of a payment, this time. */
  readonly isSilent: () => boolean
  /** Lets all that is under way come to its end, of which the wallet says from then on what became of it. */
  readonly end: () => void
}

/** What routing costs at most, beside each amount, and what it costs. */
export const [maxFee, fee] = [10_000n, 3n]

const keys = [7, 8].map((byte) => Buffer.alloc(32, byte))
/** The nodes that are paid. */
export const lightningPayees = keys.map((key) => Buffer.from(secp256k1.getPublicKey(key)).toString('hex'))

/** Creates Lightning from chance, at a clock in Unix milliseconds. */
export function createLightning(chance: Chance, now: () => number): Lightning {
  const invoices = new Map<string, Invoice>()
  const moved: LightningMovement[] = []
  let silence = 0.2
  const all = (): readonly Invoice[] => [...invoices.values()]
  const findById: Lightning['findById'] = (id) => all().find((one) => one.id === id)
  const arrive: Lightning['arrive'] = (invoice) => {
    if (invoice.state !== 'open') return undefined
    invoice.state = 'settled'
    moved.push({ id: invoice.id, to: invoice.payTo, value: invoice.amount + fee, at: now() })
    return invoice.id
  }
  return {
    moved,
    issue: (path, amount, expirySeconds) => {
      const preimage = Buffer.from(chance.bytes(32))
      const key = chance.below(keys.length)
      const terms = { preimage, sats: Number(amount / 1000n), now: now(), expirySeconds, key: keys[key] }
      const text = writeInvoice(terms)
      const invoice: Invoice = {
        text,
        id: `0x${hashOf(preimage)}`,
        payTo: lightningPayees[key] ?? '',
        amount,
        preimage: preimage.toString('hex'),
        expiresAt: now() + expirySeconds * 1000,
        path,
        state: 'new',
        asked: 0,
        askedAgain: 0,
      }
      invoices.set(text, invoice)
      return invoice
    },
    find: (text) => invoices.get(text),
    findById,
    asked: () => all().filter(({ asked }) => asked > 0),
    arrive,
    look: (id) => {
      const { state = 'new', preimage = '' } = findById(id) ?? {}
      if (state === 'new') return undefined
      return {
        type: 'outgoing',
        state: state === 'open' ? 'pending' : state,
        preimage: state === 'settled' ? preimage : '',
        fees_paid: Number(fee),
      }
    },
    isSilent: () => chance.is(silence),
    end: () => {
      silence = 0
      for (const one of all()) if (one.state === 'open' && chance.is(0.5)) arrive(one)
      for (const one of all()) if (one.state === 'open') one.state = 'failed'
    },
  }
}

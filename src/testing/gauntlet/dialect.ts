import type { GauntletLightning } from './lightning.js'

/** What a shop asks for one purchase. */
export type DialectTerms = {
  /** Atomic units; of a price by use, the most that is taken. */
  readonly amount: bigint
  readonly payTo: string
  readonly seconds: number
}

/** What a payer signed, as far as it could be taken. */
export type Taken = {
  readonly nonce: string
  readonly amount: bigint
  readonly payTo: string
  /** Unix seconds. */
  readonly validBefore: number
}

/** How a shop asks, and how it is paid, in one dialect. */
export type Dialect = {
  readonly name: string
  /** Asks for a payment; each time by another number, at an instant in Unix milliseconds. */
  readonly ask: (url: string, terms: DialectTerms, at: { readonly count: number; readonly now: number }) => Response
  /** Reads what came with a request. */
  readonly read: (headers: Readonly<Record<string, string>>) => Taken | undefined
  /** Says what was taken, as it likes. */
  readonly receipt: (claimed: bigint, now: number) => Readonly<Record<string, string>>
  /** The payer's own Lightning wallet, where it pays with one. */
  readonly lightning?: GauntletLightning | undefined
  /** What was taken. @default what came with requests */
  readonly taken?: (() => readonly Taken[]) | undefined
}

export const network = 'eip155:84532'
export const token = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
/** The hash that a shop gives of a transaction that nobody sees. */
export const transaction: string = `0x${'5e'.repeat(32)}`

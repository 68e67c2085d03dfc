import * as z from 'zod/mini'

/** What is signed of an offer; what is absent is signed as nothing. */
export type OfferFields = {
  readonly version: 1
  readonly resourceUrl: string
  readonly scheme: string
  readonly network: string
  readonly asset: string
  readonly payTo: string
  readonly amount: string
  /** Unix seconds. */
  readonly validUntil?: number | undefined
}

/** What is signed of a receipt. */
export type ReceiptFields = {
  readonly version: 1
  readonly network: string
  readonly resourceUrl: string
  readonly payer: string
  /** Unix seconds. */
  readonly issuedAt: number
  readonly transaction?: string | undefined
}

/** The fields of what is signed, by what it is. */
export type Fields = { readonly offer: OfferFields; readonly receipt: ReceiptFields }

const word = z.string().check(z.maxLength(2048))
const seconds = z.int().check(z.gte(0), z.lte(253_402_300_799))
const version = z.literal(1)

/** How they are read. */
export const schemas: { readonly [kind in keyof Fields]: z.ZodMiniType<Fields[kind]> } = {
  offer: z.object({
    version,
    resourceUrl: word,
    scheme: word,
    network: word,
    asset: word,
    payTo: word,
    amount: word,
    validUntil: z.optional(seconds),
  }),
  receipt: z.object({
    version,
    network: word,
    resourceUrl: word,
    payer: word,
    issuedAt: seconds,
    transaction: z.optional(word),
  }),
}

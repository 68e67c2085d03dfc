import * as z from 'zod/mini'

const word = z.string().check(z.maxLength(2048))
const seconds = z.int().check(z.gte(0), z.lte(253_402_300_799))
const version = z.literal(1)

/** What is signed of an offer, and of a receipt; what is absent is signed as nothing. */
export const schemas = {
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
} as const

/** The fields of what is signed, by what it is. */
export type Fields = { readonly [kind in keyof typeof schemas]: Readonly<z.infer<(typeof schemas)[kind]>> }

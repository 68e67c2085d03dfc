import * as z from 'zod/mini'
import type { Schema } from './input.js'
import { readsAs } from './read-input.js'

/** A swap that a model asks for. */
export type SwapInput = {
  /** A CAIP-2 id, such as `eip155:8453`. */
  readonly network: string
  readonly sell: string
  readonly buy: string
  /** Whole tokens as a decimal. */
  readonly amount: string
  readonly maxSlippageBps?: number | undefined
  readonly fee?: number | undefined
  /** In US dollars; can only lower what the owner allows. */
  readonly maxUsd?: string | undefined
}

/** A swap that a model wants made, and what names it. */
export type MakeSwapInput = SwapInput & { readonly key?: string | undefined }

const text = z.string()
const token = (what: string) =>
  text.check(z.regex(/^[A-Za-z0-9.₮]{1,64}$/, 'expected a symbol or an address'), z.describe(what))

const fields = {
  network: text.check(
    z.regex(/^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,64}$/, 'expected a CAIP-2 id'),
    z.describe('The network, such as eip155:8453.'),
  ),
  sell: token('What is sold: a symbol, such as USDC, or an address.'),
  buy: token('What is bought: a symbol, such as WETH, or an address.'),
  amount: text.check(
    z.regex(/^(0|[1-9]\d{0,30})(\.\d{1,36})?$/, 'expected a plain decimal'),
    z.describe('How much is sold, in whole tokens, such as 1.50.'),
  ),
  maxSlippageBps: z.optional(
    z
      .int('expected a whole number')
      .check(
        z.minimum(0, 'expected 0 to 1000'),
        z.maximum(1000, 'expected 0 to 1000'),
        z.describe('How much less than quoted may come, in hundredths of a percent. Default: 50.'),
      ),
  ),
  fee: z.optional(
    z
      .int('expected a whole number')
      .check(
        z.minimum(1, 'expected 1 to 999999'),
        z.maximum(999_999, 'expected 1 to 999999'),
        z.describe('Names the pool by its fee, in hundredths of a basis point. Default: 500.'),
      ),
  ),
  maxUsd: z.optional(
    text.check(
      z.regex(/^\$?(0|[1-9]\d{0,14})(\.\d{1,6})?$/, 'expected US dollars with at most 6 decimals, such as "0.10"'),
      z.describe('The most that may leave, in US dollars. It can only lower what the owner allows.'),
    ),
  ),
}

/** What `quote_swap` takes. */
export const quoteSwapInput: Schema<SwapInput> = readsAs(z.strictObject(fields))

/** What `swap` takes. */
export const swapInput: Schema<MakeSwapInput> = readsAs(
  z.strictObject({
    ...fields,
    key: z.optional(
      text.check(
        z.regex(
          /^[A-Za-z0-9._:-]{1,128}$/,
          'expected at most 128 letters, digits, dots, colons, dashes and underscores',
        ),
        z.describe('Names the swap, which is then made once. Needed to go on with one that has to wait.'),
      ),
    ),
  }),
)

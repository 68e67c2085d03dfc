import * as z from 'zod/mini'
import { keyField, maxUsdField, networkField, tokenField } from './action-fields.js'
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

const fields = {
  network: networkField,
  sell: tokenField('What is sold: a symbol, such as USDC, or an address.'),
  buy: tokenField('What is bought: a symbol, such as WETH, or an address.'),
  amount: z
    .string()
    .check(
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
  maxUsd: maxUsdField,
}

/** What `quote_swap` takes. */
export const quoteSwapInput: Schema<SwapInput> = readsAs(z.strictObject(fields))

/** What `swap` takes. */
export const swapInput: Schema<MakeSwapInput> = readsAs(z.strictObject({ ...fields, key: keyField }))

import * as z from 'zod/mini'
import { keyField, maxUsdField, networkField, tokenField } from './action-fields.js'
import type { Schema } from './input.js'
import { readsAs } from './read-input.js'

/** What a model wants brought to another network. */
export type BridgeInput = {
  /** A CAIP-2 id, such as `eip155:8453`. */
  readonly network: string
  readonly to: string
  readonly token: string
  /** Whole tokens as a decimal. */
  readonly amount: string
  readonly feeBps?: number | undefined
  /** In US dollars; can only lower what the owner allows. */
  readonly maxUsd?: string | undefined
}

/** What a model wants brought to another network for good, and what names it. */
export type MakeBridgeInput = BridgeInput & { readonly key?: string | undefined }

const fields = {
  network: networkField,
  to: networkField,
  token: tokenField('What is sent: a symbol, such as USDC.'),
  amount: z
    .string()
    .check(
      z.regex(/^(0|[1-9]\d{0,30})(\.\d{1,36})?$/, 'expected a plain decimal'),
      z.describe('How much leaves, in whole tokens, such as 1.50.'),
    ),
  feeBps: z.optional(
    z
      .int('expected a whole number')
      .check(
        z.minimum(0, 'expected 0 to 1000'),
        z.maximum(1000, 'expected 0 to 1000'),
        z.describe('How much less arrives, in hundredths of a percent. Default: 10.'),
      ),
  ),
  maxUsd: maxUsdField,
}

/** What `quote_bridge` takes. */
export const quoteBridgeInput: Schema<BridgeInput> = readsAs(z.strictObject(fields))

/** What `bridge` takes. */
export const bridgeInput: Schema<MakeBridgeInput> = readsAs(z.strictObject({ ...fields, key: keyField }))

import * as z from 'zod/mini'
import { keyField, maxUsdField, networkField, tokenField } from './action-fields.js'
import type { Schema } from './input.js'
import { readsAs } from './read-input.js'

/** What a model wants supplied or withdrawn. */
export type LendInput = {
  /** A CAIP-2 id, such as `eip155:8453`. */
  readonly network: string
  readonly token: string
  /** Whole tokens as a decimal; of a withdrawal also `all`. */
  readonly amount: string
  /** In US dollars; can only lower what the owner allows. */
  readonly maxUsd?: string | undefined
}

/** What a model wants supplied or withdrawn for good, and what names it. */
export type MakeLendInput = LendInput & { readonly key?: string | undefined }

const fields = {
  network: networkField,
  token: tokenField('What is lent: a symbol, such as USDC, or an address.'),
  amount: z
    .string()
    .check(
      z.regex(/^((0|[1-9]\d{0,30})(\.\d{1,36})?|all)$/, 'expected a plain decimal, or all'),
      z.describe('How much, in whole tokens, such as 1.50; to withdraw everything: all.'),
    ),
  maxUsd: maxUsdField,
}

/** What `quote_supply` and `quote_withdraw` take. */
export const quoteLendInput: Schema<LendInput> = readsAs(z.strictObject(fields))

/** What `supply` and `withdraw` take. */
export const lendInput: Schema<MakeLendInput> = readsAs(z.strictObject({ ...fields, key: keyField }))

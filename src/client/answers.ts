import * as z from 'zod/mini'
import { decodePayment } from '../ledger/codec.js'
import type { Measure, Network, Payment } from '../types.js'

const digits = z.string().check(z.regex(/^\d{1,78}$/))
const record = z.record(z.string(), z.unknown())

/** What the service says of a URL that it fetched. */
export type Fetched = {
  status: number
  headers: [string, string][]
  body: string
  bodyEncoding: 'utf-8' | 'base64'
  payment?: Record<string, unknown> | undefined
}

/** Reads what the service says of a URL that it fetched. */
export const fetched: z.ZodMiniType<Fetched> = z.object({
  status: z.int().check(z.minimum(200), z.maximum(599)),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.string(),
  bodyEncoding: z.enum(['utf-8', 'base64']),
  payment: z.optional(record),
})

/** One limit as it is written. */
export type Line = { name: string; scope: string; measure: Measure; freesAt?: number | undefined } & Record<
  'max' | 'used' | 'left',
  string
>

/** Reads what the service says of limits. */
export const limits: z.ZodMiniType<{ limits: Line[] }> = z.object({
  limits: z.array(
    z.object({
      name: z.string(),
      scope: z.string(),
      measure: z.custom<Measure>((value) => typeof value === 'string'),
      max: digits,
      used: digits,
      left: digits,
      freesAt: z.optional(z.number()),
    }),
  ),
})

/** One balance as it is written. */
export type Held = { network: Network; decimals: number } & Record<
  'address' | 'asset' | 'symbol' | 'amount' | 'microUsd',
  string
>

/** Reads what the service says of balances. */
export const balances: z.ZodMiniType<{ balances: Held[] }> = z.object({
  balances: z.array(
    z.object({
      network: z.custom<Network>((value) => typeof value === 'string' && value.includes(':')),
      address: z.string(),
      asset: z.string(),
      symbol: z.string(),
      decimals: z.int(),
      amount: digits,
      microUsd: digits,
    }),
  ),
})

/** Reads what the service says of payments. */
export const payments: z.ZodMiniType<{ payments: Record<string, unknown>[] }> = z.object({ payments: z.array(record) })

/** Reads a payment as the wallet has it. */
export function readPayment(written: unknown): Payment {
  return decodePayment(JSON.stringify(written))
}

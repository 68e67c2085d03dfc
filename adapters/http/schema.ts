import type { Network } from 'stipend'
import * as z from 'zod/mini'

/** An amount of money or a count, in decimal digits: a JSON number would lose some. */
export const integer: z.ZodMiniString = z.string().check(z.regex(/^\d{1,78}$/))
/** Unix milliseconds. */
export const instant: z.ZodMiniNumber = z.int().check(z.nonnegative())
export const paymentId: z.ZodMiniString = z.string().check(z.regex(/^pay_[0-9a-f]{32}$/))
export const approvalId: z.ZodMiniString = z.string().check(z.regex(/^apr_[0-9a-f]{32}$/))
export const sessionId: z.ZodMiniString = z.string().check(z.regex(/^ses_[0-9a-f]{32}$/))
export const uuid: z.ZodMiniString = z
  .string()
  .check(z.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/))
/** A CAIP-2 id. */
export const network: z.ZodMiniTemplateLiteral<Network> = z.templateLiteral([
  z.string().check(z.regex(/^[-a-z0-9]{3,8}$/)),
  ':',
  z.string().check(z.regex(/^[-_a-zA-Z0-9]{1,64}$/)),
])
/** Dollars, such as `"0.10"`; the wallet reads the digits. */
export const usd: z.ZodMiniUnion<readonly [z.ZodMiniString, z.ZodMiniNumber]> = z.union([
  z.string().check(z.regex(/^\$?(0|[1-9]\d{0,14})(\.\d{1,6})?$/)),
  z.number().check(z.nonnegative()),
])
export const labels: z.ZodMiniRecord<z.ZodMiniString, z.ZodMiniString> = z.record(
  z.string().check(z.minLength(1), z.maxLength(64)),
  z.string().check(z.maxLength(256)),
)
/** Says that a body, or a query, has no members. */
export const nothing: z.ZodMiniType<object> = z.strictObject({})

/** A payment as it is written. */
export const payment: z.ZodMiniType = z.looseObject({
  id: paymentId,
  status: z.enum(['authorized', 'claimed', 'unknown', 'confirmed', 'released', 'expired', 'cancelled']),
  amount: integer,
  microUsd: integer,
  payTo: z.string(),
  purchaseKey: z.string(),
  asset: z.looseObject({ network: z.string(), address: z.string(), symbol: z.string(), decimals: z.int() }),
  resource: z.looseObject({ url: z.string(), method: z.string(), host: z.string() }),
  labels,
  createdAt: instant,
  note: z.optional(z.string()),
  receipt: z.optional(z.looseObject({ status: z.enum(['claimed', 'confirmed']), transaction: z.string() })),
})

/** A request for approval as it is written. */
export const approval: z.ZodMiniType = z.looseObject({
  id: approvalId,
  kind: z.enum(['approval', 'delay']),
  status: z.enum(['pending', 'approved', 'denied', 'used']),
  reason: z.string(),
  amount: integer,
  microUsd: integer,
  payTo: z.string(),
  resource: z.looseObject({ url: z.string(), method: z.string(), host: z.string() }),
  requestedAt: instant,
  expiresAt: instant,
  executableAt: z.optional(instant),
})

/** A problem (RFC 9457) as every refusal is written. */
export const problem: z.ZodMiniType = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.optional(z.string()),
  code: z.string(),
  moved: z.enum(['no', 'maybe']),
  retryable: z.boolean(),
  errors: z.optional(z.array(z.strictObject({ path: z.string(), problem: z.string() }))),
})

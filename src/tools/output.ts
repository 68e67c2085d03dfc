import * as z from 'zod/mini'
import type {
  AddressesOutput,
  ApprovalStatusOutput,
  BalancesOutput,
  BudgetOutput,
  FindServicesOutput,
  PayFetchOutput,
  PaymentsOutput,
  QuoteOutput,
  SeenApproval,
  SeenPayment,
  ToolAnswer,
} from './answers.js'
import type { Schema } from './input.js'

/** Each field, the optional ones too: a strict host throws away an answer with a field that its schema lacks. */
export type Fields<answer> = Readonly<Record<keyof answer, z.ZodMiniType>>

const text = z.string()
const instant = z.iso.datetime()

/** A payment, as a model sees it. */
export const seenPayment: Schema<SeenPayment> = z.strictObject({
  id: text,
  state: z.enum(['claimed', 'confirmed', 'unknown', 'released']),
  amountUsd: text,
  amount: text,
  network: text,
  payTo: text,
  host: text,
  at: instant,
  key: z.optional(text),
  transaction: z.optional(text),
} satisfies Fields<SeenPayment>)

/** A request for approval, as a model sees it. */
export const seenApproval: Schema<SeenApproval> = z.strictObject({
  id: text,
  kind: z.enum(['approval', 'delay']),
  status: z.enum(['pending', 'approved', 'denied', 'used']),
  reason: text,
  amountUsd: text,
  amount: text,
  network: text,
  payTo: text,
  host: text,
  expiresAt: instant,
  executableAt: z.optional(instant),
} satisfies Fields<SeenApproval>)

const status: Schema<ToolAnswer['status']> = z.enum(['ok', 'denied', 'waiting', 'unknown', 'failed'])
/** What every tool answers with. */
export const common: {
  readonly status: Schema<ToolAnswer['status']>
  readonly explanation: Schema<string>
  readonly code: z.ZodMiniOptional<Schema<string>>
} = {
  status,
  explanation: text,
  code: z.optional(text),
}

/** The schema of what `pay_fetch` answers. */
export const payFetchOutput: Schema<PayFetchOutput> = z.strictObject({
  ...common,
  httpStatus: z.optional(z.int()),
  contentType: z.optional(text),
  untrustedBody: z.optional(text),
  untrustedReason: z.optional(text),
  bodyBytes: z.optional(z.int()),
  isBodyCut: z.optional(z.boolean()),
  untrustedLocation: z.optional(text),
  payment: z.optional(seenPayment),
  approval: z.optional(seenApproval),
  key: z.optional(text),
  fitsAt: z.optional(instant),
} satisfies Fields<PayFetchOutput>)

/** The schema of what `quote` answers. */
export const quoteOutput: Schema<QuoteOutput> = z.strictObject({
  ...common,
  asksPayment: z.optional(z.boolean()),
  payableUsd: z.optional(text),
  offers: z.optional(
    z.array(
      z.strictObject({
        priceUsd: text,
        amount: text,
        network: text,
        payTo: text,
        isAllowed: z.boolean(),
        waitsFor: z.optional(z.enum(['approval', 'delay'])),
        reasons: z.array(text),
      }),
    ),
  ),
  otherOffers: z.optional(z.int()),
} satisfies Fields<QuoteOutput>)

/** The schema of what `find_services` answers. */
export const findServicesOutput: Schema<FindServicesOutput> = z.strictObject({
  ...common,
  services: z.optional(
    z.array(
      z.strictObject({
        url: text,
        method: text,
        listedPriceUsd: text,
        asset: text,
        network: text,
        waitsFor: z.optional(z.enum(['approval', 'delay'])),
        untrustedName: z.optional(text),
        untrustedDescription: z.optional(text),
      }),
    ),
  ),
} satisfies Fields<FindServicesOutput>)

/** The schema of what `addresses` answers. */
export const addressesOutput: Schema<AddressesOutput> = z.strictObject({
  ...common,
  addresses: z.optional(z.array(z.strictObject({ network: text, address: text }))),
} satisfies Fields<AddressesOutput>)

/** The schema of what `balances` answers. */
export const balancesOutput: Schema<BalancesOutput> = z.strictObject({
  ...common,
  balances: z.optional(z.array(z.strictObject({ network: text, address: text, amount: text, amountUsd: text }))),
} satisfies Fields<BalancesOutput>)

/** The schema of what `budget` answers. */
export const budgetOutput: Schema<BudgetOutput> = z.strictObject({
  ...common,
  limits: z.optional(
    z.array(
      z.strictObject({
        name: text,
        counts: z.enum(['usd', 'payments']),
        max: text,
        used: text,
        left: text,
        freesAt: z.optional(instant),
      }),
    ),
  ),
} satisfies Fields<BudgetOutput>)

/** The schema of what `payments` answers. */
export const paymentsOutput: Schema<PaymentsOutput> = z.strictObject({
  ...common,
  payments: z.optional(z.array(seenPayment)),
} satisfies Fields<PaymentsOutput>)

/** The schema of what `approval_status` answers. */
export const approvalStatusOutput: Schema<ApprovalStatusOutput> = z.strictObject({
  ...common,
  approvals: z.optional(z.array(seenApproval)),
} satisfies Fields<ApprovalStatusOutput>)

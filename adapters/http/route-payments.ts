import type { ApprovalId, PaymentId } from 'stipend'
import * as z from 'zod/mini'
import { writeApproval, writePayment } from './problem.js'
import { type Caller, createRoute, notFound, type Route } from './route.js'
import { approval, approvalId, nothing, payment, paymentId } from './schema.js'
import type { Service } from './service.js'

const milliseconds = z.string().check(z.regex(/^\d{1,15}$/))

const getPayments = createRoute({
  method: 'GET',
  path: '/v1/payments',
  summary: 'Lists payments, newest first; to a session its own.',
  callers: ['owner', 'session'],
  query: z.strictObject({
    status: z.optional(z.enum(['authorized', 'claimed', 'unknown', 'confirmed', 'released', 'expired', 'cancelled'])),
    host: z.optional(z.string().check(z.maxLength(260))),
    purchaseKey: z.optional(z.string().check(z.maxLength(256))),
    since: z.optional(milliseconds),
    until: z.optional(milliseconds),
    limit: z.optional(z.string().check(z.regex(/^([1-9]\d{0,2}|1000)$/))),
  }),
  body: nothing,
  answer: z.strictObject({ payments: z.array(payment) }),
  run: async ({ caller, query: { since, until, limit, ...rest } }, service) => {
    const filter = { ...rest, since: read(since), until: read(until), limit: read(limit) }
    return { payments: (await holderOf(caller, service).payments.list(filter)).map(writePayment) }
  },
})

const getOnePayment = createRoute({
  method: 'GET',
  path: '/v1/payments/{id}',
  summary: 'Answers one payment; to a session only if it is its own.',
  callers: ['owner', 'session'],
  params: { id: paymentId },
  query: nothing,
  body: nothing,
  answer: payment,
  run: async ({ caller, params }, service) => {
    const found = await holderOf(caller, service).payments.get(params['id'] as PaymentId)
    if (!found) throw notFound('There is no such payment')
    return writePayment(found)
  },
})

const getApprovals = createRoute({
  method: 'GET',
  path: '/v1/approvals',
  summary: 'Lists payments that wait for a person or for their time; to a session its own.',
  callers: ['owner', 'session'],
  query: nothing,
  body: nothing,
  answer: z.strictObject({ approvals: z.array(approval) }),
  run: async ({ caller }, service) => ({
    approvals: (await holderOf(caller, service).approvals.list()).map(writeApproval),
  }),
})

/** The routes of payments, and of approvals, on which only the owner decides. */
export const paymentRoutes: readonly Route[] = [
  getPayments,
  getOnePayment,
  getApprovals,
  createDecision('approve', 'Approves a payment; the same call goes on when it is made again.'),
  createDecision('deny', 'Denies a payment, and cancels one that is delayed.'),
]

function createDecision(verb: 'approve' | 'deny', summary: string): Route {
  return createRoute({
    method: 'POST',
    path: `/v1/approvals/{id}/${verb}`,
    summary,
    callers: ['owner'],
    params: { id: approvalId },
    query: nothing,
    body: nothing,
    answer: approval,
    run: async ({ params }, { wallet }) => {
      const decided = await wallet.approvals[verb](params['id'] as ApprovalId)
      if (!decided) throw notFound('There is nothing of that id left to decide')
      return writeApproval(decided)
    },
  })
}

function holderOf(caller: Caller, { wallet }: Service) {
  return caller.kind === 'session' ? caller.session : wallet
}

function read(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}

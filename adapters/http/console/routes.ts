import * as z from 'zod/mini'
import { writePayment } from '../problem.js'
import { createRoute, type Route } from '../route.js'
import { paymentRoutes } from '../route-payments.js'
import { sessionRoutes } from '../route-sessions.js'
import { walletRoutes } from '../route-wallet.js'
import { nothing, paymentId } from '../schema.js'
import { readState } from './state.js'

/** What of the owner's calls the page makes too: none that moves money by itself, and none that changes a rule. */
const reused = new Set([
  'POST /v1/approvals/{id}/approve',
  'POST /v1/approvals/{id}/deny',
  'DELETE /v1/sessions/{id}',
  'POST /v1/freeze',
  'POST /v1/unfreeze',
  'GET /v1/wallet/address',
  'GET /v1/wallet/balance',
])

const own = { callers: ['owner'], query: nothing, body: nothing } as const
const pageSize = 100

/** The calls that the page makes, below its own path; who is signed in there is the owner. */
export const consoleRoutes: readonly Route[] = [
  createRoute({
    ...own,
    method: 'GET',
    path: '/state',
    summary: 'Answers what the page shows.',
    answer: z.looseObject({}),
    run: async (_, service) => readState(service),
  }),
  createRoute({
    ...own,
    method: 'GET',
    path: '/payments',
    summary: 'Lists payments, newest first, before one of them.',
    query: z.strictObject({ before: z.optional(paymentId) }),
    answer: z.looseObject({}),
    run: async ({ query: { before } }, { wallet }) => {
      const payments = await wallet.payments.list({ before: before as `pay_${string}` | undefined, limit: pageSize })
      return { payments: payments.map(writePayment), isAll: payments.length < pageSize }
    },
  }),
  createRoute({
    ...own,
    method: 'GET',
    path: '/export',
    summary: 'Writes all payments for bookkeeping.',
    answer: z.looseObject({}),
    run: async (_, { wallet }) => ({ csv: await wallet.payments.export('csv') }),
  }),
  ...[...paymentRoutes, ...sessionRoutes, ...walletRoutes].filter(({ method, path }) =>
    reused.has(`${method} ${path}`),
  ),
]

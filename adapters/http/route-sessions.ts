import type { ActionBounds, SessionLimits, SessionScope } from 'stipend'
import * as z from 'zod/mini'
import { checkWalletId, createRoute, notFound, type Route } from './route.js'
import { instant, labels, nothing, sessionId, usd, uuid } from './schema.js'

const limits = z.strictObject({
  perPaymentUsd: z.optional(usd),
  hourlyLimitUsd: z.optional(usd),
  dailyLimitUsd: z.optional(usd),
  monthlyLimitUsd: z.optional(usd),
  totalLimitUsd: z.optional(usd),
  instantMaxUsd: z.optional(usd),
  notifyMaxUsd: z.optional(usd),
  delayMaxUsd: z.optional(usd),
  delaySeconds: z.optional(z.int().check(z.nonnegative())),
  calendar: z.optional(z.string().check(z.maxLength(64))),
  onExceed: z.optional(z.enum(['deny', 'approve'])),
} satisfies Record<keyof SessionLimits, unknown>)

const scope = z.strictObject({
  walletId: z.optional(uuid),
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  limits: z.optional(limits),
  maxPayments: z.optional(z.int().check(z.nonnegative())),
  allowHosts: z.optional(z.array(z.string().check(z.maxLength(260))).check(z.minLength(1), z.maxLength(64))),
  // Read by the rule that each becomes.
  actions: z.optional(
    z.array(z.custom<ActionBounds>((value) => typeof value === 'object' && value !== null)).check(z.maxLength(32)),
  ),
  expiresAt: z.optional(instant),
  labels: z.optional(labels),
  audience: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
  signIn: z.optional(z.boolean()),
  balances: z.optional(z.boolean()),
} satisfies Record<keyof SessionScope | 'walletId', unknown>)

/** The routes that make sessions and revoke them. */
export const sessionRoutes: readonly Route[] = [
  createRoute({
    method: 'POST',
    path: '/v1/sessions',
    summary: 'Makes a session; its token is answered this once, and kept nowhere.',
    callers: ['owner'],
    query: nothing,
    body: scope,
    answer: z.strictObject({ id: sessionId, token: z.string(), expiresAt: instant }),
    status: 201,
    run: async ({ body: { walletId, ...rest } }, service) => {
      checkWalletId(walletId, service)
      const expiresAt = rest.expiresAt ?? service.clock() + service.sessionSeconds * 1000
      const session = service.wallet.session({ ...rest, expiresAt })
      return { id: session.id, token: await session.token(), expiresAt }
    },
  }),
  createRoute({
    method: 'DELETE',
    path: '/v1/sessions/{id}',
    summary: 'Revokes a session, and all that were made from it, from the next signature on.',
    callers: ['owner'],
    params: { id: sessionId },
    query: nothing,
    body: nothing,
    answer: z.strictObject({ id: sessionId, revoked: z.literal(true) }),
    run: async ({ params: { id = '' } }, { wallet }) => {
      if (!isSessionId(id)) throw notFound('There is no such session')
      await wallet.revokeSession(id)
      return { id, revoked: true }
    },
  }),
]

function isSessionId(id: string): id is `ses_${string}` {
  return id.startsWith('ses_')
}

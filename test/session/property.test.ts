import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { narrowToken, type Session, type SessionScope } from '../../src/index.js'
import { openShop } from '../support/shop.ts'

const cents = fc.integer({ min: 0, max: 12 }).map((amount) => `0.${String(amount).padStart(2, '0')}`)
const scope: fc.Arbitrary<SessionScope> = fc
  .record({ total: fc.option(cents), each: fc.option(cents), most: fc.option(fc.integer({ min: 0, max: 6 })) })
  .map(({ total, each, most }) => ({
    ...((total !== null || each !== null) && {
      limits: { ...(total !== null && { totalLimitUsd: total }), ...(each !== null && { perPaymentUsd: each }) },
    }),
    ...(most !== null && { maxPayments: most }),
  }))

const at = fc.nat()
const step = fc.oneof(
  fc.record({ type: fc.constant('pay' as const), at }),
  fc.record({ type: fc.constant('child' as const), at, scope }),
  fc.record({ type: fc.constant('token' as const), at, scope }),
  fc.record({ type: fc.constant('revoke' as const), at }),
)

describe('whatever is done with a session', () => {
  test('all that comes of it spends no more than its root allows', async () => {
    await fc.assert(
      fc.asyncProperty(cents, fc.array(step, { minLength: 5, maxLength: 30 }), async (allowed, steps) => {
        const { open, taken } = openShop()
        const wallet = open()
        const root = wallet.session({ limits: { totalLimitUsd: allowed } })
        const handles: Session[] = [root]
        const pick = (index: number): Session => handles[index % handles.length] ?? root
        const calls: Promise<unknown>[] = []
        for (const one of steps) {
          const session = pick(one.at)
          if (one.type === 'pay') calls.push(session.fetch('https://shop.example.com/', repeatable).catch(() => {}))
          if (one.type === 'revoke' && session !== root) await wallet.revokeSession(session)
          // A scope that is wider than its parent's is refused, which is one more way to get nothing.
          if (one.type === 'child') handles.push(attempt(() => session.session(one.scope)) ?? session)
          if (one.type === 'token') {
            const token = await session.token().then((text) => attempt(() => narrowToken(text, one.scope)))
            const opened =
              token &&
              (await open()
                .openSession(token)
                .catch(() => undefined))
            if (opened) handles.push(opened)
          }
        }
        await Promise.all(calls)
        expect(taken()).toBeLessThanOrEqual(BigInt(Math.round(Number(allowed) * 1e6)))
      }),
      { numRuns: 60 },
    )
  })
})

const repeatable = { payment: { repeatable: true } }

function attempt<value>(work: () => value): value | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

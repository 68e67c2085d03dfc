import { describe, expect, test } from 'vitest'
import { type Ledger, memoryLedger, type SessionScope } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const cent = 10_000n

describe('a session made from a session', () => {
  test('spends from all that it is made from: ten children get no more than their parent has', async () => {
    const { open, taken } = openShop()
    const parent = open().session({ limits: { totalLimitUsd: '0.05' } })
    const children = Array.from({ length: 10 }, () => parent.session({ limits: { totalLimitUsd: '0.03' } }))
    await Promise.allSettled(children.flatMap((child) => [child.fetch(url), child.fetch(url)]))
    expect(taken()).toBe(5n * cent)
  })

  test.each<[string, SessionScope, SessionScope]>([
    ['more money', { limits: { totalLimitUsd: 1 } }, { limits: { totalLimitUsd: '1.000001' } }],
    ['more at once', { limits: { perPaymentUsd: 0.1 } }, { limits: { perPaymentUsd: 0.2 } }],
    ['more payments', { maxPayments: 2 }, { maxPayments: 3 }],
    ['more time', { expiresAt: Date.UTC(2026, 1) }, { expiresAt: Date.UTC(2026, 2) }],
    ['another host', { allowHosts: ['shop.example.com'] }, { allowHosts: ['api.data.example'] }],
    ['all below a host', { allowHosts: ['api.data.example'] }, { allowHosts: ['*.data.example'] }],
    ['the host above', { allowHosts: ['*.data.example'] }, { allowHosts: ['data.example'] }],
    ['another port', { allowHosts: ['shop.example.com'] }, { allowHosts: ['shop.example.com:8443'] }],
    ['another audience', { audience: 'one' }, { audience: 'other' }],
  ])('is not made when it asks for %s', async (_what, scope, wider) => {
    const parent = openShop().open().session(scope)
    expect(() => parent.session(wider)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
    const between = parent.session({})
    expect(() => between.session(wider)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
  })

  test('may have the same, or less', () => {
    const expiresAt = Date.UTC(2026, 1)
    const parent = openShop()
      .open()
      .session({ limits: { totalLimitUsd: 1 }, maxPayments: 2, expiresAt, allowHosts: ['*.data.example'] })
    const scope = { limits: { totalLimitUsd: '1.00', dailyLimitUsd: 5 }, maxPayments: 2, expiresAt }
    const child = parent.session({ ...scope, allowHosts: ['api.data.example', '*.eu.data.example', '*.data.example'] })
    expect(child.expiresAt).toBe(expiresAt)
    expect(child.session({}).expiresAt).toBe(expiresAt)
  })

  test.each([
    ['a misspelt caveat', { maxPayment: 1 }],
    ['a misspelt limit', { limits: { dailyLimtUsd: 1 } }],
    ['no amount', { limits: {} }],
    ['an amount that is none', { limits: { totalLimitUsd: 'unlimited' } }],
    ['a negative count', { maxPayments: -1 }],
    ['a pattern that is none', { allowHosts: ['*'] }],
    ['no host at all', { allowHosts: [] }],
    ['an expiry that is no instant', { expiresAt: Number.NaN }],
    ['an expiry in fractions', { expiresAt: 1.5 }],
    ['a prototype', JSON.parse('{"__proto__":{"maxPayments":1}}')],
    ['nothing', undefined],
  ])('is not made from %s', (_what, scope) => {
    const wallet = openShop().open()
    expect(() => wallet.session(scope as never)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
  })
})

describe('a revoked session', () => {
  test('pays nothing from the next signature on, nor does what is made from it, in any process', async () => {
    const { open, keyStore } = openShop()
    const [owner, agent] = [open(), open()]
    const session = owner.session({})
    const there = await agent.openSession(await session.token())
    const child = there.session({})
    expect((await child.fetch(url)).status).toBe(200)
    await owner.revokeSession(session)
    for (const handle of [session, there, child, child.session({})]) {
      expect(await rejection(handle.fetch(url))).toMatchObject({ code: 'session_revoked', moved: 'no' })
    }
    expect(await rejection(agent.openSession(await child.token()))).toMatchObject({ code: 'session_revoked' })
    expect((await owner.session({}).fetch(url)).status).toBe(200)
    expect(keyStore.signed).toHaveLength(2)
  })

  test('that is a child leaves its parent as it was', async () => {
    const wallet = openShop().open()
    const parent = wallet.session({})
    const child = parent.session({})
    await wallet.revokeSession(child.id)
    expect(await rejection(child.fetch(url))).toMatchObject({ code: 'session_revoked' })
    expect((await parent.fetch(url)).status).toBe(200)
  })

  test.each(['revoked', 'frozen'] as const)('between its record and its signature signs nothing: %s', async (how) => {
    const inner = memoryLedger()
    const ledger: Ledger = {
      ...inner,
      reserve: async (...given) => {
        const answer = await inner.reserve(...given)
        await (how === 'frozen' ? owner.freeze('stop') : owner.revokeSession(session))
        return answer
      },
    }
    const { open, keyStore } = openShop({ ledger })
    const owner = open()
    const session = owner.session({})
    const code = how === 'frozen' ? 'wallet_frozen' : 'session_revoked'
    expect(await rejection(session.fetch(url))).toMatchObject({ code, moved: 'no' })
    expect(keyStore.signed).toEqual([])
    expect(await owner.payments.list()).toMatchObject([{ status: 'released' }])
    expect((await owner.budget()).every(({ used }) => used === 0n)).toBe(true)
  })
})

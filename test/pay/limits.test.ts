import { describe, expect, test } from 'vitest'
import { domainOf } from '../../src/hosts/registered-domain.js'
import { allowAnyHost, createAgentWallet, type SpendingLimitOptions, spendingLimit } from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

/** A wallet under one limit more than a loose one, at shops that share a clock and are paid where the test says. */
function setUp(limits: SpendingLimitOptions) {
  const scene = { now: Date.UTC(2026, 2, 7, 12), payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' }
  const clock = (): number => scene.now
  const wallet = createAgentWallet({
    keyStore: testKeyStore(),
    policy: [allowAnyHost(), spendingLimit({ perPaymentUsd: 1, totalLimitUsd: 100 }), spendingLimit(limits)],
    clock,
    fetch: (input, init) => paidResource({ amount: 600_000n, payTo: scene.payTo, clock })(new Request(input, init)),
  })
  return { scene, wallet }
}

describe('a limit', () => {
  test('by domain holds for all its hosts together, and for no other domain', async () => {
    const { wallet } = setUp({ dailyLimitUsd: 1, scope: 'domain' })
    await wallet.fetch('https://a.example.com/')
    const error = await rejection(wallet.fetch('https://b.x.example.com:8443/'))
    expect(error).toMatchObject({
      code: 'limit_exceeded',
      limit: { scope: 'domain:example.com', name: 'daily limit for example.com' },
    })
    expect((await wallet.fetch('https://a.example.org/')).status).toBe(200)
    expect(
      (await wallet.budget('https://c.example.com/')).find(({ scope }) => scope === 'domain:example.com')?.left,
    ).toBe(400_000n)
  })

  test('by payee holds for a payee at whatever host', async () => {
    const { wallet, scene } = setUp({ dailyLimitUsd: 1, scope: 'payee' })
    await wallet.fetch('https://a.example.com/')
    scene.payTo = scene.payTo.toLowerCase()
    expect(await rejection(wallet.fetch('https://b.example.org/'))).toMatchObject({
      limit: { scope: 'payee:eip155:84532:0x209693Bc6afc0C5328bA36FaF03C514EF312287C' },
    })
    scene.payTo = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'
    expect((await wallet.fetch('https://a.example.com/')).status).toBe(200)
  })

  test('by label holds for each of its values, and for payments without it together', async () => {
    const { wallet } = setUp({ dailyLimitUsd: 1, scope: 'label:task' })
    const buy = (task?: string) => wallet.fetch('https://a.example.com/', task ? { payment: { labels: { task } } } : {})
    await buy('1')
    await buy('2')
    await buy()
    expect(await rejection(buy('1'))).toMatchObject({ limit: { scope: 'label:task=1' } })
    expect(await rejection(buy())).toMatchObject({ limit: { scope: 'label:task=' } })
  })

  test('by the calendar starts anew with the day of its zone, even a day of 23 hours', async () => {
    const { wallet, scene } = setUp({ dailyLimitUsd: 1, calendar: 'America/New_York' })
    scene.now = Date.parse('2026-03-08T06:00:00Z')
    await wallet.fetch('https://a.example.com/')
    scene.now = Date.parse('2026-03-09T03:59:00Z')
    expect(await rejection(wallet.fetch('https://a.example.com/'))).toMatchObject({
      fitsAt: Date.parse('2026-03-09T04:00:00Z'),
    })
    scene.now = Date.parse('2026-03-09T04:00:00Z')
    expect((await wallet.fetch('https://a.example.com/')).status).toBe(200)
  })

  test('made of nonsense is refused by name', () => {
    expect(() => spendingLimit({ dailyLimitUsd: 1, scope: 'planet' as never })).toThrow(/scope/)
    expect(() => spendingLimit({ dailyLimitUsd: 1, calendar: 'Mars/Olympus' })).toThrow(/timeZone/)
    expect(() => spendingLimit({ notifyMaxUsd: 1, instantMaxUsd: 2 })).toThrow(/have to rise/)
    expect(() => spendingLimit({ delayMaxUsd: 1 })).toThrow(/go together/)
    expect(() => spendingLimit({ dailyLimitUsd: 1, onExceed: 'ask' as never })).toThrow(/onExceed/)
  })
})

describe('the domain of a host', () => {
  test.each([
    ['example.com', 'example.com'],
    ['a.b.example.com:8443', 'example.com'],
    ['shop.example.co.uk', 'example.co.uk'],
    ['mine.vercel.app', 'mine.vercel.app'],
    ['deep.mine.up.railway.app', 'mine.up.railway.app'],
    ['127.0.0.1:3000', '127.0.0.1'],
    ['localhost', 'localhost'],
  ])('%s is %s', (host, domain) => {
    expect(domainOf(host)).toBe(domain)
  })
})

import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createHandler } from '../../adapters/http/index.js'
import { buildConsolePage } from '../../scripts/console-page.ts'
import { type Answered, type Asking, masterPassword as password, openService } from '../support/service.ts'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'

type Signed = { readonly cookie: string; readonly token: string }
type Ask = (request: string, asking?: Asking) => Promise<Answered>

async function signIn(ask: Ask): Promise<Signed> {
  const { status, json, headers } = await ask('POST /console/sign-in', { body: { password } })
  expect(status).toBe(200)
  return { cookie: headers.get('set-cookie')?.split(';')[0] ?? '', token: json.token }
}

function as({ cookie, token }: Partial<Signed>): Asking {
  return {
    headers: {
      ...(cookie !== undefined && { cookie }),
      ...(token !== undefined && { 'x-stipend-console': token }),
    },
  }
}

describe('the service of the owner’s page', () => {
  test('is there only when it is asked for', async () => {
    const { ask } = openService()
    expect((await ask('GET /console')).status).toBe(404)
    expect((await ask('POST /console/sign-in', { body: { password } })).status).toBe(404)
    const wallet = openShop().open()
    expect(() => createHandler({ wallet, masterPassword: password, console: 'yes' as never })).toThrow('console')
  })

  test('serves a page whose policy lets nothing run but what is in it', async () => {
    const { handler } = openService({ handler: { console: true, basePath: '/api' } })
    const response = await handler(new Request('http://127.0.0.1:3100/api/console'))
    const html = await response.text()
    const policy = response.headers.get('content-security-policy') ?? ''
    for (const [name, tag] of [
      ['script-src', 'script'],
      ['style-src', 'style'],
    ] as const) {
      const [, content = ''] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(html) ?? []
      expect(content.length).toBeGreaterThan(1000)
      expect(policy).toContain(`${name} 'sha256-${createHash('sha256').update(content).digest('base64')}'`)
    }
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(html).not.toMatch(/(src|href)="?https?:/)
  })

  test('serves the page that its sources make', async () => {
    const built = new URL('../../adapters/http/console/built.ts', import.meta.url)
    expect(readFileSync(built, 'utf8')).toBe(await buildConsolePage())
  })

  test('lets in who has the password, by a cookie that no script reads and no other site sends', async () => {
    const { ask } = openService({ handler: { console: true, hosts: ['wallet.example'] } })
    const wrong = await ask('POST /console/sign-in', { body: { password: 'not-the-password' } })
    expect(wrong.status).toBe(401)
    expect(wrong.headers.get('set-cookie')).toBeNull()
    const here = await ask('POST /console/sign-in', { body: { password } })
    expect(here.headers.get('set-cookie')).toMatch(
      /^stipend_console_\w+=\w{64}; Path=\/console; Max-Age=3600; HttpOnly; SameSite=Strict$/,
    )
    const afar = await ask('POST /console/sign-in', { body: { password }, host: 'wallet.example' })
    expect(afar.headers.get('set-cookie')).toMatch(/; SameSite=Strict; Secure$/)
    expect(here.json.token).toMatch(/^\w{64}$/)
  })

  test('answers nobody who has one half of a sign-in, or that of another, or none', async () => {
    const { ask, wallet } = openService({ handler: { console: true } })
    const [one, other] = [await signIn(ask), await signIn(ask)]
    const halves = [{}, { cookie: one.cookie }, { token: one.token }, { cookie: one.cookie, token: other.token }]
    for (const half of halves) {
      expect((await ask('GET /console/state', as(half))).json).toMatchObject({ code: 'sign_in_required' })
      expect((await ask('POST /console/v1/freeze', { ...as(half), body: {} })).status).toBe(401)
    }
    expect((await ask('GET /console/state', { password })).status).toBe(401)
    expect(await wallet.frozen()).toBeUndefined()
    expect((await ask('GET /console/state', as(one))).status).toBe(200)
  })

  test.each([{ origin: 'http://127.0.0.1:9999' }, { origin: 'null' }, { 'sec-fetch-site': 'same-site' }])(
    'does nothing for a page of another origin: %j',
    async (sent: Record<string, string>) => {
      const { ask, wallet } = openService({ handler: { console: true } })
      const { headers } = as(await signIn(ask))
      const refused = await ask('POST /console/v1/freeze', { headers: { ...headers, ...sent }, body: {} })
      expect(refused.json).toMatchObject({ status: 403, code: 'origin_not_allowed' })
      const guess = await ask('POST /console/sign-in', { headers: sent, body: { password } })
      expect([guess.status, guess.headers.get('set-cookie')]).toEqual([403, null])
      expect(await wallet.frozen()).toBeUndefined()
    },
  )

  test('opens nothing else of the service, and makes no session, rule or transfer', async () => {
    const shop = openShop()
    const { ask } = openService({ shop, handler: { console: true, policies: { store: shop.ledger } } })
    const signed = as(await signIn(ask))
    expect((await ask('GET /v1/payments', signed)).status).toBe(401)
    for (const request of ['POST /v1/sessions', 'PUT /v1/policies', 'POST /v1/transfers', 'POST /v1/x402/fetch']) {
      expect((await ask(request.replace(' ', ' /console'), { ...signed, body: {} })).status).toBe(404)
    }
  })

  test('ends a sign-in when it is told to, and after an hour', async () => {
    const { ask, shop } = openService({ handler: { console: true } })
    const [one, other] = [await signIn(ask), await signIn(ask)]
    expect((await ask('POST /console/sign-out', as(one))).status).toBe(200)
    expect((await ask('GET /console/state', as(one))).status).toBe(401)
    shop.scene.now += 3_599_000
    expect((await ask('GET /console/state', as(other))).status).toBe(200)
    shop.scene.now += 1000
    expect((await ask('GET /console/state', as(other))).status).toBe(401)
  })

  test('adds up what counts as spent, by day and by session', async () => {
    const { ask, wallet, shop } = openService({ handler: { console: true } })
    const session = wallet.session({ limits: { dailyLimitUsd: 1 }, labels: { agent: 'a' } })
    shop.scene.now = Date.UTC(2026, 0, 1, 23, 59)
    await wallet.fetch(url)
    shop.scene.now += 120_000
    await session.fetch(url)
    await session.fetch(`${url}/2`)
    const { json } = await ask('GET /console/state', as(await signIn(ask)))
    expect(json.spent).toMatchObject({ today: '20000', month: '30000' })
    expect(json.spent.days.slice(-2).map(({ microUsd }: { microUsd: string }) => microUsd)).toEqual(['10000', '20000'])
    expect(json.sessions).toMatchObject([
      { id: session.id, labels: { agent: 'a' }, spent: '20000', payments: 2, limits: [{ left: '980000' }] },
    ])
    expect(json.payments).toHaveLength(3)
    expect(JSON.stringify(json)).not.toMatch(/[0-9a-f]{130}/)
  })
})

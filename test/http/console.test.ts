import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type AgentWallet, type Approval, spendingLimit, allowHosts } from '../../src/index.js'
import { createHandler, serve } from '../../adapters/http/index.js'
import { buildConsolePage } from '../../scripts/console-page.ts'
import { chromiumOptions, chromiumPath } from '../support/chromium.ts'
import { listen } from '../support/listen.ts'
import { type Answered, type Asking, masterPassword as password, openService } from '../support/service.ts'
import { openShop, type Shop } from '../support/shop.ts'

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

/** Whoever waits for a person here waits for the page. */
function decisionOn({ id }: Approval, { on }: AgentWallet): Promise<boolean> {
  return new Promise((resolve) => {
    on('approval.decided', ({ approval }) => approval.id === id && resolve(approval.status === 'approved'))
  })
}

describe.skipIf(chromiumPath === undefined)('the owner’s page, in a browser (skipped where no Chromium is)', () => {
  const closers: (() => Promise<unknown>)[] = []
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch(chromiumOptions)
  })
  afterAll(() => browser?.close())
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close()
  })

  type Opened = {
    readonly page: Page
    readonly wallet: AgentWallet
    readonly shop: Shop
    readonly url: string
    /** Requests to elsewhere, and what the page's policy has stopped. */
    readonly strays: string[]
  }

  async function open(viewport = { width: 1100, height: 800 }): Promise<Opened> {
    const shop = openShop({ price: 2_500_000n })
    shop.scene.now = Date.now()
    const policy = [allowHosts(['shop.example.com']), spendingLimit({ instantMaxUsd: 1, dailyLimitUsd: 100 })]
    const wallet: AgentWallet = shop.open({ policy, onApproval: (approval) => decisionOn(approval, wallet) })
    const served = await serve(createHandler({ wallet, masterPassword: password, console: true }), { port: 0 })
    const context = await browser.newContext({ viewport, acceptDownloads: true })
    closers.push(served.close, () => context.close())
    const page = await context.newPage()
    const strays: string[] = []
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url())
      if (origin !== served.url && protocol !== 'data:' && protocol !== 'blob:') strays.push(request.url())
    })
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted/i.test(message.text())) strays.push(message.text())
    })
    page.on('pageerror', (error) => strays.push(String(error)))
    await page.goto(`${served.url}/console`)
    return { page, wallet, shop, url: served.url, strays }
  }

  async function enter(page: Page): Promise<void> {
    await page.getByLabel('Master password').fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Waits for you' }).waitFor()
  }

  test('approves a payment that an agent waits for, as soon as it is asked for', async () => {
    const { page, wallet, shop, strays } = await open()
    await enter(page)
    await page.getByText('Nothing waits for you').waitFor()
    const session = wallet.session({ limits: { totalLimitUsd: 10 }, labels: { task: 'brief' } })
    const bought = session.fetch(`${url}?token=hush`)
    const request = page.getByRole('listitem').filter({ hasText: '2.5 USDC' })
    await request.getByText('task: brief').waitFor()
    expect(await request.innerText()).toContain('GET https://shop.example.com/report')
    expect(shop.taken()).toBe(0n)
    await page.getByRole('button', { name: 'Approve $2.50 to shop.example.com' }).click()
    expect((await bought).status).toBe(200)
    await page.getByRole('status').filter({ hasText: 'Approved: $2.50' }).waitFor()
    await page.getByRole('row').filter({ hasText: 'shop.example.com' }).getByText('paid').waitFor()
    expect(shop.taken()).toBe(2_500_000n)
    expect(await page.content()).not.toContain('hush')
    expect(strays).toEqual([])
  })

  test('denies a payment, and the agent is told', async () => {
    const { page, wallet, shop, strays } = await open()
    await enter(page)
    const bought = wallet.fetch(url).catch((error: unknown) => error)
    await page.getByRole('button', { name: 'Deny $2.50 to shop.example.com' }).click()
    expect(await bought).toMatchObject({ code: 'payment_denied', moved: 'no' })
    await page.getByText('Nothing waits for you').waitFor()
    expect(shop.keyStore.signed).toHaveLength(0)
    expect(strays).toEqual([])
  })

  test('freezes the wallet for a reason, and lets it pay again', async () => {
    const { page, wallet, shop, strays } = await open()
    shop.scene.price = 10_000n
    await enter(page)
    await page.getByRole('button', { name: 'Freeze', exact: true }).click()
    await page.getByLabel('Why').fill('odd purchases')
    await page.getByRole('dialog').getByRole('button', { name: 'Freeze' }).click()
    await page.getByText('odd purchases').waitFor()
    expect(await wallet.frozen()).toMatchObject({ reason: 'odd purchases' })
    await expect(wallet.fetch(url)).rejects.toMatchObject({ code: 'wallet_frozen' })
    await page.getByRole('button', { name: 'Unfreeze' }).click()
    await page.getByText('Active').waitFor()
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(strays).toEqual([])
  })

  test('revokes a session, and shows what was left of it', async () => {
    const { page, wallet, shop, strays } = await open()
    shop.scene.price = 10_000n
    const session = wallet.session({ limits: { dailyLimitUsd: 1 } })
    await session.fetch(url)
    await enter(page)
    const item = page.getByRole('listitem').filter({ hasText: session.id.slice(4, 12) })
    expect(await item.innerText()).toContain('$0.99 of $1.00 left')
    await item.getByRole('button', { name: 'Revoke session' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await item.getByText('revoked', { exact: true }).waitFor()
    await expect(session.fetch(url)).rejects.toMatchObject({ code: 'session_revoked' })
    expect(strays).toEqual([])
  })

  test('finds payments by words and states, and takes them home as CSV', async () => {
    const { page, wallet, shop, strays } = await open()
    shop.scene.price = 10_000n
    await wallet.fetch(`${url}/tides`, { payment: { labels: { task: 'sea' } } })
    await wallet.fetch(`${url}/winds`)
    await enter(page)
    const rows = page.getByRole('row').filter({ hasText: '$0.01' })
    await expect.poll(() => rows.count()).toBe(2)
    await page.getByRole('searchbox').fill('sea shop')
    await expect.poll(() => rows.count()).toBe(1)
    await page.getByLabel('State').selectOption('confirmed')
    await page.getByText('Nothing matches').waitFor()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export CSV' }).click(),
    ])
    expect(readFileSync(await file.path(), 'utf8')).toBe(await wallet.payments.export('csv'))
    expect(strays).toEqual([])
  })

  test('is signed out of by itself when the sign-in is over, and stays in after a reload', async () => {
    const { page, shop, wallet } = await open()
    await enter(page)
    await page.reload()
    await page.getByRole('heading', { name: 'Payments' }).waitFor()
    shop.scene.now += 3_600_000
    await wallet.freeze('to be told')
    await page.getByText('Your sign-in is over').waitFor()
    expect(await page.getByLabel('Master password').isVisible()).toBe(true)
  })

  test('changes nothing for a page at another port, to which the browser sends the same cookie', async () => {
    const { page, wallet, url: service } = await open()
    await enter(page)
    const cookies: string[] = []
    const other = await listen(async (request) => {
      cookies.push(request.headers.get('cookie') ?? '')
      return new Response('<!doctype html><body></body>', { headers: { 'content-type': 'text/html' } })
    })
    closers.push(other.close)
    const stranger = await page.context().newPage()
    await stranger.goto(`${other.url}/console`)
    expect(cookies.join()).toContain('stipend_console')
    const outcomes = await stranger.evaluate(async (target) => {
      const json = { 'content-type': 'application/json' }
      const plain = { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{"reason":"x"}' } as const
      const asked = { method: 'POST', credentials: 'include', headers: json, body: '{"reason":"x"}' } as const
      const read = await fetch(`${target}/console/state`, { credentials: 'include' }).then(
        () => 'read',
        () => 'unread',
      )
      const sent = [plain, asked].map((init) => fetch(`${target}/console/v1/freeze`, init).catch(() => {}))
      await Promise.all(sent)
      return read
    }, service)
    expect(outcomes).toBe('unread')
    // The other port knows the cookie now; by itself it opens nothing.
    const stolen = await fetch(`${service}/console/v1/freeze`, {
      method: 'POST',
      headers: { cookie: cookies[0] ?? '', 'content-type': 'application/json' },
      body: '{"reason":"x"}',
    })
    expect(stolen.status).toBe(401)
    expect(await wallet.frozen()).toBeUndefined()
  })

  test('is used by keyboard alone, with a name for every control', async () => {
    const { page, wallet } = await open()
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Waits for you' }).waitFor()
    const bought = wallet.fetch(url)
    await page.getByRole('button', { name: /^Approve/ }).waitFor()
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '')
    for (let turn = 0; turn < 12 && !(await focused()).startsWith('Approve'); turn += 1)
      await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect((await bought).status).toBe(200)
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('button, input, select')]
        .filter((one) => one.textContent?.trim() === '' || one.matches('input, select'))
        .filter((one) => !one.getAttribute('aria-label') && !(one as HTMLInputElement).labels?.length)
        .map((one) => one.outerHTML),
    )
    expect(nameless).toEqual([])
  })

  test('fits a small screen, and is dark where the reader wants it dark', async () => {
    const { page, wallet, shop } = await open({ width: 375, height: 700 })
    shop.scene.price = 10_000n
    await wallet.fetch(`${url}/${'a'.repeat(200)}`, { payment: { labels: { task: 'b'.repeat(200) } } })
    wallet.session({ labels: { agent: 'c'.repeat(200) } })
    shop.scene.price = 2_500_000n
    const bought = wallet.fetch(url, { payment: { labels: { task: 'd'.repeat(200) } } })
    await enter(page)
    await page.getByRole('button', { name: /^Approve/ }).waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375)
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await ground()
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await ground()).not.toBe(light)
    await page.getByRole('button', { name: /^Approve/ }).click()
    await bought
  })
})

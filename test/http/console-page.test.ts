import { readFileSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type AgentWallet, type Approval, spendingLimit, allowHosts } from '../../src/index.js'
import { createHandler, serve } from '../../adapters/http/index.js'
import { chromiumOptions, chromiumPath } from '../support/chromium.ts'
import { listen } from '../support/listen.ts'
import { masterPassword as password } from '../support/service.ts'
import { openShop, type Shop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'

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

/** Whoever waits for a person here waits for the page. */
function decisionOn({ id }: Approval, { on }: AgentWallet): Promise<boolean> {
  return new Promise((resolve) => {
    on('approval.decided', ({ approval }) => approval.id === id && resolve(approval.status === 'approved'))
  })
}

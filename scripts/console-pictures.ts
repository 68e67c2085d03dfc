/**
 * Takes the pictures of the owner's page that the documentation shows; needs `npm run build:fast` and a Chromium. With a
 * folder, it puts whole pages there instead.
 */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { serve } from 'stipend/http'
import { openTown, type Town } from '../examples/owner-page/town.ts'
import { chromiumOptions } from '../test/support/chromium.ts'

const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/pictures/', import.meta.url))
const password = 'my-secret-password'
const day = 86_400_000

/** A chain on which somebody holds so much USDC, and nothing else is known. */
function chain(network: `${string}:${string}`, usdc: bigint) {
  return {
    network,
    examine: async () => ({ type: 'open' as const, reason: 'it is drawn' }),
    balances: async (_: string, assets: readonly { readonly symbol: string }[]) =>
      assets.map(({ symbol }) => (symbol === 'USDC' ? usdc : 0n)),
  }
}

/** A month in the life of a wallet, at whose end a report waits for its owner. */
async function fill(): Promise<Town> {
  const today = Date.UTC(2026, 10, 24, 14, 5)
  let now = today - 29 * day
  const town = openTown(password, {
    clock: () => now,
    chains: [chain('eip155:84532', 12_300_000n), chain('eip155:8453', 0n)],
  })
  const archive = town.wallet.session({ limits: { totalLimitUsd: 40 }, labels: { agent: 'archive' } })
  for (let index = 0; index < 29; index += 1) {
    now = today - (29 - index) * day
    for (let turn = 0; turn < (index * 5) % 9; turn += 1) {
      now += 60_000
      await archive.fetch(`https://api.weather.example/archive/${index}/${turn}`)
      await archive.fetch(`https://api.weather.example/tides/${index}/${turn}`)
    }
    if (index % 6 !== 2) continue
    const bought = archive.fetch(`https://reports.example/market/${index}`)
    await approveAll(town)
    await bought
  }
  now = today
  const { research, trading } = openAgents(town.wallet)
  for (let turn = 0; turn < 14; turn += 1) {
    now += 40_000
    await trading.fetch(`https://prices.example/btc/${turn}`)
    if (turn % 3 === 0) await research.fetch(`https://api.weather.example/cities/${turn}`, brief)
  }
  const bought = research.fetch('https://reports.example/market/energy', brief)
  await approveAll(town)
  await bought
  void research.fetch('https://reports.example/market/2026-11', brief)
  now += 95_000
  return town
}

const brief = { payment: { labels: { task: 'daily brief' } } }

function openAgents(wallet: Town['wallet']): Town['agents'] {
  const now = wallet.clock()
  return {
    research: wallet.session({
      limits: { dailyLimitUsd: 6, totalLimitUsd: 20 },
      expiresAt: now + 7 * day,
      labels: { agent: 'research' },
    }),
    trading: wallet.session({
      limits: { hourlyLimitUsd: 0.03, dailyLimitUsd: 1 },
      expiresAt: now + day,
      labels: { agent: 'trading' },
    }),
  }
}

async function approveAll({ wallet }: Town): Promise<void> {
  for (;;) {
    const [waiting] = (await wallet.approvals.list()).filter(({ status }) => status === 'pending')
    if (waiting) return void (await wallet.approvals.approve(waiting.id))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function open(browser: Browser, url: string, options: object): Promise<Page> {
  const page = await browser.newPage({ ...options, timezoneId: 'UTC', locale: 'en-GB' })
  await page.goto(`${url}/console`)
  return page
}

const town = await fill()
const { url, close } = await serve(town.handler, { port: 0 })
const browser = await chromium.launch(chromiumOptions)
mkdirSync(folder, { recursive: true })
const views = [
  ['light', { colorScheme: 'light', viewport: { width: 1200, height: 900 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1200, height: 900 } }],
  ['small', { colorScheme: 'light', viewport: { width: 375, height: 812 } }],
] as const
for (const [name, options] of views) {
  const page = await open(browser, url, options)
  await page.getByLabel('Master password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Payments' }).waitFor()
  await page.getByText('No chain is configured').first().waitFor()
  await page.screenshot({ path: `${folder}/console-${name}.png`, fullPage: process.argv[2] !== undefined })
  await page.close()
}
await browser.close()
await close()
process.exit(0)

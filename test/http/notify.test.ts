import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../../src/index.js'
import { type Notice, notify, readWebhook, webhook } from '../../adapters/http/index.js'
import { listen } from '../support/listen.ts'
import { openShop } from '../support/shop.ts'

const secret = 'a-secret-of-the-hook'
const asked = 'https://shop.example.com/report?token=hush'

/** A wallet whose notices a function takes, and waits that end at once. */
function setUp(sink: (notice: Notice) => unknown, options: Parameters<typeof notify>[2] = {}, price = 10_000n) {
  const shop = openShop({ price })
  const wallet = shop.open()
  const waits: number[] = []
  const dropped: string[] = []
  const wait = async (milliseconds: number): Promise<void> => {
    waits.push(milliseconds)
  }
  const stop = notify(wallet, sink, { wait, onDrop: ({ event }) => dropped.push(event), ...options })
  return { shop, wallet, waits, dropped, stop }
}

/** Lets what is queued run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

describe('a notice', () => {
  test('tells a person what happened, and holds no query, no signature and no more than it says', async () => {
    const notices: Notice[] = []
    const events = ['payment.settled', 'payment.denied', 'wallet.frozen', 'session.revoked'] as const
    const { wallet, shop } = setUp((notice) => notices.push(notice), { events })
    await wallet.fetch(asked)
    await wallet.fetch('https://other.example.com/?token=hush').catch(() => {})
    await wallet.freeze('odd purchases')
    await wallet.revokeSession(`ses_${'0'.repeat(32)}`)
    await settle()
    expect(notices.map(({ event }) => event)).toEqual(events)
    expect(notices.map(({ text }) => text)).toEqual([
      'Payment of $0.01 to shop.example.com is paid, says the server',
      'Payment to other.example.com was not made: Payment denied by the policy; nothing was signed; allowHosts: other.example.com is not an allowed host',
      'Wallet is frozen: odd purchases',
      `Session ses_${'0'.repeat(32)} is revoked`,
    ])
    expect(notices[0]).toEqual({
      id: expect.stringMatching(/^ntc_[0-9a-f]{32}$/),
      event: 'payment.settled',
      at: shop.scene.now,
      text: expect.any(String),
      data: {
        payment: expect.stringMatching(/^pay_/),
        status: 'claimed',
        usd: '$0.01',
        amount: '0.01 USDC',
        network: 'eip155:84532',
        payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
        host: 'shop.example.com',
        url: 'https://shop.example.com/report',
        transaction: expect.any(String),
      },
    })
    const text = JSON.stringify(notices)
    expect(text).not.toContain('hush')
    expect(text).not.toMatch(/[0-9a-f]{130}/)
  })

  test('comes of what a person may have to act on, and of nothing else unless it is asked for', async () => {
    const notices: Notice[] = []
    const { wallet } = setUp((notice) => notices.push(notice), {}, 5_000_000n)
    await wallet.fetch(asked)
    const session = wallet.session({ limits: { instantMaxUsd: 1, totalLimitUsd: 100 } })
    await session.fetch(asked, { payment: { key: 'k' } }).catch(() => {})
    await settle()
    expect(notices.map(({ event }) => event)).toEqual(['approval.requested'])
    expect(notices[0]?.text).toContain('waits for your approval')
    expect(notices[0]?.data).toMatchObject({ approval: expect.stringMatching(/^apr_/), usd: '$5.00' })
    expect(JSON.stringify(notices)).not.toContain('hush')
  })

  test('of a payment that waits says which, what it is for and how to decide, once for as often as it is asked', async () => {
    const notices: Notice[] = []
    const { wallet } = setUp((notice) => notices.push(notice), {}, 5_000_000n)
    const session = wallet.session({
      limits: { instantMaxUsd: 1, totalLimitUsd: 100 },
      labels: { task: 'weekly\u202e report' },
    })
    for (let turn = 0; turn < 3; turn += 1) await session.fetch(asked, { payment: { key: 'k' } }).catch(() => {})
    await settle()
    const [approval] = await wallet.approvals.list()
    const { id = 'apr_' } = approval ?? {}
    expect(notices).toHaveLength(1)
    expect(notices[0]?.data).toMatchObject({
      approval: id,
      purpose: 'GET https://shop.example.com/report (task: weekly? report)',
      approve: `POST /v1/approvals/${id}/approve`,
      deny: `POST /v1/approvals/${id}/deny`,
      page: null,
    })
    expect(notices[0]?.text).toMatch(/^Payment of \$5\.00 \(5 USDC\) to shop\.example\.com for GET https:/)
    expect(notices[0]?.text).toContain(`Decide before 2026-01-02 00:00 UTC: approvals.approve('${id}')`)
    await wallet.approvals.approve(id as `apr_${string}`)
    await session.fetch(asked, { payment: { key: 'k' } })
    await session.fetch(`${asked}&n=2`, { payment: { key: 'k2' } }).catch(() => {})
    await settle()
    expect(notices.map(({ event }) => event)).toEqual(['approval.requested', 'approval.requested'])
  })

  test('of a payment that waits names the page of a service, and comes once whichever events are told', async () => {
    const notices: Notice[] = []
    const options = { serviceUrl: 'https://wallet.example/', events: ['payment.denied'] as const }
    const { wallet } = setUp((notice) => notices.push(notice), options, 5_000_000n)
    const delayed = wallet.session({ limits: { instantMaxUsd: 1, delayMaxUsd: 10, delaySeconds: 60 } })
    for (let turn = 0; turn < 2; turn += 1) await delayed.fetch(asked, { payment: { key: 'k' } }).catch(() => {})
    await settle()
    expect(notices.map(({ event }) => event)).toEqual(['payment.denied'])
    expect(notices[0]?.text).toContain('can be made from 2026-01-01 00:01 UTC on')
    expect(notices[0]?.text).toContain('Cancel it with https://wallet.example/console')
    expect(notices[0]?.data).toMatchObject({ kind: 'delay', page: 'https://wallet.example/console' })
  })

  test('is delivered again while it fails, each time after a longer wait, then given up; the next one comes all the same', async () => {
    const tried: string[] = []
    const { wallet, waits, dropped } = setUp(({ id, event }) => {
      tried.push(`${event} ${id}`)
      if (event === 'wallet.frozen') throw new TypeError('no')
    })
    await wallet.freeze('a')
    await wallet.unfreeze()
    await settle()
    await settle()
    expect(tried).toHaveLength(7)
    expect(new Set(tried).size).toBe(2)
    expect(waits).toEqual([1000, 4000, 16_000, 60_000, 60_000])
    expect(dropped).toEqual(['wallet.frozen'])
  })

  test('never makes a payment wait: a receiver that hangs, throws or floods costs notices, not payments', async () => {
    const { wallet, shop, dropped, stop } = setUp(() => new Promise(() => {}), {
      events: ['payment.settled'],
      maxWaiting: 2,
    })
    for (let index = 0; index < 6; index += 1) {
      const response = await wallet.fetch(`${asked}${index}`)
      expect(response.status).toBe(200)
    }
    expect(shop.taken()).toBe(60_000n)
    expect(dropped.length).toBeGreaterThanOrEqual(3)
    stop()
    await wallet.fetch(`${asked}-last`)
    expect(shop.taken()).toBe(70_000n)
  })

  test('comes no more once it is stopped', async () => {
    const notices: Notice[] = []
    const { wallet, stop } = setUp((notice) => notices.push(notice))
    stop()
    await wallet.freeze('a')
    await settle()
    expect(notices).toEqual([])
  })
})

describe('a webhook', () => {
  test('is signed, and read back by who knows the secret', async () => {
    const deliveries: { readonly body: string; readonly headers: Headers }[] = []
    const receiver = await listen(async (request) => {
      deliveries.push({ body: await request.text(), headers: request.headers })
      return new Response(null, { status: deliveries.length === 1 ? 500 : 204 })
    })
    const now = Date.UTC(2026, 0, 1)
    const sink = webhook({ url: `${receiver.url}/hook`, secret, allowLoopback: true, clock: () => now })
    const delivered = new Promise<void>((resolve) => {
      const { wallet } = setUp(async (notice) => {
        await sink(notice)
        resolve()
      })
      void wallet.freeze('odd purchases')
    })
    await delivered
    await receiver.close()
    expect(deliveries).toHaveLength(2)
    const [{ body, headers } = { body: '', headers: new Headers() }, second] = deliveries
    expect(second?.body).toBe(body)
    const read = (text: string, at = now, key = secret) => readWebhook(text, headers, { secret: key, clock: () => at })
    expect(read(body)).toMatchObject({ event: 'wallet.frozen', text: 'Wallet is frozen: odd purchases' })
    expect(read(body.replace('odd', 'fine'))).toBeUndefined()
    expect(read(body, now, 'another-secret-of-a-hook')).toBeUndefined()
    expect(read(body, now + 300_000)).toBeDefined()
    expect(read(body, now + 302_000)).toBeUndefined()
    expect(read(body, now - 302_000)).toBeUndefined()
    expect(readWebhook(body, new Headers(), { secret })).toBeUndefined()
    const forged = new Headers({
      'stipend-signature': `t=${now / 1000 + 1},${headers.get('stipend-signature')?.split(',')[1]}`,
    })
    expect(readWebhook(body, forged, { secret, clock: () => now })).toBeUndefined()
  })

  test('follows no redirect, and takes it for a failure', async () => {
    const elsewhere: string[] = []
    const thief = await listen(async (request) => {
      elsewhere.push(request.url)
      return new Response(null, { status: 204 })
    })
    const receiver = await listen(() => new Response(null, { status: 307, headers: { location: thief.url } }))
    const sink = webhook({ url: receiver.url, secret, allowLoopback: true })
    const notice: Notice = { id: 'ntc_1', event: 'wallet.unfrozen', at: 0, text: '', data: {} }
    await expect(Promise.resolve(sink(notice))).rejects.toMatchObject({ code: 'webhook_failed' })
    await Promise.all([thief.close(), receiver.close()])
    expect(elsewhere).toEqual([])
  })

  test.each([
    'http://hooks.example.com/',
    'https://10.0.0.1/',
    'https://169.254.169.254/',
    'https://localhost/',
    'http://127.0.0.1:9/',
    'https://user:pass@hooks.example.com/',
    'ftp://hooks.example.com/',
    'hooks.example.com',
  ])('is not made for %s', (url) => {
    expect(() => webhook({ url, secret })).toThrow(ConfigurationError)
  })

  test.each([undefined, '', 'short'])('is not made with the secret %j', (short) => {
    expect(() => webhook({ url: 'https://hooks.example.com/', secret: short })).toThrow(ConfigurationError)
    expect(() => readWebhook('', new Headers(), { secret: short })).toThrow(ConfigurationError)
  })
})

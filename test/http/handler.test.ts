import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { sqliteLedger } from 'stipend/sqlite'
import type { Ledger } from '../../src/index.js'
import { createHandler } from '../../adapters/http/index.js'
import { askOf, masterPassword, openService } from '../support/service.ts'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'
const password = masterPassword
const folder = mkdtempSync(join(tmpdir(), 'stipend-http-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a fetch over HTTP', () => {
  test('pays once, and answers what the server answered and what was paid', async () => {
    const { ask, token, shop } = openService()
    const body = {
      url,
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: { query: 'latest cryptocurrency prices' },
    }
    const answer = await ask('POST /v1/x402/fetch', { token: await token(), body })
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({
      status: 200,
      body: '{"ok":true}',
      bodyEncoding: 'utf-8',
      payment: { status: 'claimed', amount: '10000', microUsd: '10000', resource: { url, method: 'POST' } },
    })
    expect(answer.json.headers).toContainEqual(['content-type', 'application/json'])
    expect(shop.taken()).toBe(10_000n)
    expect(shop.keyStore.signed).toHaveLength(1)
  })

  test('sends JSON as JSON, text as text and base64 as bytes, twice the same', async () => {
    const seen: string[] = []
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const request = new Request(input, init)
      const bytes = Buffer.from(await request.arrayBuffer()).toString('hex')
      seen.push(`${request.headers.get('content-type')} ${bytes}`)
      return new Response(Uint8Array.of(0xff, 0x00), { status: 203, headers: { 'x-a': 'b' } })
    }
    const { ask, token } = openService({ wallet: { fetch } })
    const send = async (body: object) =>
      ask('POST /v1/x402/fetch', { token: await token(), body: { url, method: 'PUT', ...body } })
    const answer = await send({ body: [1, 'ü'] })
    await send({ body: '[1]', headers: { 'Content-Type': 'text/plain' } })
    await send({ bodyBase64: 'AP8=' })
    expect(seen).toEqual(['application/json 5b312c22c3bc225d', 'text/plain 5b315d', 'null 00ff'])
    expect(answer.json).toMatchObject({ status: 203, body: '/wA=', bodyEncoding: 'base64' })
    expect(answer.json.payment).toBeUndefined()
  })

  test('is refused in words that a model can act on, and nothing is signed', async () => {
    const { ask, token, shop } = openService()
    const denied = await ask('POST /v1/x402/fetch', {
      token: await token(),
      body: { url: 'https://other.example.com/' },
    })
    expect(denied.status).toBe(403)
    expect(denied.headers.get('content-type')).toBe('application/problem+json')
    expect(denied.json).toMatchObject({
      type: 'urn:stipend:problem:payment_denied',
      code: 'payment_denied',
      moved: 'no',
      detail: expect.stringContaining('other.example.com is not an allowed host'),
    })
    const small = await token({ limits: { totalLimitUsd: '0.005' } })
    const limited = await ask('POST /v1/x402/fetch', { token: small, body: { url } })
    expect(limited.json).toMatchObject({ code: 'limit_exceeded', moved: 'no', limit: { max: '5000' }, asked: '10000' })
    expect(limited.json.detail).toContain("session's")
    expect(shop.keyStore.signed).toHaveLength(0)
  })

  test('tells of a payment whose answer is too large to be passed on', async () => {
    const { ask, token, shop } = openService({ handler: { maxAnswerBytes: 4 } })
    const answer = await ask('POST /v1/x402/fetch', { token: await token(), body: { url } })
    expect(answer.status).toBe(502)
    expect(answer.json).toMatchObject({ code: 'answer_too_large', moved: 'maybe', payment: { status: 'claimed' } })
    expect(shop.taken()).toBe(10_000n)
  })

  test('whose server takes the payment and hangs says that money may have left, and the next one sends the same payment', async () => {
    const shop = openShop()
    const paid: (string | null)[] = []
    const hang: typeof globalThis.fetch = async (input, init) => {
      const request = new Request(input, init)
      const payment = request.headers.get('payment-signature')
      if (payment !== null && paid.push(payment) === 1)
        await new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason))
        })
      return shop.fetch(request)
    }
    const { ask, token } = openService({ shop, wallet: { fetch: hang }, handler: { fetchSeconds: 1 } })
    const session = await token()
    const lost = await ask('POST /v1/x402/fetch', { token: session, body: { url } })
    expect(lost.json).toMatchObject({ status: 504, code: 'payment_outcome_unknown', moved: 'maybe' })
    const again = await ask('POST /v1/x402/fetch', { token: session, body: { url } })
    expect(again.json).toMatchObject({ status: 200, payment: { id: lost.json.payment.id, status: 'claimed' } })
    expect(new Set(paid.map((one) => JSON.parse(atob(one ?? '')).payload.authorization.nonce)).size).toBe(1)
    expect(shop.taken()).toBe(10_000n)
  })

  test('says that nothing moved when the server cannot be reached', async () => {
    const fetch = async (): Promise<Response> => {
      throw new TypeError('fetch failed: 10.0.0.7 refused')
    }
    const { ask, token } = openService({ wallet: { fetch } })
    const answer = await ask('POST /v1/x402/fetch', { token: await token(), body: { url } })
    expect(answer.json).toMatchObject({ status: 502, code: 'upstream_unreachable', moved: 'no' })
    expect(answer.text).not.toContain('10.0.0.7')
  })

  test('answers a redirect and does not follow it', async () => {
    const hops: string[] = []
    const fetch: typeof globalThis.fetch = async (input, init) => {
      hops.push(`${new Request(input, init).url} ${init?.redirect}`)
      return new Response(null, { status: 302, headers: { location: 'http://169.254.169.254/' } })
    }
    const { ask, token } = openService({ wallet: { fetch } })
    const answer = await ask('POST /v1/x402/fetch', { token: await token(), body: { url } })
    expect(answer.json.status).toBe(302)
    expect(hops).toEqual([`${url} manual`])
  })

  test.each([
    'http://shop.example.com/',
    'http://127.0.0.1:3100/v1/freeze',
    'https://localhost/',
    'https://10.0.0.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://[::ffff:127.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://db.internal/',
    'https://db.internal./',
    'https://db.internal../',
    'https://localhost../',
    'https://api.default.svc/',
    'https://10.0.0.1.nip.io/',
    'https://intranet/',
    'https://user:pass@shop.example.com/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'https:shop.example.com',
    '/v1/payments',
  ])('of %s is never sent', async (target) => {
    let calls = 0
    const fetch = async (): Promise<Response> => {
      calls += 1
      return new Response('secret')
    }
    const { ask, token } = openService({ wallet: { fetch } })
    const answer = await ask('POST /v1/x402/fetch', { token: await token(), body: { url: target } })
    expect([400, 403]).toContain(answer.status)
    expect(answer.json.moved).toBe('no')
    expect(calls).toBe(0)
  })

  test('of an internal host is sent when the owner has listed it', async () => {
    const fetch = async (): Promise<Response> => new Response('hello')
    const { ask, token } = openService({ wallet: { fetch }, handler: { internalHosts: ['127.0.0.1:4021'] } })
    const send = async (target: string) =>
      (await ask('POST /v1/x402/fetch', { token: await token(), body: { url: target } })).status
    expect(await send('http://127.0.0.1:4021/')).toBe(200)
    expect(await send('http://127.0.0.1:4022/')).toBe(403)
  })

  test.each([
    [{ url, method: 'CONNECT' }, 'body.method'],
    [{ url, headers: { host: 'evil.example' } }, 'body.headers.host'],
    [{ url, headers: { 'x y': 'z' } }, 'body.headers'],
    [{ url, headers: { x: 'a\r\nb: c' } }, 'body.headers.x'],
    [{ url, body: {} }, 'body.body'],
    [{ url, method: 'POST', body: 'a', bodyBase64: 'AA==' }, 'body.bodyBase64'],
    [{ url, method: 'POST', bodyBase64: 'A' }, 'body.bodyBase64'],
    [{ url, payTo: '0x0' }, 'body.payTo'],
    [{ url, payment: { maxUsd: 'unlimited' } }, 'body.payment.maxUsd'],
    [{ url, payment: { maxUsd: -1 } }, 'body.payment.maxUsd'],
    [{ url, payment: { amount: '1' } }, 'body.payment.amount'],
    [{}, 'body.url'],
  ])('of %j is refused by its place', async (body, path) => {
    const { ask, token, shop } = openService()
    const answer = await ask('POST /v1/x402/fetch', { token: await token(), body })
    expect(answer.status).toBe(400)
    expect(answer.json.errors[0].path).toContain(path)
    expect(shop.keyStore.signed).toHaveLength(0)
  })

  test('with a payment header of its own is refused by the wallet', async () => {
    const { ask, token } = openService()
    const body = { url, headers: { 'Payment-Signature': 'e30=' } }
    const answer = await ask('POST /v1/x402/fetch', { token: await token(), body })
    expect(answer.json).toMatchObject({ status: 422, code: 'request_unpayable', moved: 'no' })
  })
})

describe('a body', () => {
  test.each([
    ['{"url":"https://a.example.com","url":"https://b.example.com"}', 'twice'],
    ['{"url":"https://a.example.com","body":{"a":1,"\\u0061":2}}', 'twice'],
    ['{"__proto__":{"url":"x"}}', '__proto__'],
    ['{"url":"https://a.example.com","body":{"a":9007199254740993}}', 'number'],
    [`{"body":${'['.repeat(70)}${']'.repeat(70)}}`, 'deeply'],
    ['{"url":', 'not JSON'],
    ['nonsense', 'not JSON'],
    ['{} {}', 'not JSON'],
  ])('of %s is not read', async (text, problem) => {
    const { ask, token } = openService()
    const answer = await ask('POST /v1/x402/fetch', { token: await token(), text })
    expect(answer.status).toBe(400)
    expect(answer.json.title).toContain(problem)
  })

  test('that is too long, of another type, compressed or no UTF-8 is refused', async () => {
    const { ask, token, handler } = openService({ handler: { maxBodyBytes: 100 } })
    const asking = { token: await token(), body: { url } }
    const status = async (more: object) => (await ask('POST /v1/x402/fetch', { ...asking, ...more })).status
    expect(await status({ body: { url: `${url}?${'x'.repeat(200)}` } })).toBe(413)
    expect(await status({ headers: { 'content-type': 'text/plain' } })).toBe(415)
    expect(await status({ headers: { 'content-encoding': 'gzip' } })).toBe(415)
    const bytes = new Request('http://127.0.0.1/v1/x402/fetch', {
      method: 'POST',
      headers: { authorization: `Bearer ${asking.token}`, 'content-type': 'application/json' },
      body: Uint8Array.of(0x22, 0xff, 0x22),
    })
    expect((await handler(bytes)).status).toBe(400)
  })

  test('that never ends is given up', async () => {
    const { handler, token } = openService({ handler: { maxBodySeconds: 1 } })
    const request = new Request('http://127.0.0.1/v1/x402/fetch', {
      method: 'POST',
      headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
      body: new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) }),
      duplex: 'half',
    } as RequestInit)
    expect((await handler(request)).status).toBe(408)
  })
})

describe('a request', () => {
  test('for a name that is not of this machine is misdirected, whatever it carries', async () => {
    const { ask, handler } = openService({ handler: { hosts: ['wallet.example'] } })
    const status = async (host: string, headers = {}) => (await ask('GET /health', { host, headers })).status
    expect(await status('evil.example')).toBe(421)
    expect(await status('127.0.0.1.evil.example')).toBe(421)
    expect(await status('localhost.evil.example:3100')).toBe(421)
    expect(await status('wallet.example:8443')).toBe(200)
    expect(await status('[::1]:3100')).toBe(200)
    const rebound = await handler(new Request('http://127.0.0.1:3100/health', { headers: { host: 'evil.example' } }))
    expect(rebound.status).toBe(421)
  })

  test('of a page of another origin is refused, and no answer lets a page read it', async () => {
    const { ask } = openService()
    expect((await ask('GET /health', { headers: { origin: 'https://evil.example' } })).status).toBe(403)
    expect((await ask('GET /health', { headers: { origin: 'null' } })).status).toBe(403)
    const preflight = await ask('OPTIONS /v1/x402/fetch', { headers: { 'access-control-request-method': 'POST' } })
    expect(preflight.status).toBe(405)
    const same = await ask('GET /health', { headers: { origin: 'http://127.0.0.1:3100' } })
    expect(same.json).toEqual({ status: 'ok' })
    for (const { headers } of [preflight, same]) expect([...headers.keys()].join()).not.toContain('access-control')
  })

  test('without credentials, with both or with those of another is refused', async () => {
    const { ask, token } = openService()
    const session = await token()
    const codes = async (request: string, asking: object) => (await ask(request, asking)).json.code
    expect(await codes('GET /v1/payments', {})).toBe('credentials_missing')
    expect(await codes('GET /v1/payments', { token: session, password })).toBe('credentials_ambiguous')
    expect(await codes('GET /v1/payments', { token: 'wai_sess_x.y' })).toBe('session_invalid')
    expect(await codes('GET /v1/payments', { headers: { authorization: 'Basic eA==' } })).toBe('session_invalid')
    expect(await codes('POST /v1/x402/fetch', { password, body: { url } })).toBe('session_required')
    expect(await codes('GET /v1/nothing', {})).toBe('not_found')
    expect(await codes('GET /v1/x402/fetch', {})).toBe('method_not_allowed')
  })

  test.each([
    'POST /v1/sessions',
    'DELETE /v1/sessions/ses_00000000000000000000000000000000',
    'GET /v1/policies',
    'POST /v1/policies',
    'PUT /v1/policies',
    'PUT /v1/policies/00000000-0000-4000-8000-000000000000',
    'DELETE /v1/policies/00000000-0000-4000-8000-000000000000',
    'POST /v1/transfers',
    'POST /v1/freeze',
    'POST /v1/unfreeze',
    'POST /v1/approvals/apr_00000000000000000000000000000000/approve',
    'POST /v1/approvals/apr_00000000000000000000000000000000/deny',
  ])('%s is the owner’s alone: a session is refused whatever it sends', async (request) => {
    const { ask, token } = openService()
    const session = await token()
    for (const body of [{}, { password }, { masterPassword: password }]) {
      const asking = request.startsWith('GET') ? {} : { body }
      expect((await ask(request, { token: session, ...asking })).json.code).toBe('owner_required')
    }
  })

  test('with a query that is not known, or twice the same, is refused', async () => {
    const { ask } = openService()
    const ofOwner = async (query: string) => (await ask(`GET /v1/payments?${query}`, { password })).status
    expect(await ofOwner('limit=5')).toBe(200)
    expect(await ofOwner('scope=wallet')).toBe(400)
    expect(await ofOwner('limit=5&limit=6')).toBe(400)
    expect(await ofOwner('limit=1e3')).toBe(400)
    expect(await ofOwner('__proto__=1')).toBe(400)
  })
})

describe('a session over HTTP', () => {
  test('is made by the owner, ends in a day unless said otherwise, and sees only its own', async () => {
    const { ask, token, shop, wallet } = openService()
    const made = await ask('POST /v1/sessions', { password, body: {} })
    expect(made.status).toBe(201)
    expect(made.json).toEqual({
      id: expect.stringMatching(/^ses_[0-9a-f]{32}$/),
      token: expect.stringMatching(/^wai_sess_/),
      expiresAt: shop.scene.now + 86_400_000,
    })
    const other = await token()
    await ask('POST /v1/x402/fetch', { token: made.json.token, body: { url } })
    const [paid] = await wallet.payments.list()
    const list = async (asking: object) => (await ask('GET /v1/payments', asking)).json.payments
    expect(await list({ token: made.json.token })).toMatchObject([{ id: paid?.id, amount: '10000' }])
    expect(await list({ token: other })).toEqual([])
    expect(await list({ password })).toHaveLength(1)
    const one = async (asking: object) => (await ask(`GET /v1/payments/${paid?.id}`, asking)).status
    expect([await one({ token: made.json.token }), await one({ token: other }), await one({ password })]).toEqual([
      200, 404, 200,
    ])
    const budget = await ask('GET /v1/wallet/budget', { token: other })
    expect(budget.json.limits.map((line: { name: string }) => line.name)).toContain('daily limit')
  })

  test('that is expired or revoked pays and sees nothing', async () => {
    const { ask, token, shop } = openService()
    const made = await ask('POST /v1/sessions', { password, body: {} })
    const late = await token({ expiresAt: shop.scene.now + 1000 })
    shop.scene.now += 1000
    expect((await ask('POST /v1/x402/fetch', { token: late, body: { url } })).json.code).toBe('session_invalid')
    const gone = await ask(`DELETE /v1/sessions/${made.json.id}`, { password })
    expect(gone.json).toEqual({ id: made.json.id, revoked: true })
    const refused = await ask('POST /v1/x402/fetch', { token: made.json.token, body: { url } })
    expect(refused.json).toMatchObject({ status: 401, code: 'session_revoked', session: made.json.id })
    expect(refused.headers.get('www-authenticate')).toContain('Bearer')
    expect(shop.keyStore.signed).toHaveLength(0)
  })

  test('for another audience is not opened', async () => {
    const { ask, token } = openService({ handler: { audience: 'daemon-1' } })
    const [own, other] = [await token({ audience: 'daemon-1' }), await token({ audience: 'daemon-2' })]
    expect((await ask('GET /v1/wallet/budget', { token: own })).status).toBe(200)
    expect((await ask('GET /v1/wallet/budget', { token: other })).json.code).toBe('session_invalid')
  })

  test('is only of the wallet that the body names', async () => {
    const { ask } = openService()
    const { walletId, addresses } = (await ask('GET /v1/wallet/address', { password })).json
    expect(walletId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(addresses[0].address).toMatch(/^0x/)
    const made = async (id: string) => (await ask('POST /v1/sessions', { password, body: { walletId: id } })).status
    expect(await made(walletId)).toBe(201)
    expect(await made('00000000-0000-4000-8000-000000000000')).toBe(404)
    expect((await openService().ask('GET /v1/wallet/address', { password })).json.walletId).toBe(walletId)
  })

  test('with a scope that is not known is not made', async () => {
    const { ask } = openService()
    const body = { limits: { dailyLimtUsd: '1' } }
    const answer = await ask('POST /v1/sessions', { password, body })
    expect(answer.json).toMatchObject({ status: 400, errors: [{ path: 'body.limits.dailyLimtUsd' }] })
    const hosts = await ask('POST /v1/sessions', { password, body: { allowHosts: ['*.com'] } })
    expect(hosts.json).toMatchObject({ status: 400, code: 'configuration_invalid' })
  })
})

describe('the owner over HTTP', () => {
  test('freezes and unfreezes the wallet', async () => {
    const { ask, token, shop } = openService()
    const session = await token()
    await ask('POST /v1/freeze', { password, body: { reason: 'odd purchases' } })
    const frozen = await ask('POST /v1/x402/fetch', { token: session, body: { url } })
    expect(frozen.json).toMatchObject({ status: 423, code: 'wallet_frozen', freeze: { reason: 'odd purchases' } })
    expect(shop.keyStore.signed).toHaveLength(0)
    await ask('POST /v1/unfreeze', { password })
    expect((await ask('POST /v1/x402/fetch', { token: session, body: { url } })).status).toBe(200)
  })

  test('approves a payment, and the same call goes on, each in a process of its own', async () => {
    const shop = openShop({ price: 60_000_000n })
    const file = join(folder, 'agent.db')
    const start = (ledger: Ledger) =>
      openService({ shop, wallet: { ledger, policy: [] }, handler: { policies: { store: ledger } } })
    const first = sqliteLedger(file, { monotonic: false })
    const service = start(first)
    const body = { url, payment: { key: 'report-1' } }
    const policies = [
      { type: 'X402_ALLOWED_DOMAINS', rules: { domains: ['shop.example.com'] } },
      { type: 'SPENDING_LIMIT', rules: { instant_max_usd: 1, daily_limit_usd: 100 } },
    ]
    await service.ask('PUT /v1/policies', { password, body: { policies } })
    const token = await service.token()
    const waiting = await service.ask('POST /v1/x402/fetch', { token, body })
    expect(waiting.json).toMatchObject({ status: 409, code: 'approval_required', retryable: true, moved: 'no' })
    first.close()

    const second = sqliteLedger(file, { monotonic: false })
    const { ask, ...owner } = start(second)
    const { id } = waiting.json.approval
    expect((await ask('GET /v1/approvals', { token })).json.approvals).toMatchObject([{ id, status: 'pending' }])
    expect((await ask('GET /v1/approvals', { token: await owner.token() })).json.approvals).toEqual([])
    expect((await ask(`POST /v1/approvals/${id}/approve`, { token })).status).toBe(403)
    expect((await ask(`POST /v1/approvals/${id}/approve`, { password })).json).toMatchObject({ status: 'approved' })
    second.close()

    const third = sqliteLedger(file, { monotonic: false })
    const later = start(third)
    const paid = await later.ask('POST /v1/x402/fetch', { token, body })
    expect(paid.json).toMatchObject({ status: 200, payment: { amount: '60000000' } })
    const again = await later.ask('POST /v1/x402/fetch', { token, body: { url, payment: { key: 'report-2' } } })
    expect(again.status).not.toBe(200)
    expect(shop.keyStore.signed).toHaveLength(1)
    expect(shop.taken()).toBe(60_000_000n)
    third.close()
  })

  test('denies a payment, and it stays so', async () => {
    const { ask, token, shop } = openService({ shop: openShop({ price: 5_000_000n }) })
    const session = await token({ limits: { instantMaxUsd: 1, totalLimitUsd: 100 } })
    const body = { url, payment: { key: 'k' } }
    const { id } = (await ask('POST /v1/x402/fetch', { token: session, body })).json.approval
    expect((await ask(`POST /v1/approvals/${id}/deny`, { password })).json.status).toBe('denied')
    expect((await ask('POST /v1/x402/fetch', { token: session, body })).json.code).toBe('payment_denied')
    expect((await ask(`POST /v1/approvals/${id}/approve`, { password })).status).toBe(404)
    expect(shop.keyStore.signed).toHaveLength(0)
  })

  test('is told when the chain does not answer, in our words', async () => {
    const balances = async (): Promise<never> =>
      Promise.reject(new TypeError('fetch failed: https://rpc.example/key123'))
    const chain = {
      network: 'eip155:84532',
      balances,
      examine: async () => ({ type: 'open', reason: '' }) as const,
    } as const
    const { ask } = openService({ wallet: { chains: [chain] } })
    const answer = await ask('GET /v1/wallet/balance', { password })
    expect(answer.json).toMatchObject({ status: 503, code: 'chain_unavailable', moved: 'no' })
    expect(answer.text).not.toContain('key123')
  })

  test('is told what a wallet without chains holds, and why it cannot transfer', async () => {
    const { ask } = openService()
    expect((await ask('GET /v1/wallet/balance', { password })).json).toEqual({ balances: [] })
    const body = { network: 'eip155:84532', asset: 'USDC', to: `0x${'1'.repeat(40)}`, amount: '1.5', key: 'rent' }
    const transfer = await ask('POST /v1/transfers', { password, body })
    expect(transfer.json).toMatchObject({ status: 400, code: 'configuration_invalid', moved: 'no' })
  })
})

describe('answers', () => {
  test('hold no password, no token but the new one, no key and no signature', async () => {
    const { ask, token, shop } = openService()
    const session = await token()
    const answers = [
      await ask('POST /v1/x402/fetch', { token: session, body: { url } }),
      await ask('POST /v1/x402/fetch', { token: session, body: { url: 'https://no.example.com/' } }),
      await ask('POST /v1/x402/fetch', { token: `${session}x`, body: { url } }),
      await ask('GET /v1/payments', { password: `${password}x` }),
      await ask('GET /v1/payments', { password }),
      await ask('GET /v1/wallet/budget', { token: session }),
      await ask('GET /openapi.json'),
    ]
    expect(shop.keyStore.signed).toHaveLength(1)
    for (const { text } of answers) {
      expect(text).not.toContain(password)
      expect(text).not.toContain(session.slice(0, 40))
      // A signature would be 65 bytes of hex.
      expect(text).not.toMatch(/[0-9a-f]{130}/)
    }
  })

  test('to surprises tell nothing of them, and the owner’s log what it is fit to hold', async () => {
    const errors: unknown[] = []
    const shop = openShop()
    const broken = { ...shop.ledger, list: async () => Promise.reject(new TypeError('disk /var/secret is full')) }
    const { ask } = openService({
      shop: { ...shop, ledger: broken, open: (o) => shop.open({ ...o, ledger: broken }) },
      handler: { onError: (error) => errors.push(error) },
    })
    const answer = await ask('GET /v1/payments', { password })
    expect(answer.json).toMatchObject({ status: 503, code: 'ledger_unavailable', moved: 'no' })
    expect(answer.text).not.toContain('secret')
    expect(errors).toMatchObject([{ code: 'ledger_unavailable', cause: { message: 'disk /var/secret is full' } }])
    const { wallet } = openService()
    const surprised = { ...wallet, budget: () => Promise.reject(new TypeError('https://rpc.example/key?of=mine')) }
    const own = createHandler({ wallet: surprised, masterPassword: password, onError: (error) => errors.push(error) })
    const surprise = await askOf(own)('GET /v1/wallet/budget', { password })
    expect(surprise.json).toMatchObject({ status: 500, code: 'internal_error', moved: 'maybe' })
    expect(errors[1]).toMatchObject({ code: 'internal_error', cause: { message: 'https://rpc.example/…' } })
  })
})

import { describe, expect, test } from 'vitest'
import { createHandler } from '../../adapters/http/index.js'
import { askOf, masterPassword, openService } from '../support/service.ts'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'
const password = masterPassword

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

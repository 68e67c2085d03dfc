import { describe, expect, test } from 'vitest'
import { paidResource } from '../../src/testing/index.js'
import { openService } from '../support/service.ts'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'

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

  test('tells of a payment whose answer is too large to be passed on, and the next one sends the same payment', async () => {
    const shop = openShop()
    const sold = paidResource({ amount: 10_000n, idempotent: true, clock: () => shop.scene.now })
    const { ask, token } = openService({
      shop,
      wallet: { fetch: async (input, init) => sold(new Request(input, init)) },
      handler: { maxAnswerBytes: 4 },
    })
    const session = await token()
    const first = await ask('POST /v1/x402/fetch', { token: session, body: { url } })
    expect(first.status).toBe(502)
    expect(first.json).toMatchObject({
      code: 'answer_too_large',
      moved: 'maybe',
      detail: expect.stringContaining('Do not pay again'),
      payment: { status: 'unknown', undelivered: true },
    })
    const { id } = first.json.payment
    for (const code of ['answer_too_large', 'answer_too_large', 'payment_outcome_unknown']) {
      const again = await ask('POST /v1/x402/fetch', { token: session, body: { url } })
      expect(again.json).toMatchObject({ code, moved: 'maybe', payment: { id, status: 'unknown' } })
    }
    expect(sold.settled).toBe(10_000n)
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

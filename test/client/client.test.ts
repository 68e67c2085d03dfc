import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest'
import {
  ApprovalRequiredError,
  ConfigurationError,
  isStipendError,
  LimitExceededError,
  type Payment,
  PaymentDeniedError,
  SessionRevokedError,
} from '../../src/index.js'
import { serve, type Served } from '../../adapters/http/index.js'
import { createClient, RemoteWalletError } from '../../src/client/index.js'
import { masterPassword as password, openService, type Service } from '../support/service.ts'
import { openShop } from '../support/shop.ts'
import { loadedBy, readModules } from '../support/modules.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/report'
const open: Served[] = []
afterEach(async () => {
  for (const served of open.splice(0)) await served.close()
})

async function connect(service: Service, scope: object = {}) {
  const served = await serve(service.handler, { port: 0 })
  open.push(served)
  const sessionToken = await service.token(scope)
  return { client: createClient({ baseUrl: served.url, sessionToken }), served, sessionToken }
}

describe('a client', () => {
  test('gets what the server answered, and the payment as the wallet has it', async () => {
    const service = openService()
    const { client } = await connect(service, { balances: true })
    const response = await client.x402Fetch(url, { method: 'POST', body: 'one report' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(await response.json()).toEqual({ ok: true })
    const payment = client.getPayment(response)
    expect(payment).toMatchObject({ status: 'claimed', amount: 10_000n, microUsd: 10_000n })
    expect(await client.getPayments()).toEqual([await service.wallet.payments.get(payment?.id ?? 'pay_')])
    expect(await client.getPayments({ status: 'unknown', limit: 5 })).toEqual([])
    const daily = (await client.getBudget(url)).find(({ name }) => name === 'daily limit')
    expect(daily).toMatchObject({ max: 100_000_000n, used: 10_000n, left: 99_990_000n })
    expect(await rejection(client.getBalance())).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
    expect(service.shop.taken()).toBe(10_000n)
  })

  test('passes bytes and headers on as they are, both ways', async () => {
    const seen: unknown[] = []
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const request = new Request(input, init)
      seen.push([request.method, request.headers.get('x-a'), new Uint8Array(await request.arrayBuffer())])
      return request.method === 'PUT'
        ? new Response(bytes, { status: 201, headers: { 'set-cookie': 'a=1', 'x-b': 'c' } })
        : new Response(null, { status: 204 })
    }
    const { client } = await connect(openService({ wallet: { fetch } }))
    const response = await client.x402Fetch(url, { method: 'PUT', body: bytes, headers: { 'x-a': 'b' } })
    expect(seen).toEqual([['PUT', 'b', bytes]])
    expect(response.status).toBe(201)
    expect(response.headers.get('x-b')).toBe('c')
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
    expect(client.getPayment(response)).toBeUndefined()
    expect((await client.x402Fetch(url, { method: 'DELETE' })).status).toBe(204)
  })

  test('loads the errors and what reads payments, and nothing else of the wallet', () => {
    const loaded = loadedBy('src/client/index.ts', readModules('src')).map(({ file }) => file)
    const others = loaded.filter((file) => !/^src\/(client|lib|errors)\//.test(file))
    expect(others.toSorted()).toEqual(['src/errors.ts', 'src/hosts/loopback.ts', 'src/ledger/codec.ts'])
  })

  test('runs where there is nothing but what the web has', async () => {
    const service = openService()
    const sessionToken = await service.token()
    const web = { Request, Response, Headers, URL, URLSearchParams, TextEncoder, TextDecoder, atob, btoa }
    const fetch: typeof globalThis.fetch = (input, init) => service.handler(new Request(input, init))
    const context = createContext({ ...web, fetch, sessionToken, target: url })
    const program = `
      import { createClient } from './src/client/index.ts'
      const client = createClient({ baseUrl: 'http://127.0.0.1:3100', sessionToken })
      globalThis.done = client.x402Fetch(target, { method: 'POST', body: 'x' })
        .then(async (response) => [response.status, await response.text(), String(client.getPayment(response).amount)])
    `
    const stdin = { contents: program, resolveDir: fileURLToPath(new URL('../../', import.meta.url)) }
    const options = { bundle: true, write: false, platform: 'browser', format: 'iife', logLevel: 'silent' } as const
    const { outputFiles } = await build({ stdin, ...options })
    runInContext(outputFiles[0]?.text ?? '', context)
    expect(await context['done']).toEqual([200, '{"ok":true}', '10000'])
  })

  test('keeps a byte order mark, which is not the text’s to lose', async () => {
    const fetch = async (): Promise<Response> => new Response(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))
    const { client } = await connect(openService({ wallet: { fetch } }))
    const response = await client.x402Fetch(url)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))
    expect([...response.headers]).toEqual([])
  })

  test('throws the wallet’s own errors, with what they hold', async () => {
    const service = openService({ shop: openShop({ price: 5_000_000n }) })
    const { client } = await connect(service, { limits: { instantMaxUsd: 1, totalLimitUsd: 100 } })
    const denied = await rejection(client.x402Fetch('https://other.example.com/'))
    expect(denied).toBeInstanceOf(PaymentDeniedError)
    expect(denied).toMatchObject({ code: 'payment_denied', moved: 'no', refusals: [{ rule: 'allowHosts' }] })
    const waiting = await rejection(client.x402Fetch(url, { payment: { key: 'k' } }))
    expect(waiting).toBeInstanceOf(ApprovalRequiredError)
    expect(waiting).toMatchObject({ approval: { amount: 5_000_000n, status: 'pending' }, retryable: true })
    if (waiting instanceof ApprovalRequiredError) await service.wallet.approvals.approve(waiting.approval.id)
    expect((await client.x402Fetch(url, { payment: { key: 'k' } })).status).toBe(200)
    const capped = await rejection(client.x402Fetch(url, { payment: { maxUsd: '0.01' } }))
    expect(isStipendError(capped) && capped.moved).toBe('no')
    service.shop.scene.price = 200_000_000n
    const over = await rejection(client.x402Fetch(url))
    expect(over).toBeInstanceOf(LimitExceededError)
    expect(over).toMatchObject({ asked: 200_000_000n, message: expect.stringContaining('$200.00 asked') })
  })

  test('of a revoked session is told so', async () => {
    const service = openService()
    const { client, sessionToken } = await connect(service)
    const { id } = await service.wallet.openSession(sessionToken)
    await service.ask(`DELETE /v1/sessions/${id}`, { password })
    const error = await rejection(client.x402Fetch(url))
    expect(error).toBeInstanceOf(SessionRevokedError)
    expect(error).toMatchObject({ session: id })
  })

  test('says that money may have left when no answer comes to a fetch, and that none has to a question', async () => {
    const service = openService()
    const { client, served } = await connect(service)
    await served.close()
    const error = await rejection(client.x402Fetch(url))
    expect(error).toBeInstanceOf(RemoteWalletError)
    expect(error).toMatchObject({ code: 'service_failed', moved: 'maybe', status: 0 })
    expect(String(error)).not.toContain('wai_sess_')
    expect(await rejection(client.getBudget())).toMatchObject({ code: 'service_failed', moved: 'no' })
  })

  test.each([
    ['no JSON', () => new Response('<html>502</html>', { status: 502 })],
    ['no problem', () => Response.json({ error: 'x' }, { status: 502 })],
    ['something else', () => Response.json({ status: 200 })],
    ['a status that is none', () => Response.json({ status: 42, headers: [], body: '', bodyEncoding: 'utf-8' })],
    ['a payment that is none', () => Response.json({ ...ok, payment: { amount: 'much' } })],
    ['bytes that are none', () => Response.json({ ...ok, bodyEncoding: 'base64', body: '***' })],
    ['a header that is none', () => Response.json({ ...ok, headers: [['a b', 'c']] })],
  ])('does not believe a service that answers %s', async (_, answer) => {
    const fetch = async (): Promise<Response> => answer()
    const client = createClient({ baseUrl: 'https://wallet.example', sessionToken: 't', fetch })
    const error = await rejection(client.x402Fetch(url))
    expect(isStipendError(error)).toBe(true)
    expect(error).toMatchObject({ code: 'service_failed', moved: 'maybe' })
  })

  test('does not let a service say of an error that it moved nothing when it is one that does', async () => {
    const problem = { title: 'Outcome is unknown: x', status: 504, code: 'payment_outcome_unknown', moved: 'maybe' }
    const fetch = async (): Promise<Response> => Response.json(problem, { status: 504 })
    const client = createClient({ baseUrl: 'https://wallet.example', sessionToken: 't', fetch })
    expect(await rejection(client.x402Fetch(url))).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
  })

  test('sends its token nowhere else', async () => {
    const seen: (RequestInit | undefined)[] = []
    const fetch: typeof globalThis.fetch = async (_, init) => {
      seen.push(init)
      return Response.json({ payments: [] })
    }
    const client = createClient({ baseUrl: 'https://wallet.example/api/wallet/', sessionToken: 't', fetch })
    await client.getPayments()
    expect(seen[0]).toMatchObject({ redirect: 'error', headers: { authorization: 'Bearer t' } })
    const make = (baseUrl: string, sessionToken: string) => () => createClient({ baseUrl, sessionToken, fetch })
    expect(make('http://wallet.example', 't')).toThrow(ConfigurationError)
    expect(make('ftp://127.0.0.1', 't')).toThrow(ConfigurationError)
    expect(make('127.0.0.1:3100', 't')).toThrow(ConfigurationError)
    expect(make('http://127.0.0.1:3100', '')).toThrow(ConfigurationError)
    expect(make('http://127.0.0.1:3100', 'a\r\nb')).toThrow(ConfigurationError)
  })

  test('has the types of the wallet', () => {
    const client = createClient({ baseUrl: 'http://127.0.0.1:3100', sessionToken: 't' })
    expectTypeOf(client.x402Fetch).returns.resolves.toEqualTypeOf<Response>()
    expectTypeOf(client.getPayments).returns.resolves.toEqualTypeOf<readonly Payment[]>()
    expectTypeOf(client.x402Fetch).parameter(1).toExtend<RequestInit | undefined>()
    // @ts-expect-error a client cannot decide on approvals
    expect(client.approvals).toBeUndefined()
  })
})

const ok = { status: 200, headers: [], body: '', bodyEncoding: 'utf-8' }

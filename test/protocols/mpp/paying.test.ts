import { describe, expect, test } from 'vitest'
import { mpp } from 'stipend/mpp'
import { type AgentWalletOptions, getPayment, memoryLedger, x402, x402V1 } from '../../../src/index.js'
import { paidResource } from '../../../src/testing/index.js'
import { spentBy } from '../../support/agent.ts'
import { createMppServer, type MppServerOptions } from '../../support/mpp-server.ts'
import { createTestWallet, rejection } from '../../support/wallets.ts'

const price = 10_000n
const start = Date.UTC(2026, 0, 15, 12)

const url = 'http://127.0.0.1:8402/report'

/** A server of MPP, and a wallet that speaks it; both at one time, which a test can move. */
function setUp(options: MppServerOptions = {}, settings: Partial<AgentWalletOptions> = {}) {
  const time = { now: start }
  const clock = () => time.now
  const server = createMppServer({ clock, ...options })
  const protocols = [x402(), x402V1(), mpp({ clock })]
  const fetch = async (...request: Parameters<typeof globalThis.fetch>) => server(new Request(...request))
  return { server, wallet: createTestWallet({ protocols, clock, fetch, ...settings }), time }
}

/** A wallet whose server speaks x402 and MPP at once. */
function setUpBoth(amount: bigint) {
  const shop = paidResource({ amount })
  const server = createMppServer()
  const fetch = async (...given: Parameters<typeof globalThis.fetch>) => {
    const request = new Request(...given)
    const asked = await shop(request.clone())
    if (asked.status === 402)
      asked.headers.append('WWW-Authenticate', (await server(request)).headers.get('WWW-Authenticate') ?? '')
    return asked
  }
  return { shop, server, wallet: createTestWallet({ protocols: [x402(), x402V1(), mpp()], fetch }) }
}

type Signed = { readonly message: { readonly nonce: string } }
const noncesOf = ({ signed }: { readonly signed: readonly unknown[] }) =>
  new Set(signed.map((data) => (data as Signed).message.nonce))

describe('a wallet that speaks MPP', () => {
  test('pays a charge by an authorization of EIP-3009 whose nonce is that of the challenge', async () => {
    const { server, wallet } = setUp()
    const response = await wallet.fetch(url)
    expect(await response.json()).toEqual({ sky: 'clear' })
    const [credential] = server.credentials
    const nonce = credential?.payload['nonce']
    expect(getPayment(response)).toMatchObject({
      status: 'claimed',
      protocol: 'mpp',
      scheme: 'exact',
      amount: price,
      terms: { nonce, validAfter: 0 },
      receipt: { status: 'claimed', transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/) },
    })
    expect([server.settled.size, wallet.signed.length]).toEqual([1, 1])
    expect(await spentBy(wallet)).toBe(price)
  })

  test('buys anew where it is called anew, each under a nonce of its own', async () => {
    const { server, wallet } = setUp()
    await wallet.fetch(url)
    await wallet.fetch(url)
    expect([server.settled.size, noncesOf(wallet).size]).toEqual([2, 2])
  })

  test('buys anew also beside a challenge that is always the same, and that it cannot pay', async () => {
    const request = { currency: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' }
    const other = createMppServer({ request, expires: () => new Date(start + 60_000).toISOString() })
    const server = createMppServer({ clock: () => start })
    const fetch = async (...given: Parameters<typeof globalThis.fetch>) => {
      const answer = await server(new Request(...given))
      const same = (await other(new Request(url))).headers.get('WWW-Authenticate') ?? ''
      if (answer.status !== 402) return answer
      const headers = { 'WWW-Authenticate': `${same}, ${answer.headers.get('WWW-Authenticate')}` }
      return new Response(null, { status: 402, headers })
    }
    const { wallet } = setUp({}, { fetch })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect((await wallet.fetch(url)).status).toBe(200)
    expect([server.settled.size, noncesOf(wallet).size]).toEqual([2, 2])
  })

  test('keeps the request’s own Authorization, and signs nothing where the payment would replace it', async () => {
    const { server, wallet } = setUp()
    const error = await rejection(wallet.fetch(url, { headers: { Authorization: 'Bearer token' } }))
    expect(error).toMatchObject({ code: 'malformed_message', moved: 'no' })
    expect([wallet.signed, server.credentials]).toEqual([[], []])
    const other = setUp({ challenge: { header: 'Payment-Authorization' } })
    const response = await other.wallet.fetch(url, { headers: { Authorization: 'Bearer token' } })
    expect(response.status).toBe(200)
  })

  test('prefers x402 of a server that speaks both', async () => {
    const { shop, server, wallet } = setUpBoth(price)
    expect(getPayment(await wallet.fetch(url))).toMatchObject({ status: 'claimed', protocol: 'x402' })
    expect([shop.settled, server.settled.size]).toEqual([price, 0])
  })

  test('signs nothing for a server that asks two prices in two protocols', async () => {
    const { wallet } = setUpBoth(1n)
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'malformed_message' })
    expect(wallet.signed).toEqual([])
  })

  test('does so for a session too, within its limits', async () => {
    const { wallet } = setUp()
    const session = wallet.session({ maxPayments: 1 })
    await session.fetch(url)
    expect(await rejection(session.fetch(url))).toMatchObject({ code: 'limit_exceeded' })
    expect(wallet.signed).toHaveLength(1)
  })

  test('only where its owner asked for it: otherwise the 402 is handed over', async () => {
    const { wallet } = setUp({}, { protocols: [x402(), x402V1()] })
    expect((await wallet.fetch(url)).status).toBe(402)
    expect(wallet.signed).toEqual([])
  })
})

describe('one purchase by MPP', () => {
  test.each(['endless-402', 'settle-then-402'] as const)(
    'whose payment is answered with another challenge (%s) is signed once',
    async (fault) => {
      const { server, wallet } = setUp({ fault })
      const error = await rejection(wallet.fetch(url))
      expect(error).toMatchObject({ code: 'payment_rejected', moved: 'maybe', reason: 'verification_failed' })
      expect([wallet.signed.length, server.credentials.length]).toEqual([1, 1])
    },
  )

  test('whose answer was lost is sent again with the challenge that it was made for', async () => {
    const { server, wallet } = setUp({ fault: 'settle-then-break' })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ moved: 'maybe' })
    const response = await wallet.fetch(url)
    expect(getPayment(response)?.status).toBe('claimed')
    const [first, second] = server.credentials
    expect(second?.challenge).toEqual(first?.challenge)
    expect([server.settled.size, noncesOf(wallet).size, (await wallet.payments.list()).length]).toEqual([1, 1, 1])
  })

  test('whose time is over is not signed under the nonce of another challenge', async () => {
    const ledger = memoryLedger()
    const { server, wallet, time } = setUp({ fault: 'settle-then-break' }, { ledger })
    await rejection(wallet.fetch(url, { payment: { repeatable: false } }))
    time.now += 600_000
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    expect([wallet.signed.length, server.settled.size]).toEqual([1, 1])
  })

  test('has a challenge to itself: another that is asked by the same is not signed', async () => {
    const { server, wallet } = setUp({ expires: () => new Date(start + 60_000).toISOString() })
    await wallet.fetch(url)
    const error = await rejection(wallet.fetch(`${url}/other`))
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(String(error)).toContain('purchase of the challenge')
    expect([wallet.signed.length, server.settled.size]).toEqual([1, 1])
  })

  test('is not made twice at once by one challenge', async () => {
    const { server, wallet } = setUp({ expires: () => new Date(start + 60_000).toISOString() })
    const calls = Array.from({ length: 8 }, () => wallet.fetch(url, { payment: { repeatable: true } }))
    const settled = await Promise.allSettled(calls)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect([wallet.signed.length, server.settled.size]).toEqual([1, 1])
  })

  test('with a name is refused where its name would be forgotten with the process: its nonce would be another', async () => {
    const { server, wallet, time } = setUp()
    const payment = { key: 'order-7' }
    const first = await wallet.fetch(url, { payment }).catch((error: unknown) => error)
    const clock = () => time.now
    const fetch = async (...request: Parameters<typeof globalThis.fetch>) => server(new Request(...request))
    const restarted = createTestWallet({ protocols: [x402(), x402V1(), mpp({ clock })], clock, fetch })
    await restarted.fetch(url, { payment }).catch((error: unknown) => error)
    expect(server.settled.size).toBeLessThan(2)
    expect(first).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
  })
})

describe('a challenge of MPP that cannot be paid', () => {
  test.each<readonly [string, MppServerOptions, string]>([
    ['by another method', { challenge: { method: 'stripe' } }, 'method or intent'],
    ['in a session', { challenge: { intent: 'session' } }, 'method or intent'],
    ['without an id', { challenge: { id: '' } }, 'no id'],
    ['in a header of its own', { challenge: { header: 'Cookie' } }, 'header that is not known'],
    ['whose time is over', { expires: () => new Date(start - 1000).toISOString() }, 'time is over'],
    ['with no time that can be read', { expires: () => 'tomorrow' }, 'time is over'],
    ['of nothing', { amount: '0' }, 'not one of evm/charge'],
    ['of a fraction', { amount: '1.5' }, 'not one of evm/charge'],
    ['of an exponent', { amount: '1e4' }, 'not one of evm/charge'],
    ['to a name', { request: { recipient: 'payee.eth' } }, 'not one of evm/charge'],
    ['to the payer', { request: { recipient: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266' } }, ''],
    ['by a transaction', { request: { methodDetails: { credentialTypes: ['transaction'] } } }, 'no authorization'],
    ['by Permit2', { request: { methodDetails: { credentialTypes: ['permit2'] } } }, 'no authorization'],
    ['to several', { request: { methodDetails: { splits: [{ recipient: '0x1', amount: '1' }] } } }, 'several payees'],
    ['in a token nobody knows', { request: { currency: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' } }, 'table'],
    ['in another number of decimals', { request: { methodDetails: { decimals: 18 } } }, 'decimals'],
    ['that is too long to be kept', { challenge: { opaque: 'a'.repeat(5000) } }, 'longer than'],
  ])('is told: %s', async (_, options, words) => {
    const { wallet } = setUp(options)
    const error = await rejection(wallet.fetch(url))
    const code = words === '' ? /no_payable_offer|^$/ : /no_payable_offer/
    expect(error).toMatchObject({ code: expect.stringMatching(code), moved: 'no' })
    expect(String(error)).toContain(words)
    expect(wallet.signed).toEqual([])
  })

  test('or is over the limit', async () => {
    const { wallet } = setUp({ amount: '2000000' })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'limit_exceeded' })
    expect(wallet.signed).toEqual([])
  })

  test('or that a holder of a session made up', async () => {
    const { wallet } = setUp()
    const session = wallet.session({})
    const claim = {
      index: 0,
      scheme: 'exact',
      network: 'eip155:84532',
      asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
      amount: 1n,
      payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
      maxTimeoutSeconds: 60,
      extra: {},
      raw: {},
    } as const
    const resource = { url, method: 'GET', origin: 'http://127.0.0.1:8402', host: '127.0.0.1:8402' }
    for (const challenge of [
      { nonce: '0x1', echo: '{}' },
      { nonce: 7, echo: '' },
      { nonce: `0x${'a'.repeat(64)}`, echo: 'a'.repeat(5000) },
    ]) {
      const required = { protocol: 'mpp', claims: [{ ...claim, challenge: challenge as never }], setAside: [], raw: {} }
      const asked = { resource, requestHash: 'a', sameRequest: true, labels: {} }
      expect(await rejection(session.authorize(required, asked))).toMatchObject({ code: 'no_payable_offer' })
    }
    expect(wallet.signed).toEqual([])
  })
})

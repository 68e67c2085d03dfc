import { describe, expect, test } from 'vitest'
import { getToolPayment, type McpClient, withPayments } from 'stipend/mcp'
import { mpp } from 'stipend/mpp'
import { allowHosts, spendingLimit, x402, x402V1 } from '../../src/index.js'
import { type Answer, connect, createPaidTool, type ToolDialect } from '../support/paid-tools.ts'
import { createMppServer, encodeUrl, type MppChallenge, type MppServerOptions } from '../support/mpp-server.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const price = 10_000n
const oslo = { name: 'forecast', arguments: { city: 'Oslo' } }
const policy = [allowHosts(['weather.mcp.invalid']), spendingLimit({ dailyLimitUsd: 1 })]

type Setup = NonNullable<Parameters<typeof createPaidTool>[0]>

/** Opens a server of a paid tool that speaks a dialect, and a wallet that may pay it. */
async function setUp(terms: Setup) {
  const paid = createPaidTool(terms)
  const { client } = await connect(paid)
  const wallet = createTestWallet({ policy })
  return { paid, wallet, client, tools: withPayments(client, wallet, { server: 'weather' }) }
}

type Called = { readonly method: string; readonly params: { readonly _meta?: object } }

/** A client that answers a call, or what lists tools, in its own way. */
function changing(client: McpClient, change: (answer: Answer, request: Called) => unknown) {
  return {
    request: async (...[request, ...rest]: Parameters<McpClient['request']>) =>
      change((await client.request(request, ...rest)) as Answer, request as never),
  } satisfies McpClient
}

const dialects: readonly (readonly [name: string, terms: Setup, receipt: string])[] = [
  ['agents/x402', { dialect: 'agents' }, 'x402/payment-response'],
  ['an older agents/x402', { dialect: 'agents', version: 1 }, 'x402/payment-response'],
  ['x402-mcp', { dialect: 'x402-mcp', version: 1 }, 'x402.payment-response'],
]

describe.each(dialects)('a server that speaks as %s', (_, terms, receipt) => {
  test('is paid once, in text, and its receipt is read', async () => {
    const { paid, wallet, tools } = await setUp(terms)
    const result = await tools.callTool({ ...oslo, _meta: { trace: 'a' } })
    expect(result.structuredContent).toEqual({ sky: 'clear' })
    expect(result).toMatchObject({ _meta: { [receipt]: { success: true } } })
    expect(getToolPayment(result)).toMatchObject({
      status: 'claimed',
      amount: price,
      receipt: { status: 'claimed', transaction: expect.stringMatching(/^0x/) },
    })
    expect(paid.calls).toEqual([
      { args: { city: 'Oslo' }, payment: undefined },
      { args: { city: 'Oslo' }, payment: expect.stringMatching(/^[A-Za-z0-9+/]+={0,2}$/) },
    ])
    expect([paid.till.settled, wallet.signed.length]).toEqual([price, 1])
  })

  test.each(['endless-402', 'settle-then-402'] as const)(
    'and asks again after it was paid (%s) gets one signature, in one form',
    async (fault) => {
      const { paid, wallet, tools } = await setUp({ ...terms, fault })
      const error = await rejection(tools.callTool(oslo))
      expect(error).toMatchObject({ code: 'payment_rejected', moved: 'maybe', payment: { status: 'unknown' } })
      expect([wallet.signed.length, paid.calls.length]).toEqual([1, 2])
    },
  )

  test('and then, once it is paid, as another, is not signed for again', async () => {
    const { paid, wallet, client } = await setUp({ ...terms, fault: 'endless-402' })
    const turning = changing(client, (answer, { params: { _meta: meta = {} } }) =>
      Object.keys(meta).some((key) => key.startsWith('x402'))
        ? { isError: true, structuredContent: { x402Version: 2, accepts: [] }, content: [] }
        : answer,
    )
    const error = await rejection(withPayments(turning, wallet, { server: 'weather' }).callTool(oslo))
    expect(error).toMatchObject({ code: 'payment_rejected', moved: 'maybe' })
    expect([wallet.signed.length, paid.calls.length]).toEqual([1, 2])
  })

  test('is held to the same limits', async () => {
    const { wallet, tools } = await setUp({ ...terms, amount: 2_000_000n })
    expect(await rejection(tools.callTool(oslo))).toMatchObject({ code: 'limit_exceeded' })
    expect(wallet.signed).toEqual([])
  })

  test('takes no payment of the caller instead', async () => {
    const { paid, tools } = await setUp(terms)
    for (const key of ['x402/payment', 'x402.payment', 'org.paymentauth/credential']) {
      const error = await rejection(tools.callTool({ ...oslo, _meta: { [key]: 'e30=' } }))
      expect(error).toMatchObject({ code: 'request_unpayable' })
    }
    expect(paid.calls).toEqual([])
  })
})

describe('a server that speaks MPP', () => {
  const decode = (text: string | null) => JSON.parse(Buffer.from(text ?? '', 'base64url').toString())

  /** Says in JSON-RPC what a server of MPP says in HTTP: what it asks is in the clear, and in an error or a result. */
  function speakMpp(form: 'error' | 'result', options: MppServerOptions = {}) {
    const server = createMppServer(options)
    const wallet = createTestWallet({ policy, protocols: [x402(), x402V1(), mpp()] })
    const metas: unknown[] = []
    const client: McpClient = {
      request: async ({ method, params }) => {
        if (method === 'tools/list') return { tools: [{ name: 'forecast' }] }
        const { _meta: meta = {} } = params
        metas.push(meta)
        const credential = meta['org.paymentauth/credential'] as { challenge: { request: object } } | undefined
        const wire = credential && {
          ...credential,
          challenge: { ...credential.challenge, request: encodeUrl(credential.challenge.request) },
        }
        const headers: Record<string, string> = wire ? { Authorization: `Payment ${encodeUrl(wire)}` } : {}
        const response = await server(new Request('https://mcp.example/', { headers }))
        if (response.ok) {
          const receipt = decode(response.headers.get('Payment-Receipt'))
          return { content: [{ type: 'text', text: 'clear' }], _meta: { 'org.paymentauth/receipt': receipt } }
        }
        const written = response.headers.get('WWW-Authenticate') ?? ''
        const plain = Object.fromEntries(
          [...written.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
        )
        const challenge = { ...plain, description: 'Wetter für Oslo', request: decode((plain as MppChallenge).request) }
        const data = { httpStatus: 402, challenges: [challenge] }
        if (form === 'error') throw Object.assign(new Error('pay'), { code: wire ? -32043 : -32042, data })
        return { isError: true, content: [], _meta: { 'org.paymentauth/payment-required': data } }
      },
    }
    return { server, wallet, metas, tools: withPayments(client, wallet, { server: 'weather' }) }
  }

  test.each(['error', 'result'] as const)('is paid once where it asks in the %s', async (form) => {
    const { server, wallet, metas, tools } = speakMpp(form)
    const result = await tools.callTool(oslo)
    expect(result.content).toEqual([{ type: 'text', text: 'clear' }])
    expect(getToolPayment(result)).toMatchObject({ status: 'claimed', protocol: 'mpp', amount: price })
    expect(getToolPayment(result)?.receipt?.transaction).toMatch(/^0x/)
    expect(metas).toMatchObject([{}, { 'org.paymentauth/credential': { challenge: { request: { amount: '10000' } } } }])
    expect([server.settled.size, wallet.signed.length]).toEqual([1, 1])
  })

  test.each(['error', 'result'] as const)('is paid where it wants the payment in another header (%s)', async (form) => {
    const { server, tools } = speakMpp(form, { challenge: { header: 'Payment-Authorization' } })
    expect(getToolPayment(await tools.callTool(oslo))?.status).toBe('claimed')
    expect(server.settled.size).toBe(1)
  })

  test.each(['endless-402', 'settle-then-402'] as const)('gets one signature whatever it says (%s)', async (fault) => {
    for (const form of ['error', 'result'] as const) {
      const { server, wallet, tools } = speakMpp(form, { fault })
      expect(await rejection(tools.callTool(oslo))).toMatchObject({ code: 'payment_rejected', moved: 'maybe' })
      expect([wallet.signed.length, server.credentials.length]).toEqual([1, 1])
    }
  })
})

describe('a server that lists its prices, and answers 402 itself', () => {
  const refusing = (client: McpClient, listed: unknown) =>
    changing(client, (answer, { method }) => {
      if (method === 'tools/list') {
        const { tools } = answer as never as { tools: { name: string }[] }
        return { tools: tools.map((tool) => (tool.name === 'forecast' ? { ...tool, _meta: { x402: listed } } : tool)) }
      }
      if (answer.isError) throw Object.assign(new Error('Error POSTing to endpoint'), { data: { status: 402 } })
      return answer
    })

  async function setUpListed(different: object = {}) {
    const { paid, wallet, client } = await setUp({})
    const { structuredContent } = (await client.request({ method: 'tools/call', params: oslo }, {
      parse: (value: never) => value,
      '~standard': undefined,
    } as never)) as { structuredContent: { accepts: object[] } }
    const listed = { paymentRequired: true, ...structuredContent.accepts[0], ...different }
    return { paid, wallet, tools: withPayments(refusing(client, listed), wallet, { server: 'weather' }) }
  }

  test('is paid by what its list says', async () => {
    const { paid, wallet, tools } = await setUpListed()
    expect(getToolPayment(await tools.callTool(oslo))).toMatchObject({ status: 'claimed', amount: price })
    expect([paid.till.settled, wallet.signed.length]).toEqual([price, 1])
  })

  test.each([
    ['a price that is no price', { amount: '1.5' }, 'no_payable_offer'],
    ['no word that it asks payment', { paymentRequired: 'yes' }, 'no_payable_offer'],
    ['a price above the limit', { amount: '2000000' }, 'limit_exceeded'],
  ])('is told unpaid where its list has %s', async (_, different, code) => {
    const { wallet, tools } = await setUpListed(different)
    expect(await rejection(tools.callTool(oslo))).toMatchObject({ code, moved: 'no' })
    expect(wallet.signed).toEqual([])
  })
})

describe('a server that asks in a way that nobody knows', () => {
  test.each([
    ['a version of x402 that is not there yet', { structuredContent: { x402Version: 3, accepts: [] } }, 'malformed'],
    ['a version that is no number', { _meta: { 'x402/error': { x402Version: '2', accepts: [] } } }, 'malformed'],
  ])('is told unpaid: %s', async (_, said, code) => {
    const { wallet, client } = await setUp({})
    const asking = changing(client, (answer) => (answer.isError ? { isError: true, content: [], ...said } : answer))
    const error = await rejection(withPayments(asking, wallet, { server: 'weather' }).callTool(oslo))
    expect(error).toMatchObject({ code: expect.stringContaining(code), moved: 'no' })
    expect(wallet.signed).toEqual([])
  })

  test('is told unpaid where it asks by MPP and the wallet does not speak it', async () => {
    const { wallet, client } = await setUp({})
    const challenge = { id: 'a', realm: 'r', method: 'evm', intent: 'charge', request: { amount: '10000' } }
    const asking = changing(client, (answer) => {
      if (!answer.isError) return answer
      throw Object.assign(new Error('Payment required'), { code: -32042, data: { challenges: [challenge] } })
    })
    const error = await rejection(withPayments(asking, wallet, { server: 'weather' }).callTool(oslo))
    expect(error).toMatchObject({ code: 'no_payable_offer', message: expect.stringContaining('mpp()') })
    expect(wallet.signed).toEqual([])
  })

  test('is handed over where the same code asks for a visit to a URL', async () => {
    const { wallet, client } = await setUp({})
    const asking = changing(client, () => {
      throw Object.assign(new Error('visit'), { code: -32042, data: { elicitations: [{ url: 'https://a.example' }] } })
    })
    const error = await rejection(withPayments(asking, wallet, { server: 'weather' }).callTool(oslo))
    expect(error).toMatchObject({ message: 'visit' })
    expect(wallet.signed).toEqual([])
  })

  test.each<ToolDialect>(['agents', 'official'])('a result of %s that is no error asks nothing', async (dialect) => {
    const { wallet, client } = await setUp({ dialect })
    const serving = changing(client, (answer) => ({ ...answer, isError: false }))
    await withPayments(serving, wallet, { server: 'weather' }).callTool(oslo)
    expect(wallet.signed).toEqual([])
  })
})

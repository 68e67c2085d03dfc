import { describe, expect, test } from 'vitest'
import { getToolPayment, type McpClient, withPayments, type WithPaymentsOptions } from 'stipend/mcp'
import { type AgentWalletOptions, allowAnyHost, allowHosts, spendingLimit } from '../../src/index.js'
import type { PaidResourceOptions } from '../../src/testing/index.js'
import { type Answer, connect, connectToV1, connectV1, createPaidTool, type Scene } from '../support/paid-tools.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const price = 10_000n
const oslo = { name: 'forecast', arguments: { city: 'Oslo' } }
const policy = [allowHosts(['weather.mcp.invalid']), spendingLimit({ dailyLimitUsd: 1 })]

type Setup = PaidResourceOptions & {
  readonly change?: ((answer: Answer, isPaid: boolean) => Answer) | undefined
  readonly wallet?: Partial<AgentWalletOptions> | undefined
  readonly options?: WithPaymentsOptions | undefined
  readonly open?: typeof connect | undefined
}

/** Opens a server of a paid tool, named weather, and a wallet that may pay it. */
async function setUp({ wallet: settings, options, open = connect, ...terms }: Setup = {}) {
  const paid = createPaidTool(terms)
  const scene: Scene = await open(paid)
  const wallet = createTestWallet({ policy, ...settings })
  return { paid, wallet, scene, tools: withPayments(scene.client, wallet, { server: 'weather', ...options }) }
}

/** A client whose connection breaks after a payment was taken, a number of times. */
function losingAnswers({ client }: Scene, times: number): McpClient {
  let left = times
  return {
    request: async (request, ...rest) => {
      const answer = await client.request(request, ...rest)
      const { _meta: meta = {} } = request.params
      const isPaid = Object.hasOwn(meta, 'x402/payment')
      if (isPaid && left-- > 0) throw new Error('connection closed')
      return answer
    },
  }
}

describe('a paid tool', () => {
  test.each([
    ['a client and a server of the current line', connect],
    ['a client and a server of the older line', connectV1],
    ['a client of the current line and a server of the older', connectToV1],
  ])('is paid once, and its result has the receipt: %s', async (_, open) => {
    const { paid, wallet, tools } = await setUp({ open })
    // Listing compiles the output schema, which a 402 does not fit.
    expect((await tools.listTools()).tools.map(({ name }) => name)).toEqual(['forecast', 'ping'])
    const result = await tools.callTool(oslo)
    expect(result.structuredContent).toEqual({ sky: 'clear' })
    expect(result).toMatchObject({ _meta: { 'x402/payment-response': { success: true } } })
    expect(getToolPayment(result)).toMatchObject({
      status: 'claimed',
      amount: price,
      protocol: 'x402',
      resource: {
        url: 'https://weather.mcp.invalid/tools/forecast',
        origin: 'https://weather.mcp.invalid',
        host: 'weather.mcp.invalid',
      },
      receipt: { status: 'claimed', transaction: expect.stringMatching(/^0x/) },
    })
    expect(paid.till.settled).toBe(price)
    expect(paid.calls.map(({ args }) => args)).toEqual([{ city: 'Oslo' }, { city: 'Oslo' }])
    expect(wallet.signed).toHaveLength(1)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('is paid in version 1 of x402 too', async () => {
    const { paid, tools } = await setUp({ version: 1 })
    const result = await tools.callTool(oslo)
    expect(getToolPayment(result)).toMatchObject({ status: 'claimed', protocol: 'x402-v1' })
    expect(paid.calls[1]?.payment).toMatchObject({ x402Version: 1, network: 'base-sepolia' })
    expect(paid.till.settled).toBe(price)
  })

  test('carries the payment as an object, beside what the caller has in _meta', async () => {
    const { paid, tools } = await setUp()
    await tools.callTool({ ...oslo, _meta: { trace: 'a' } })
    expect(paid.calls[0]?.payment).toBeUndefined()
    expect(paid.calls[1]?.payment).toMatchObject({ x402Version: 2, accepted: { amount: '10000' } })
  })

  test('is not paid for by a call that pays nothing, and a free one is called once', async () => {
    const { paid, wallet, tools } = await setUp()
    const result = await tools.callTool({ name: 'ping' })
    expect(result.content).toEqual([{ type: 'text', text: 'pong' }])
    expect(getToolPayment(result)).toBeUndefined()
    expect([paid.calls, wallet.signed]).toEqual([[], []])
  })

  test('gets the arguments that were asked the price of, whatever the caller does with its own meanwhile', async () => {
    const { paid, scene, wallet } = await setUp()
    const args = { city: 'Oslo' }
    const client = {
      request: async (...request: Parameters<typeof scene.client.request>) => {
        const answer = await scene.client.request(...request)
        args.city = 'Bergen'
        return answer
      },
    }
    await withPayments(client, wallet, { server: 'weather' }).callTool({ name: 'forecast', arguments: args })
    expect(paid.calls.map((call) => call.args)).toEqual([{ city: 'Oslo' }, { city: 'Oslo' }])
  })

  test('asked for in a JSON-RPC error with the code 402 is paid as well', async () => {
    const { scene, wallet, paid } = await setUp()
    const client = {
      request: async (...[request, ...rest]: Parameters<typeof scene.client.request>) => {
        const answer = (await scene.client.request(request, ...rest)) as Answer
        if (answer.isError)
          throw Object.assign(new Error('Payment required'), { code: 402, data: answer.structuredContent })
        return answer
      },
    }
    const result = await withPayments(client, wallet, { server: 'weather' }).callTool(oslo)
    expect(getToolPayment(result)?.status).toBe('claimed')
    expect(paid.till.settled).toBe(price)
  })
})

describe('the rules', () => {
  test('hold for tools: a limit, a host that is not allowed, and a call of its own cap', async () => {
    const { tools, wallet } = await setUp({ amount: 2_000_000n })
    expect(await rejection(tools.callTool(oslo))).toMatchObject({ code: 'limit_exceeded' })
    const other = await setUp({ wallet: { policy: [allowHosts(['api.example.com'])] } })
    expect(await rejection(other.tools.callTool(oslo))).toMatchObject({ code: 'payment_denied' })
    const capped = await setUp()
    expect(await rejection(capped.tools.callTool(oslo, { payment: { maxUsd: 0.001 } }))).toMatchObject({
      code: 'payment_denied',
    })
    expect([wallet.signed, other.wallet.signed, capped.wallet.signed]).toEqual([[], [], []])
  })

  test('that allow any host do not allow a server over stdio, which has to be named', async () => {
    const { tools, wallet } = await setUp({ wallet: { policy: [allowAnyHost()] } })
    expect(await rejection(tools.callTool(oslo))).toMatchObject({ code: 'payment_denied' })
    expect(wallet.signed).toEqual([])
  })

  test('count tools and URLs in one ledger', async () => {
    const { tools, wallet } = await setUp({
      wallet: { policy: [policy[0], spendingLimit({ dailyLimitUsd: 0.025 })] } as never,
    })
    await tools.callTool(oslo)
    await tools.callTool(oslo)
    expect(await rejection(tools.callTool(oslo))).toMatchObject({ code: 'limit_exceeded', used: 2n * price })
    expect(wallet.signed).toHaveLength(2)
  })

  test('of a session bind its tools, and revoking it ends them', async () => {
    const { paid, wallet, scene } = await setUp()
    const session = wallet.session({ maxPayments: 1 })
    const tools = withPayments(scene.client, session, { server: 'weather' })
    await tools.callTool(oslo)
    expect(await rejection(tools.callTool(oslo))).toMatchObject({ code: 'limit_exceeded' })
    await wallet.revokeSession(session)
    expect(await rejection(tools.callTool(oslo))).toMatchObject({ code: 'session_revoked' })
    expect(paid.till.settled).toBe(price)
  })

  test('hold a call until it is approved, and an approval is of these arguments only', async () => {
    const asking = [
      policy[0],
      spendingLimit({ instantMaxUsd: 0.001, dailyLimitUsd: 1 }),
    ] as AgentWalletOptions['policy']
    const { paid, tools, wallet } = await setUp({ wallet: { policy: asking } })
    expect(await rejection(tools.callTool(oslo))).toMatchObject({ code: 'approval_required' })
    const [approval] = await wallet.approvals.list()
    await wallet.approvals.approve(approval?.id ?? 'apr_')
    const bergen = { name: 'forecast', arguments: { city: 'Bergen' } }
    expect(await rejection(tools.callTool(bergen))).toMatchObject({ code: 'approval_required' })
    expect(getToolPayment(await tools.callTool(oslo))?.status).toBe('claimed')
    expect(paid.till.settled).toBe(price)
  })
})

describe('one purchase', () => {
  test('of one key is paid once, and of another tool call by the same key not at all', async () => {
    const { paid, tools, wallet } = await setUp()
    await tools.callTool(oslo, { payment: { key: 'a' } })
    const bergen = { name: 'forecast', arguments: { city: 'Bergen' } }
    expect(await rejection(tools.callTool(bergen, { payment: { key: 'a' } }))).toMatchObject({
      code: 'request_unpayable',
    })
    await rejection(tools.callTool(oslo, { payment: { key: 'a' } }))
    expect(paid.till.settled).toBe(price)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test.each(['endless-402', 'settle-then-402'] as const)(
    'whose payment is answered with another 402 (%s) is signed once',
    async (fault) => {
      const { tools, wallet } = await setUp({ fault })
      const error = await rejection(tools.callTool(oslo))
      expect(error).toMatchObject({ code: 'payment_rejected', moved: 'maybe', payment: { status: 'unknown' } })
      expect(wallet.signed).toHaveLength(1)
    },
  )

  test.each([
    ['the same call', {}, { days: 3, at: { hour: 9, zone: 'CET' } }],
    ['the same in another order', {}, { at: { zone: 'CET', hour: 9 }, days: 3 }],
    ['the same with what is not sent', { unit: undefined }, { days: 3, unit: undefined, at: { hour: 9, zone: 'CET' } }],
  ])('whose answer never comes is unknown, and %s sends the same payment again', async (_which, more, again) => {
    const { paid, scene, wallet } = await setUp({ idempotent: true })
    const tools = withPayments(losingAnswers(scene, 1), wallet, { server: 'weather' })
    const first = { city: 'Oslo', days: 3, at: { hour: 9, zone: 'CET' }, ...more }
    const error = await rejection(tools.callTool({ name: 'forecast', arguments: first }))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe', payment: { status: 'unknown' } })
    const result = await tools.callTool({ name: 'forecast', arguments: { ...again, city: 'Oslo' } })
    expect(getToolPayment(result)?.status).toBe('claimed')
    expect(paid.till.settled).toBe(price)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('is not gone on with by a call of other arguments, of which only what is sent differs', async () => {
    const { paid, scene, wallet } = await setUp({ idempotent: true })
    const tools = withPayments(losingAnswers(scene, 1), wallet, { server: 'weather' })
    const on = (day: number) => ({
      name: 'forecast',
      arguments: { city: 'Oslo', day: new Date(Date.UTC(2026, 0, day)) },
    })
    await rejection(tools.callTool(on(1)))
    await tools.callTool(on(2))
    expect(paid.till.settled).toBe(2n * price)
  })

  test('whose result is an error is handed over, and its payment is unknown', async () => {
    const { tools } = await setUp({ fault: 'settle-then-500' })
    const result = await tools.callTool(oslo)
    expect(result.isError).toBe(true)
    expect(getToolPayment(result)).toMatchObject({ status: 'unknown', moved: 'maybe' })
  })

  test('is not made by a call that is aborted before it is signed', async () => {
    const { paid, scene, wallet } = await setUp()
    const stop = new AbortController()
    const client = {
      request: async (...request: Parameters<typeof scene.client.request>) => {
        const answer = await scene.client.request(...request)
        stop.abort()
        return answer
      },
    }
    const tools = withPayments(client, wallet, { server: 'weather' })
    expect(await rejection(tools.callTool(oslo, { signal: stop.signal }))).toBeDefined()
    expect([paid.till.settled, wallet.signed]).toEqual([0n, []])
  })
})

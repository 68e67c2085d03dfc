import { describe, expect, test } from 'vitest'
import { allowHosts, memoryLedger, spendingLimit, x402 } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
import { callKey, paymentTools, type ToolCall } from '../../src/tools/index.js'
import { setUpMarket, url } from '../support/market.ts'
import { hurry } from '../support/time.ts'

const { sell, serve, open, taken, signed } = setUpMarket()
const call = (name: string): ToolCall => ({ key: callKey(name) })

describe('pay_fetch', () => {
  test('pays within the policy, and answers with the goods and the payment', async () => {
    sell({ priceUsd: '0.25', respond: () => Response.json({ report: 'sunny' }) })
    const result = await paymentTools(open().session({})).pay_fetch.execute({ url, maxUsd: '0.25' })
    expect(result).toEqual({
      status: 'ok',
      explanation: 'Paid $0.25; the server says it has it.',
      httpStatus: 200,
      contentType: 'application/json',
      untrustedBody: '{"report":"sunny"}',
      bodyBytes: 18,
      isBodyCut: false,
      payment: {
        id: expect.stringMatching(/^pay_[0-9a-f]{32}$/),
        state: 'claimed',
        amountUsd: '$0.25',
        amount: '0.25 USDC',
        network: 'eip155:84532',
        payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
        host: 'shop.example.com',
        at: expect.stringMatching(/Z$/),
        key: expect.any(String),
        transaction: expect.stringMatching(/^0x/),
      },
    })
    expect(taken()).toBe(250_000n)
  })

  test('sends what it is told to, and nothing is paid for what is free', async () => {
    const seen: string[] = []
    serve(async (request) => {
      seen.push(`${request.method} ${request.headers.get('x-lang')} ${await request.text()}`)
      return new Response('done')
    })
    const { pay_fetch } = paymentTools(open())
    const result = await pay_fetch.execute({ url, method: 'POST', headers: { 'X-Lang': 'en' }, body: 'hello' })
    expect(result).toMatchObject({ status: 'ok', explanation: 'Nothing had to be paid for it.' })
    expect(result.payment).toBeUndefined()
    expect(seen).toEqual(['POST en hello'])
  })

  test('never costs more than the call allows', async () => {
    sell({ priceUsd: '0.50' })
    const result = await paymentTools(open()).pay_fetch.execute({ url, maxUsd: 0.49 })
    expect(result).toMatchObject({ status: 'denied', code: 'payment_denied' })
    expect(result.explanation).toContain('this call may cost $0.49 at most, $0.50 asked')
    expect(signed()).toBe(0)
  })

  test('explains a limit and when it fits again, and does not speak of raising it', async () => {
    sell({ priceUsd: '0.80' })
    const policy = [allowHosts(['shop.example.com']), spendingLimit({ perPaymentUsd: 1, hourlyLimitUsd: 1 })]
    const { pay_fetch } = paymentTools(open({ policy }))
    await pay_fetch.execute({ url }, call('one'))
    const result = await pay_fetch.execute({ url }, call('two'))
    expect(result).toMatchObject({ status: 'denied', code: 'limit_exceeded', fitsAt: expect.stringMatching(/Z$/) })
    expect(result.explanation).toMatch(/hourly limit of \$1\.00: \$0\.80 spent, \$0\.80 asked; fits again at /)
    expect(result.explanation).not.toMatch(/raise|increase|higher limit/i)
    expect(result.payment).toBeUndefined()
  })

  test('pays once for one call, however often it is made again, at once and in another process', async () => {
    sell({ priceUsd: '0.10', idempotent: true })
    const execute = () => paymentTools(open()).pay_fetch.execute({ url }, call('c1'))
    const results = await Promise.all([execute(), execute(), execute()])
    results.push(await execute())
    expect(new Set(results.map(({ payment }) => payment?.id)).size).toBe(1)
    expect(taken()).toBe(100_000n)
  })

  test('says that it was paid before where the server asks again, and does not pay', async () => {
    sell({ priceUsd: '0.10' })
    const { pay_fetch } = paymentTools(open())
    await pay_fetch.execute({ url, key: 'report' })
    const again = await pay_fetch.execute({ url, key: 'report' })
    expect(again.payment?.state).toMatch(/claimed|unknown/)
    expect(again.explanation).toMatch(/Do not buy it again/)
    expect(taken()).toBe(100_000n)
  })

  test.each([
    ['answers 500', 'settle-then-500', 'unknown'],
    ['drops the connection', 'settle-then-drop', 'unknown'],
    ['asks again', 'settle-then-402', 'unknown'],
    ['says that it failed', 'settle-then-deny', 'unknown'],
    ['redirects', 'settle-then-redirect', 'unknown'],
  ] as const)('never says “not paid” when the server takes the money and %s', async (_what, fault, state) => {
    sell({ priceUsd: '0.10', fault })
    const result = await paymentTools(open()).pay_fetch.execute({ url }, call('c1'))
    expect(result).toMatchObject({ status: 'unknown', payment: { state } })
    expect(result.explanation).not.toMatch(/not paid|nothing was paid|nothing was signed/i)
    expect(taken()).toBe(100_000n)
  })

  test('says that it cannot say when its own code fails after the payment has left', async () => {
    sell({ priceUsd: '0.10' })
    const readAnswer = () => {
      throw new TypeError('signature 0xabc could not be read')
    }
    const result = await paymentTools(open({ protocols: [{ ...x402(), readAnswer }] })).pay_fetch.execute({ url })
    expect(result).toMatchObject({ status: 'unknown', payment: { state: 'unknown', amountUsd: '$0.10' } })
    expect(JSON.stringify(result)).not.toContain('0xabc')
    expect(taken()).toBe(100_000n)
  })

  test('shows as much of an answer as came before it broke off, and that the same call goes on from its payment', async () => {
    const resource = sell({ priceUsd: '0.10', fault: 'broken-off-body' })
    // The mock of the network would take the answer back as a whole.
    const fetch: typeof globalThis.fetch = (input, init) => resource(new Request(input, init))
    const result = await paymentTools(open({ fetch })).pay_fetch.execute({ url })
    expect(result).toMatchObject({
      status: 'unknown',
      code: 'payment_outcome_unknown',
      isBodyCut: true,
      payment: { state: 'unknown' },
    })
    expect(result.explanation).toMatch(/^Outcome of the payment of \$0\.10 is unknown: .* broke off\..*goes on/)
  })

  test('of an answer that does not end is paid once, however often it is made', async () => {
    const respond = () => new Response(new ReadableStream())
    const resource = paidResource({ amount: 100_000n, idempotent: true, respond })
    const fetch: typeof globalThis.fetch = (input, init) => resource(new Request(input, init))
    const { pay_fetch } = paymentTools(open({ fetch }))
    for (let calls = 0; calls < 3; calls += 1) {
      const result = await hurry(() => pay_fetch.execute({ url }))
      expect(result).toMatchObject({ status: 'unknown', isBodyCut: true, payment: { amountUsd: '$0.10' } })
    }
    expect(resource.settled).toBe(100_000n)
  })

  test('does not follow a redirect, and says where it leads', async () => {
    serve(() => new Response(null, { status: 302, headers: { location: 'https://evil.example/' } }))
    const result = await paymentTools(open()).pay_fetch.execute({ url })
    expect(result).toMatchObject({ status: 'failed', httpStatus: 302, untrustedLocation: 'https://evil.example/' })
  })

  test('answers a network that fails with a result, without its words', async () => {
    serve(() => Response.error())
    const result = await paymentTools(open()).pay_fetch.execute({ url })
    expect(result).toEqual({
      status: 'failed',
      code: 'request_failed',
      explanation: 'Request failed before anything was paid: no usable answer came.',
    })
  })

  test('passes the signal on: an aborted call rejects before it is paid', async () => {
    sell()
    const { pay_fetch } = paymentTools(open())
    await expect(pay_fetch.execute({ url }, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/)
    expect(signed()).toBe(0)
  })

  test('waits for the owner, and goes on with the key once there is a yes', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const { pay_fetch, approval_status } = paymentTools(wallet.session({}))
    const first = await pay_fetch.execute({ url }, call('c1'))
    expect(first).toMatchObject({
      status: 'waiting',
      code: 'approval_required',
      key: expect.stringMatching(/^call_[0-9a-f]{32}\.[0-9a-f]{32}$/),
      approval: { kind: 'approval', status: 'pending', amountUsd: '$5.00', host: 'shop.example.com' },
    })
    expect(first.payment).toBeUndefined()
    await wallet.approvals.approve(first.approval?.id as never)
    expect(await approval_status.execute({})).toMatchObject({ status: 'ok', approvals: [{ status: 'approved' }] })
    const second = await pay_fetch.execute({ url, key: first.key }, call('c2'))
    expect(second).toMatchObject({ status: 'ok', payment: { amountUsd: '$5.00' } })
    expect(taken()).toBe(5_000_000n)
  })

  test('waits for its time, and goes on with the key from then on', async () => {
    const scene = { now: Date.now() }
    const clock = () => scene.now
    sell({ priceUsd: '5', clock })
    const limits = spendingLimit({ instantMaxUsd: 1, delayMaxUsd: 10, delaySeconds: 60, dailyLimitUsd: 20 })
    const { pay_fetch } = paymentTools(open({ clock, policy: [allowHosts(['shop.example.com']), limits] }))
    const first = await pay_fetch.execute({ url }, call('c1'))
    expect(first).toMatchObject({ status: 'waiting', code: 'payment_delayed', approval: { kind: 'delay' } })
    scene.now += 60_000
    expect(await pay_fetch.execute({ url, key: first.key }, call('c2'))).toMatchObject({ status: 'ok' })
    expect(taken()).toBe(5_000_000n)
  })

  test('asks nobody any more once twenty requests wait', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const { pay_fetch } = paymentTools(wallet.session({}))
    for (let index = 0; index < 25; index += 1) await pay_fetch.execute({ url: `${url}?${index}` }, call(`c${index}`))
    expect(await wallet.approvals.list()).toHaveLength(20)
    const result = await pay_fetch.execute({ url: `${url}?25` }, call('c25'))
    expect(result).toMatchObject({ status: 'denied', code: 'payment_denied' })
    expect(result.explanation).toContain('20 requests wait for the owner already')
  })

  test('is stopped by a frozen wallet and by a revoked session', async () => {
    sell()
    const wallet = open()
    const session = wallet.session({})
    await wallet.freeze('odd')
    expect(await paymentTools(session).pay_fetch.execute({ url })).toMatchObject({ code: 'wallet_frozen' })
    await wallet.unfreeze()
    await wallet.revokeSession(session)
    const result = await paymentTools(session).pay_fetch.execute({ url })
    expect(result).toMatchObject({ status: 'denied', code: 'session_revoked' })
    expect(signed()).toBe(0)
  })

  test('is no prose of an error when the ledger fails', async () => {
    sell()
    const ledger = { ...memoryLedger(), reserve: () => Promise.reject(new Error('EACCES /home/owner/agent.db')) }
    const result = await paymentTools(open({ ledger })).pay_fetch.execute({ url })
    expect(result).toMatchObject({ status: 'failed', code: 'ledger_unavailable' })
    expect(JSON.stringify(result)).not.toContain('agent.db')
  })
})

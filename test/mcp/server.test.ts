import { afterAll, describe, expect, test } from 'vitest'
import { createMcpServer, type McpServerOptions } from 'stipend/mcp'
import { type AgentWallet, policyFromJSON, type Session } from '../../src/index.js'
import { setUpMarket, url } from '../support/market.ts'
import { connectHost, type Host, type HostOptions, type Reply } from '../support/mcp-hosts.ts'

const { sell, serve, open, taken, signed } = setUpMarket()

const hosts: Host[] = []
async function connect(owner: AgentWallet | Session, options?: McpServerOptions, host?: HostOptions): Promise<Host> {
  const connected = await connectHost(() => createMcpServer(owner, options), host)
  hosts.push(connected)
  return connected
}

const lines = ['modern', 'legacy', 'v1'] as const
const yes = (): Reply => ({ action: 'accept', content: { approve: true } })

afterAll(async () => {
  for (const host of hosts) await host.close()
})

describe.each(lines)('a host of the %s line', (line) => {
  test('gets five tools, and none of them approves, signs, or sends money to an address', async () => {
    const host = await connect(open().session({}), {}, { line })
    const tools = await host.tools()
    expect(tools.map(({ name }) => name).toSorted()).toEqual([
      'approval_status',
      'budget',
      'pay_fetch',
      'payments',
      'quote',
    ])
    const inputs = tools.flatMap(({ inputSchema }) => Object.keys(Object(inputSchema).properties ?? {}))
    expect([...new Set(inputs)].toSorted()).toEqual([
      'body',
      'headers',
      'id',
      'key',
      'limit',
      'maxUsd',
      'method',
      'url',
    ])
    expect(tools.every(({ inputSchema }) => Object(inputSchema).additionalProperties === false)).toBe(true)
  })

  test('is told which tools send what the model writes to strangers, so that it can ask its person first', async () => {
    const sent: string[] = []
    serve(async (request) => {
      sent.push(`${request.method} ${await request.text()}`)
      return new Response('free')
    })
    const host = await connect(open().session({}), {}, { line })
    const input = { url, method: 'POST', body: 'a secret of the conversation' }
    await host.call('quote', input)
    await host.call('pay_fetch', input)
    expect(sent).toEqual(['POST a secret of the conversation', 'POST a secret of the conversation'])
    const hints = (await host.tools()).map(({ name, annotations }) => [name, Object(annotations).readOnlyHint])
    expect(Object.fromEntries(hints)).toEqual({
      pay_fetch: false,
      quote: false,
      budget: true,
      payments: true,
      approval_status: true,
    })
  })

  test('pays for a page and sees it, the payment and what is left', async () => {
    sell({ priceUsd: '0.10', respond: () => new Response('sunny') })
    const host = await connect(open().session({ limits: { totalLimitUsd: 1 } }), {}, { line })
    const { isError, answer, text } = await host.call('pay_fetch', { url })
    expect([isError, answer]).toMatchObject([
      false,
      { status: 'ok', untrustedBody: 'sunny', payment: { amountUsd: '$0.10' } },
    ])
    expect(JSON.parse(text)).toEqual(answer)
    expect(await host.call('budget')).toMatchObject({
      answer: { limits: expect.arrayContaining([expect.objectContaining({ used: '$0.10', left: '$0.90' })]) },
    })
    expect(await host.read('stipend://payments')).toMatchObject({
      payments: [{ state: 'claimed', amountUsd: '$0.10' }],
    })
    expect(await host.read('stipend://budget')).toMatchObject({ status: 'ok' })
    expect(await host.guide()).toContain('pay_fetch')
    expect(taken()).toBe(100_000n)
  })

  test('that has listed the tools hears that money can have left, and why, where the server denies it', async () => {
    sell({ priceUsd: '0.10', fault: 'settle-then-402' })
    const host = await connect(open().session({}), {}, { line })
    await host.tools()
    expect(await host.call('pay_fetch', { url })).toMatchObject({
      answer: { status: 'unknown', code: 'payment_rejected', untrustedReason: expect.any(String) },
    })
    expect(taken()).toBe(100_000n)
  })

  test('is told what is wrong with its input in a result, and nothing is sent', async () => {
    const resource = sell()
    const host = await connect(open(), {}, { line })
    for (const maxUsd of ['unlimited', -1, 1e99, true]) {
      const { isError, answer } = await host.call('pay_fetch', { url, maxUsd })
      expect([isError, answer]).toMatchObject([true, { status: 'failed', code: 'input_invalid' }])
    }
    expect([resource.requests.length, signed()]).toEqual([0, 0])
  })

  test('puts a payment that needs a person to its person, who sees exactly what is paid', async () => {
    sell({ priceUsd: '5', respond: () => new Response('sunny') })
    const wallet = open()
    const host = await connect(wallet.session({}), { approvals: wallet.approvals }, { line, person: yes })
    expect(await host.call('pay_fetch', { url })).toMatchObject({
      answer: { status: 'ok', payment: { amountUsd: '$5.00' } },
    })
    expect(host.questions).toEqual([
      expect.stringMatching(
        /^Pay \$5\.00 \(5 USDC on eip155:84532\) to 0x209693Bc6afc0C5328bA36FaF03C514EF312287C for shop\.example\.com: .* \[apr_[0-9a-f]{32}\]$/,
      ),
    ])
    expect(taken()).toBe(5_000_000n)
    expect(signed()).toBe(1)
  })

  test.each<[string, Reply]>([
    ['declines', { action: 'decline' }],
    ['turns away', { action: 'cancel' }],
    ['accepts without approving', { action: 'accept', content: { approve: false } }],
    ['accepts an empty form', { action: 'accept', content: {} }],
  ])('pays nothing when its person %s, and the request is denied', async (_, reply) => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const host = await connect(wallet, { approvals: wallet.approvals }, { line, person: () => reply })
    expect(await host.call('pay_fetch', { url })).toMatchObject({ isError: true, answer: { status: 'denied' } })
    expect((await wallet.approvals.list()).map(({ status }) => status)).toEqual(['denied'])
    expect([taken(), signed()]).toEqual([0n, 0])
  })

  test('that cannot ask gets an id, and goes on once the owner has approved elsewhere', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const host = await connect(wallet.session({}), { approvals: wallet.approvals }, { line })
    const { isError, answer } = await host.call('pay_fetch', { url, key: 'report' })
    expect([isError, answer]).toMatchObject([false, { status: 'waiting', code: 'approval_required', key: 'report' }])
    const { id } = Object(answer['approval'])
    await wallet.approvals.approve(id)
    expect(await host.call('approval_status', { id })).toMatchObject({
      answer: { approvals: [{ status: 'approved' }] },
    })
    expect(await host.call('pay_fetch', { url, key: 'report' })).toMatchObject({ answer: { status: 'ok' } })
    expect([taken(), signed()]).toEqual([5_000_000n, 1])
  })

  test('that says it can ask and has nothing that would is asked once: then the payment waits, by its id and key', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const host = await connect(wallet.session({}), { approvals: wallet.approvals }, { line, isDeaf: true })
    // A client of the modern line gives up by itself: its model calls again.
    if (line === 'modern') await expect(host.call('pay_fetch', { url })).rejects.toThrow(/no handler/)
    const { isError, answer } = await host.call('pay_fetch', { url })
    expect([isError, answer]).toMatchObject([
      false,
      {
        status: 'waiting',
        code: 'approval_required',
        key: expect.stringMatching(/^call_/),
        approval: { id: expect.stringMatching(/^apr_/), status: 'pending' },
      },
    ])
    const { id } = Object(answer['approval'])
    const again = { url, key: answer['key'] }
    for (const input of [{ url }, again, { url }]) {
      expect(await host.call('pay_fetch', input)).toMatchObject({ answer: { status: 'waiting', approval: { id } } })
    }
    expect(host.asked()).toBe(1)
    expect(await wallet.approvals.list()).toMatchObject([{ id, status: 'pending' }])
    await wallet.approvals.approve(id)
    expect(await host.call('pay_fetch', again)).toMatchObject({ answer: { status: 'ok' } })
    expect([taken(), signed()]).toEqual([5_000_000n, 1])
  })

  test('whose server has no approver is never asked', async () => {
    sell({ priceUsd: '5' })
    const host = await connect(open().session({}), {}, { line, person: yes })
    expect(await host.call('pay_fetch', { url })).toMatchObject({ answer: { status: 'waiting' } })
    expect([host.questions, signed()]).toEqual([[], 0])
  })
})

describe('a server', () => {
  test('shows the rules where the owner hands them over, and else has no such resource', async () => {
    const policy = policyFromJSON([{ type: 'allowHosts', hosts: ['shop.example.com'] }])
    const host = await connect(open({ policy }), { policy })
    expect(await host.read('stipend://policy')).toEqual({
      rules: [{ type: 'allowHosts', hosts: ['shop.example.com'] }],
    })
    const other = await connect(open())
    await expect(other.read('stipend://policy')).rejects.toThrow(/policy/)
  })

  test('asks nobody for what needs nobody, and makes a free request once', async () => {
    let requests = 0
    serve(() => {
      requests += 1
      return new Response('free')
    })
    const wallet = open()
    const host = await connect(wallet, { approvals: wallet.approvals }, { person: yes })
    expect(await host.call('pay_fetch', { url, method: 'POST', body: 'x' })).toMatchObject({ answer: { status: 'ok' } })
    expect([requests, host.questions]).toEqual([1, []])
  })

  test('buys the same thing twice when it is asked for twice, but not while its outcome is unknown', async () => {
    const resource = sell({ fault: 'settle-then-500', faultTimes: 1, idempotent: true })
    const wallet = open()
    const host = await connect(wallet, { approvals: wallet.approvals }, { person: yes })
    expect(await host.call('pay_fetch', { url })).toMatchObject({ isError: true, answer: { status: 'unknown' } })
    expect(await host.call('pay_fetch', { url })).toMatchObject({ answer: { status: 'ok' } })
    expect(resource.settled).toBe(10_000n)
    expect(await host.call('pay_fetch', { url })).toMatchObject({ answer: { status: 'ok' } })
    expect(resource.settled).toBe(20_000n)
  })

  test('of a session shows nothing of the wallet and of other sessions (M17)', async () => {
    sell()
    const wallet = open()
    await (await connect(wallet.session({}))).call('pay_fetch', { url })
    await (await connect(wallet)).call('pay_fetch', { url })
    const host = await connect(wallet.session({}))
    expect(await host.call('payments')).toMatchObject({ answer: { payments: [] } })
  })

  test('answers in words of its own when a no cannot be recorded', async () => {
    const wallet = open()
    const deny = () => Promise.reject(new Error('/secret/path'))
    sell({ priceUsd: '5' })
    const host = await connect(
      wallet,
      { approvals: { ...wallet.approvals, deny } },
      { person: () => ({ action: 'decline' }) },
    )
    const { isError, answer, text } = await host.call('pay_fetch', { url })
    expect([isError, answer]).toMatchObject([true, { status: 'failed', code: 'internal_error' }])
    expect(text).not.toContain('/secret/path')
    expect(signed()).toBe(0)
  })

  test('cannot be made with something else for approvals, or with rules that have no form', () => {
    const wallet = open()
    expect(() => createMcpServer(wallet, { approvals: {} as never })).toThrow(/approvals/)
    expect(() => createMcpServer(wallet, { hosts: ['*'] })).toThrow(/host pattern/)
  })
})

import { describe, expect, test } from 'vitest'
import { type AgentWallet, allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { getTaskPayment, withPayments } from 'stipend/a2a'
import { type Mock402Options, mock402, testKeyStore } from 'stipend/testing'
import { rejection } from '../support/wallets.ts'

type Json = Readonly<Record<string, unknown>>

const endpoint = 'https://research.example/a2a'
const uri = 'https://github.com/google-agentic-commerce/a2a-x402/blob/main/spec/v0.2'

/** How an agent differs from an honest one of the newer line. */
type Options = Mock402Options & {
  readonly isOld?: boolean
  readonly change?: (task: Json) => unknown
  readonly lose?: boolean
}

/** An agent whose tasks cost what a mock server asks, in the metadata of messages; and all that it was sent. */
function createAgent({ isOld = false, change = (task) => task, lose = false, ...terms }: Options = {}) {
  const shop = mock402({ price: '$0.01', ...terms })
  const sent: Json[] = []
  const settings: Json[] = []
  const version = terms.protocols?.[0] === 'x402-v1' ? 1 : 2
  const states = isOld
    ? { waiting: 'input-required', done: 'completed', failed: 'failed' }
    : { waiting: 6, done: 3, failed: 4 }
  const taskOf = (state: unknown, metadata: Json): object =>
    change({ id: 'task-7', contextId: 'context-7', status: { state, message: { messageId: 'm', metadata } } }) as object
  const client = {
    transport: { endpoint },
    sendMessage: async (params: { readonly message: Json }, options: Json = {}): Promise<object> => {
      sent.push(params.message)
      settings.push(options)
      const payload = Object(params.message['metadata'])['x402.payment.payload']
      const name = version === 1 ? 'X-PAYMENT' : 'PAYMENT-SIGNATURE'
      const headers: Record<string, string> = payload === undefined ? {} : { [name]: encode(payload) }
      const response = await shop(endpoint, { method: 'POST', headers })
      if (lose && payload !== undefined && sent.length === 2) throw new TypeError('fetch failed')
      const receipt = decode(response.headers.get('payment-response') ?? response.headers.get('x-payment-response'))
      const receipts = receipt && { 'x402.payment.receipts': [{ success: false, transaction: '' }, receipt] }
      if (response.status === 402 && !receipt) {
        const required = version === 1 ? await response.json() : decode(response.headers.get('payment-required'))
        return taskOf(states.waiting, { 'x402.payment.status': 'payment-required', 'x402.payment.required': required })
      }
      if (response.status === 402)
        return taskOf(states.failed, {
          'x402.payment.status': 'payment-failed',
          'x402.payment.error': 'NOT_SETTLED',
          ...receipts,
        })
      if (!response.ok) return taskOf(states.failed, { ...receipts })
      return taskOf(states.done, { 'x402.payment.status': 'payment-completed', ...receipts })
    },
  }
  return { client, shop, sent, settings }
}

function open(): AgentWallet {
  return createAgentWallet({
    keyStore: testKeyStore(),
    policy: [allowHosts(['research.example']), spendingLimit({ dailyLimitUsd: 0.05 })],
  })
}

const messageOf = (messageId: string): Json => ({
  messageId,
  role: 1,
  parts: [{ content: { $case: 'text', value: 'Why is bronze dear?' } }],
})
const ask = (messageId = 'm-1'): never => ({ message: messageOf(messageId) }) as never

describe('an agent that asks another to be paid', () => {
  test.each([
    ['1.0, x402 v2', {}],
    ['1.0, x402 v1', { protocols: ['x402-v1'] }],
    ['0.3, x402 v2', { isOld: true }],
    ['0.3, x402 v1', { isOld: true, protocols: ['x402-v1'] }],
  ] as const)('is paid once, for its task: %s', async (_what, options) => {
    const { client, shop, sent, settings } = createAgent(options)
    const wallet = open()
    const task = await withPayments(client, wallet).sendMessage(ask())
    expect(task).toMatchObject({ id: 'task-7', status: { state: 'isOld' in options ? 'completed' : 3 } })
    expect(shop.settlements).toHaveLength(1)
    expect(getTaskPayment(task)).toMatchObject({ status: 'claimed', amount: 10_000n, resource: { url: endpoint } })
    const [, paid] = sent
    expect(paid).toMatchObject({ taskId: 'task-7', contextId: 'context-7', role: 1, extensions: [uri] })
    expect(paid?.['metadata']).toMatchObject({ 'x402.payment.status': 'payment-submitted' })
    expect(sent[0]?.['metadata']).toBeUndefined()
    expect(settings.map((one) => Object(one['serviceParameters'])['A2A-Extensions'])).toEqual([uri, uri])
  })

  test('that asks nothing is handed over as it answers, and paid nothing', async () => {
    for (const change of [
      (task: Json) => ({ ...task, status: { ...Object(task['status']), state: 3 } }),
      () => ({ messageId: 'm', parts: [] }),
      (task: Json) => ({ ...task, status: undefined }),
    ]) {
      const { client, shop } = createAgent({ change })
      const task = await withPayments(client, open()).sendMessage(ask())
      expect(getTaskPayment(task)).toBeUndefined()
      expect(shop.authorizations).toEqual([])
    }
  })

  test('says what it asks, or is paid nothing', async () => {
    const change = ({ status, ...task }: Json) => ({
      ...task,
      status: { state: 6, message: { metadata: { 'x402.payment.status': 'payment-required' } } },
      was: status,
    })
    const { client, shop } = createAgent({ change })
    const error = await rejection(withPayments(client, open()).sendMessage(ask()))
    expect(error).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect(shop.authorizations).toEqual([])
  })

  test.each([
    ['endless-402', 'payment_rejected'],
    ['settle-fails', 'payment_rejected'],
    ['settle-then-402', 'payment_rejected'],
    ['price-drift', undefined],
    ['payee-swap', undefined],
  ] as const)('signs one payment for one message, whatever it answers: %s', async (fault, code) => {
    const { client, shop } = createAgent({ faults: [fault] })
    const wallet = open()
    const outcome = await rejection(withPayments(client, wallet).sendMessage(ask())).catch(() => undefined)
    if (code) expect(outcome).toMatchObject({ code, moved: 'maybe' })
    expect(new Set(shop.authorizations.map(({ nonce }) => nonce)).size).toBe(1)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test.each([
    ['the same message', ask('m-2')],
    [
      'the same in another order',
      Object({ message: Object.fromEntries(Object.entries(messageOf('m-2')).toReversed()) }),
    ],
  ])('is sent the same payment, when its answer is lost and %s is sent again', async (_which, again) => {
    const { client, shop } = createAgent({ lose: true })
    const wallet = open()
    const agent = withPayments(client, wallet)
    expect(await rejection(agent.sendMessage(ask('m-1')))).toMatchObject({ code: 'payment_outcome_unknown' })
    await agent.sendMessage(again as never).catch(() => undefined)
    expect(new Set(shop.authorizations.map(({ nonce }) => nonce)).size).toBe(1)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('is not paid beyond what a message may cost, nor where the policy forbids it', async () => {
    const { client, shop } = createAgent({})
    const agent = withPayments(client, open())
    const dear = agent.sendMessage(ask(), { payment: { maxUsd: 0.005 } } as never)
    expect(await rejection(dear)).toMatchObject({ code: 'payment_denied', moved: 'no' })
    const other = createAgentWallet({ keyStore: testKeyStore(), policy: [allowHosts(['other.example'])] })
    expect(await rejection(withPayments(client, other).sendMessage(ask()))).toMatchObject({ code: 'payment_denied' })
    expect(shop.authorizations).toEqual([])
  })

  test('that breaks off its work after it was paid leaves what became of that unknown, and its task is handed over', async () => {
    const { client } = createAgent({ faults: ['settle-then-500'] })
    const wallet = open()
    const task = await withPayments(client, wallet).sendMessage(ask())
    expect(task).toMatchObject({ status: { state: 4 } })
    expect(getTaskPayment(task)).toMatchObject({ status: 'unknown', moved: 'maybe' })
  })

  test('is known by where messages are sent to, and by nothing that it says', () => {
    const { client } = createAgent({})
    const wallet = open()
    expect(() => withPayments(client, wallet, { agent: 'https://bank.example/a2a' })).toThrow(/another URL/)
    expect(() => withPayments({ ...client, transport: {} }, wallet)).toThrow(/no URL/)
    expect(() => withPayments(client, wallet, { agent: 'ftp://research.example' })).toThrow(/expected the http/)
    expect(withPayments({ ...client, transport: {} }, wallet, { agent: endpoint })).toBeDefined()
  })

  test('is sent no payment of the caller’s own', async () => {
    const { client, sent } = createAgent({})
    const message = { messageId: 'm', parts: [], metadata: { 'x402.payment.payload': {} } }
    const error = await rejection(withPayments(client, open()).sendMessage({ message } as never))
    expect(error).toMatchObject({ code: 'request_unpayable', moved: 'no' })
    expect(sent).toEqual([])
  })
})

function encode(message: unknown): string {
  return Buffer.from(JSON.stringify(message)).toString('base64')
}

function decode(text: string | null): Json | undefined {
  return text === null ? undefined : JSON.parse(Buffer.from(text, 'base64').toString())
}

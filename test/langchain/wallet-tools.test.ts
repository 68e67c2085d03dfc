import { AIMessage, type BaseMessage, ToolMessage } from '@langchain/core/messages'
import { fakeModel } from '@langchain/core/testing'
import {
  type BaseCheckpointSaver,
  Command,
  END,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph'
import { createReactAgent, ToolNode } from '@langchain/langgraph/prebuilt'
import { createAgent } from 'langchain'
import { join } from 'node:path'
import { walletTools } from 'stipend/langchain'
import { sqliteLedger } from 'stipend/sqlite'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { AgentWallet, Session } from '../../src/index.js'
import type { PayFetchInput, PayFetchOutput } from '../../src/tools/index.js'
import { temporaryFolder } from '../support/folder.ts'
import { setUpMarket, url } from '../support/market.ts'

const { sell, serve, open, taken, signed } = setUpMarket()
const folder = temporaryFolder()

const thread = { configurable: { thread_id: 't1' } }
const begin = { messages: [{ role: 'user', content: 'Buy the report.' }] }

/** An agent whose model makes one call and then ends; a second one, resumed in another process, only ends. */
function createBuyer(
  owner: AgentWallet | Session,
  input: Record<string, unknown> | undefined,
  options: {
    readonly name?: string
    readonly approvals?: AgentWallet['approvals']
    readonly checkpointer?: BaseCheckpointSaver
  } = {},
) {
  const { name = 'pay_fetch', approvals, checkpointer = new MemorySaver() } = options
  const end = new AIMessage('end')
  const model = input
    ? fakeModel()
        .respondWithTools([{ name, args: input, id: 'c1' }])
        .respond(end)
    : fakeModel().respond(end)
  return createAgent({ model, tools: walletTools(owner, { approvals }), checkpointer })
}

function artifacts({ messages }: { readonly messages: readonly BaseMessage[] }): readonly unknown[] {
  return messages.flatMap((message) => (ToolMessage.isInstance(message) ? [message.artifact ?? message.content] : []))
}

const askedIn = (state: object): { readonly id: string; readonly amountUsd: string } | undefined =>
  Object(state)['__interrupt__']?.[0]?.value?.approval

/** A copy of what a checkpointer holds, as another process would read it. */
function reopened(saver: MemorySaver): MemorySaver {
  const copy = new MemorySaver()
  copy.storage = structuredClone(saver.storage)
  copy.writes = structuredClone(saver.writes)
  return copy
}

describe('the tools in an agent', () => {
  test('pay, and hand the model the goods', async () => {
    sell({ priceUsd: '0.10', respond: () => new Response('sunny') })
    const state = await createBuyer(open().session({}), { url }).invoke(begin, thread)
    expect(artifacts(state)).toMatchObject([{ status: 'ok', untrustedBody: 'sunny', payment: { amountUsd: '$0.10' } }])
    const message = state.messages.find((one) => ToolMessage.isInstance(one))
    expect(JSON.parse(String(message?.content))).toMatchObject({ status: 'ok' })
    expect(taken()).toBe(100_000n)
  })

  test.each(['quote', 'budget', 'payments', 'approval_status'])('look: %s', async (name) => {
    sell({ priceUsd: '0.10' })
    const input = name === 'quote' ? { url } : {}
    const state = await createBuyer(open(), input, { name }).invoke(begin, thread)
    expect(artifacts(state)).toMatchObject([{ status: 'ok' }])
    expect(signed()).toBe(0)
  })

  test('pay nothing for input that the schema does not have', async () => {
    sell()
    const state = await createBuyer(open(), { url, maxUsd: 'unlimited' }).invoke(begin, thread)
    expect(artifacts(state)).toEqual([expect.stringContaining('maxUsd')])
    expect(signed()).toBe(0)
  })

  test('pay once for one call of a thread, and again for that of another', async () => {
    sell({ priceUsd: '0.10', idempotent: true })
    const wallet = open()
    await createBuyer(wallet, { url }).invoke(begin, thread)
    await createBuyer(wallet, { url }).invoke(begin, thread)
    expect(taken()).toBe(100_000n)
    await createBuyer(wallet, { url }).invoke(begin, { configurable: { thread_id: 't2' } })
    expect(taken()).toBe(200_000n)
  })
})

describe('an interrupt', () => {
  test('shows the terms, outlives the process, and lets exactly them be paid once', async () => {
    sell({ priceUsd: '5' })
    const file = join(folder, 'agent.db')
    const saver = new MemorySaver()
    const first = sqliteLedger(file, { monotonic: false })
    const before = open({ ledger: first })
    const suspended = await createBuyer(before, { url }, { approvals: before.approvals, checkpointer: saver }).invoke(
      begin,
      thread,
    )
    const asked = askedIn(suspended)
    expect(asked).toMatchObject({ kind: 'approval', amountUsd: '$5.00', host: 'shop.example.com' })
    expect(signed()).toBe(0)
    before.close()
    first.close()

    const second = sqliteLedger(file, { monotonic: false })
    const after = open({ ledger: second })
    const resume = new Command({ resume: { approvalId: asked?.id, approved: true } })
    const resumed = async (checkpointer: MemorySaver) =>
      createBuyer(after, undefined, { approvals: after.approvals, checkpointer }).invoke(resume, thread)
    const twin = reopened(saver)
    expect(artifacts(await resumed(reopened(saver)))).toMatchObject([{ status: 'ok', payment: { state: 'claimed' } }])
    expect(taken()).toBe(5_000_000n)
    expect(artifacts(await resumed(twin))).toMatchObject([{ payment: { amountUsd: '$5.00' } }])
    expect(taken()).toBe(5_000_000n)
    second.close()
  })

  test('outlives it for a session too, which its token carries', async () => {
    sell({ priceUsd: '5' })
    const file = join(folder, 'session.db')
    const saver = new MemorySaver()
    const first = sqliteLedger(file, { monotonic: false })
    const before = open({ ledger: first })
    const token = await before.session({ maxPayments: 3 }).token()
    const asking = { approvals: before.approvals, checkpointer: saver }
    const asked = askedIn(await createBuyer(await before.openSession(token), { url }, asking).invoke(begin, thread))
    first.close()

    const second = sqliteLedger(file, { monotonic: false })
    const after = open({ ledger: second })
    const resume = new Command({ resume: { approvalId: asked?.id, approved: true } })
    const going = { approvals: after.approvals, checkpointer: reopened(saver) }
    await createBuyer(await after.openSession(token), undefined, going).invoke(resume, thread)
    expect(taken()).toBe(5_000_000n)
    second.close()
  })

  test('answered with no pays nothing, and stays so', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const options = { approvals: wallet.approvals, checkpointer: new MemorySaver() }
    const asked = askedIn(await createBuyer(wallet, { url }, options).invoke(begin, thread))
    const resume = new Command({ resume: { approvalId: asked?.id, approved: false } })
    const state = await createBuyer(wallet, undefined, options).invoke(resume, thread)
    expect(artifacts(state)).toMatchObject([{ status: 'denied', code: 'payment_denied' }])
    expect(await wallet.approvals.list()).toMatchObject([{ status: 'denied' }])
    expect(signed()).toBe(0)
  })

  test.each([['yes'], [true], [{ approved: true }], [{ approvalId: 'apr_0', approved: true }], [[]]])(
    'answered with %j asks again',
    async (resume) => {
      sell({ priceUsd: '5' })
      const wallet = open()
      const options = { approvals: wallet.approvals, checkpointer: new MemorySaver() }
      const asked = askedIn(await createBuyer(wallet, { url }, options).invoke(begin, thread))
      const state = await createBuyer(wallet, undefined, options).invoke(new Command({ resume }), thread)
      expect(askedIn(state)).toEqual(asked)
      expect(signed()).toBe(0)
    },
  )

  test('whose yes was to other terms than those of now asks for these', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const options = { approvals: wallet.approvals, checkpointer: new MemorySaver() }
    const resume = (id: string | undefined) =>
      createBuyer(wallet, undefined, options).invoke(
        new Command({ resume: { approvalId: id, approved: true } }),
        thread,
      )
    const asked = askedIn(await createBuyer(wallet, { url }, options).invoke(begin, thread))
    sell({ priceUsd: '6' })
    const askedAgain = askedIn(await resume(asked?.id))
    expect(askedAgain).toMatchObject({ amountUsd: '$6.00' })
    expect(signed()).toBe(0)
    expect(artifacts(await resume(askedAgain?.id))).toMatchObject([{ status: 'ok', payment: { amountUsd: '$6.00' } }])
    expect(taken()).toBe(6_000_000n)
  })

  test('does not come where the owner has not handed over who decides: the call waits', async () => {
    sell({ priceUsd: '5' })
    const state = await createBuyer(open().session({}), { url }).invoke(begin, thread)
    expect(artifacts(state)).toMatchObject([{ status: 'waiting', key: expect.stringMatching(/^call_/) }])
    expect(signed()).toBe(0)
  })
})

describe('a node that is run again after an interrupt', () => {
  const cheap = 'https://a.data.example/cheap'
  const both = new AIMessage({
    content: '',
    tool_calls: [
      { name: 'pay_fetch', args: { url: cheap }, id: 'c1', type: 'tool_call' },
      { name: 'pay_fetch', args: { url }, id: 'c2', type: 'tool_call' },
    ],
  })

  const graphs = {
    'a ToolNode': (owner: AgentWallet, checkpointer: BaseCheckpointSaver) =>
      new StateGraph(MessagesAnnotation)
        .addNode('tools', new ToolNode(walletTools(owner, { approvals: owner.approvals })))
        .addEdge(START, 'tools')
        .addEdge('tools', END)
        .compile({ checkpointer }),
    'an agent of createReactAgent': (owner: AgentWallet, checkpointer: BaseCheckpointSaver) =>
      createReactAgent({
        llm: fakeModel().respond(both).respond(new AIMessage('end')) as never,
        tools: walletTools(owner, { approvals: owner.approvals }),
        checkpointSaver: checkpointer,
        version: 'v1',
      }),
  }

  test.each(Object.keys(graphs) as (keyof typeof graphs)[])(
    'gets the answer that was bought before, also in another process: %s',
    async (kind) => {
      let copies = 0
      const shop = sell({ priceUsd: '0.10', respond: () => new Response(`copy ${(copies += 1)}`) }, cheap)
      sell({ priceUsd: '5', respond: () => new Response('the report') })
      const file = join(folder, `${kind}.db`)
      const saver = new MemorySaver()
      const first = sqliteLedger(file, { monotonic: false })
      const before = open({ ledger: first })
      const messages = kind === 'a ToolNode' ? [both] : begin.messages
      const asked = askedIn(await graphs[kind](before, saver).invoke({ messages } as never, thread))
      expect(asked).toMatchObject({ amountUsd: '$5.00' })
      expect(taken()).toBe(100_000n)
      const requests = shop.requests.length
      before.close()
      first.close()

      const second = sqliteLedger(file, { monotonic: false })
      const after = open({ ledger: second })
      const resume = new Command({ resume: { approvalId: asked?.id, approved: true } })
      const state = await graphs[kind](after, reopened(saver)).invoke(resume as never, thread)
      expect(artifacts(state)).toMatchObject([
        { status: 'ok', untrustedBody: 'copy 1', payment: { amountUsd: '$0.10' } },
        { status: 'ok', untrustedBody: 'the report' },
      ])
      expect(shop.requests.length).toBe(requests)
      expect(taken()).toBe(5_100_000n)
      second.close()
    },
  )

  test('gets nothing that another session, thread or request has bought', async () => {
    let copies = 0
    sell({ priceUsd: '0.10', respond: () => new Response(`copy ${(copies += 1)}`) })
    const wallet = open()
    const bodies: unknown[] = []
    for (const [owner, thread_id, input] of [
      [wallet, 't1', { url }],
      [wallet.session({}), 't1', { url }],
      [wallet, 't2', { url }],
      [wallet, 't1', { url, headers: [{ name: 'accept', value: 'text/html' }] }],
      [wallet, undefined, { url }],
      [wallet, undefined, { url }],
      [wallet, 't1', { url }],
    ] as const) {
      const tools = new ToolNode(walletTools(owner))
      const message = new AIMessage({
        content: '',
        tool_calls: [{ name: 'pay_fetch', args: input, id: 'c1', type: 'tool_call' }],
      })
      const state = await tools.invoke({ messages: [message] }, { configurable: { thread_id } })
      bodies.push(Object(artifacts(state)[0]).untrustedBody)
    }
    expect(bodies).toEqual(['copy 1', 'copy 2', 'copy 3', 'copy 4', 'copy 5', 'copy 6', 'copy 1'])
  })
})

test('the tools have types', async () => {
  serve(() => new Response('free'))
  const [pay, quote] = walletTools(open())
  expectTypeOf(pay.name).toEqualTypeOf<'pay_fetch'>()
  expectTypeOf(quote.name).toEqualTypeOf<'quote'>()
  expectTypeOf<Parameters<typeof pay.func>[0]>().toEqualTypeOf<PayFetchInput>()
  expectTypeOf<[string, PayFetchOutput]>().toExtend<Awaited<ReturnType<typeof pay.func>>>()
  expect(JSON.parse(String(await pay.invoke({ url })))).toMatchObject({ status: 'ok', untrustedBody: 'free' })
})

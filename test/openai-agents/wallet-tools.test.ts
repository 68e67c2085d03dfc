import { Agent, Runner, RunState, setTracingDisabled } from '@openai/agents'
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing'
import { join } from 'node:path'
import { walletTools, type WalletTool } from 'stipend/openai-agents'
import { sqliteLedger } from 'stipend/sqlite'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { AgentWallet, Session } from '../../src/index.js'
import type { PayFetchOutput } from '../../src/tools/index.js'
import { temporaryFolder } from '../support/folder.ts'
import { setUpMarket, url } from '../support/market.ts'

setTracingDisabled(true)
const { sell, serve, open, taken, signed } = setUpMarket()
const folder = temporaryFolder()

type Options = { readonly name?: string; readonly approvals?: AgentWallet['approvals'] }

/** An agent whose model makes one call and then ends; a second one, resumed in another process, only ends. */
function createBuyer(owner: AgentWallet | Session, input: unknown, { name = 'pay_fetch', approvals }: Options = {}) {
  const end = [assistantMessage('end')]
  const turns = input === undefined ? [end] : [[functionCall(name, JSON.stringify(input), { callId: 'c1' })], end]
  return new Agent({
    name: 'buyer',
    tools: walletTools(owner, { approvals, conversation: 'chat' }),
    model: new ScriptedModel(turns),
  })
}

type Buyer = ReturnType<typeof createBuyer>
const run = (agent: Buyer, input: string | RunState<unknown, Buyer>) =>
  new Runner({ tracingDisabled: true }).run(agent, input)

/** Reads a run's state back and decides on all that it waits for. */
async function decide(agent: Buyer, saved: string, decision: 'approve' | 'reject', alwaysApprove = false) {
  const state = await RunState.fromString(agent, saved)
  for (const interruption of state.getInterruptions()) {
    if (decision === 'approve') state.approve(interruption, { alwaysApprove })
    else state.reject(interruption)
  }
  return state
}

type Ran = Awaited<ReturnType<typeof run>>
const outputsOf = ({ newItems }: Ran): readonly Partial<PayFetchOutput>[] =>
  newItems.flatMap((item) => {
    if (item.type !== 'tool_call_output_item') return []
    return [typeof item.output === 'string' && item.output.startsWith('{') ? JSON.parse(item.output) : item.output]
  })

describe('the tools in an agent', () => {
  test('pay, and hand the model the goods', async () => {
    sell({ priceUsd: '0.10', respond: () => new Response('sunny') })
    const result = await run(createBuyer(open().session({}), { url }), 'buy')
    expect(outputsOf(result)).toMatchObject([{ status: 'ok', untrustedBody: 'sunny', payment: { amountUsd: '$0.10' } }])
    expect(result.finalOutput).toBe('end')
    expect(taken()).toBe(100_000n)
  })

  test.each(['quote', 'budget', 'payments', 'approval_status'])('look: %s', async (name) => {
    sell({ priceUsd: '0.10' })
    const result = await run(createBuyer(open(), name === 'quote' ? { url } : {}, { name }), 'look')
    expect(outputsOf(result)).toMatchObject([{ status: 'ok' }])
    expect(signed()).toBe(0)
  })

  test('pay nothing for input that the schema does not have', async () => {
    sell()
    const wallet = open()
    const agent = createBuyer(wallet, { url, maxUsd: 'unlimited' }, { approvals: wallet.approvals })
    expect(outputsOf(await run(agent, 'buy'))).toMatchObject([{ status: 'failed', code: 'input_invalid' }])
    expect(signed()).toBe(0)
  })

  test('make a request that is free once, though approvals are looked for first', async () => {
    let posts = 0
    serve(() => Response.json({ posts: (posts += 1) }))
    const wallet = open()
    const agent = createBuyer(wallet, { url, method: 'POST', body: 'x' }, { approvals: wallet.approvals })
    expect(outputsOf(await run(agent, 'buy'))).toMatchObject([{ status: 'ok' }])
    expect(posts).toBe(1)
  })
})

describe('an interruption', () => {
  test('outlives the process, and approving it lets exactly its terms be paid, once', async () => {
    sell({ priceUsd: '5' })
    const file = join(folder, 'agent.db')
    const first = sqliteLedger(file, { monotonic: false })
    const before = open({ ledger: first })
    const suspended = await run(createBuyer(before, { url }, { approvals: before.approvals }), 'buy')
    expect(suspended.interruptions).toHaveLength(1)
    expect(await before.approvals.list()).toMatchObject([{ status: 'pending', microUsd: 5_000_000n }])
    expect(signed()).toBe(0)
    const saved = suspended.state.toString()
    before.close()
    first.close()

    const second = sqliteLedger(file, { monotonic: false })
    const after = open({ ledger: second })
    const resume = async () => {
      const agent = createBuyer(after, undefined, { approvals: after.approvals })
      return outputsOf(await run(agent, await decide(agent, saved, 'approve')))
    }
    expect(await resume()).toMatchObject([{ status: 'ok', payment: { state: 'claimed', amountUsd: '$5.00' } }])
    expect(await resume()).toMatchObject([{ payment: { amountUsd: '$5.00' } }])
    await Promise.all([resume(), resume()])
    expect(taken()).toBe(5_000_000n)
    second.close()
  })

  test('outlives it for a session too, which its token carries', async () => {
    sell({ priceUsd: '5' })
    const file = join(folder, 'session.db')
    const first = sqliteLedger(file, { monotonic: false })
    const before = open({ ledger: first })
    const token = await before.session({ maxPayments: 3 }).token()
    const { approvals } = before
    const suspended = await run(createBuyer(await before.openSession(token), { url }, { approvals }), 'buy')
    first.close()

    const second = sqliteLedger(file, { monotonic: false })
    const after = open({ ledger: second })
    const agent = createBuyer(await after.openSession(token), undefined, { approvals: after.approvals })
    await run(agent, await decide(agent, suspended.state.toString(), 'approve'))
    expect(taken()).toBe(5_000_000n)
    second.close()
  })

  test('rejected pays nothing', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const { approvals } = wallet
    const suspended = await run(createBuyer(wallet, { url }, { approvals }), 'buy')
    const agent = createBuyer(wallet, undefined, { approvals })
    const result = await run(agent, await decide(agent, suspended.state.toString(), 'reject'))
    expect(result.finalOutput).toBe('end')
    expect((await approvals.list()).map(({ status }) => status)).toEqual(['denied'])
    expect(signed()).toBe(0)
  })

  test('without a conversation is nothing that an approval could be found by', () => {
    const wallet = open()
    expect(() => walletTools(wallet, { approvals: wallet.approvals })).toThrow(/conversation needs a name/)
  })

  test('whose terms have changed since pays nothing, however often it is resumed', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const { approvals } = wallet
    const suspended = await run(createBuyer(wallet, { url }, { approvals }), 'buy')
    sell({ priceUsd: '6' })
    for (let replay = 0; replay < 3; replay += 1) {
      const agent = createBuyer(wallet, undefined, { approvals })
      const result = await run(agent, await decide(agent, suspended.state.toString(), 'approve'))
      expect(outputsOf(result)).toMatchObject([{ status: 'denied', code: 'payment_denied' }])
    }
    expect(await approvals.list()).toHaveLength(1)
    expect(signed()).toBe(0)
  })

  test('with a call that somebody wrote into the state pays nothing', async () => {
    sell({ priceUsd: '5' })
    sell({ priceUsd: '5' }, 'https://evil.data.example/')
    const wallet = open()
    const { approvals } = wallet
    const suspended = await run(createBuyer(wallet, { url }, { approvals }), 'buy')
    const altered = suspended.state.toString().replaceAll(url, 'https://evil.data.example/')
    const agent = createBuyer(wallet, undefined, { approvals })
    const resumed = decide(agent, altered, 'approve').then((state) => run(agent, state))
    await resumed.catch(() => {})
    expect(signed()).toBe(0)
  })

  test('approved for always approves one payment, not those that follow', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const { approvals } = wallet
    const suspended = await run(createBuyer(wallet, { url }, { approvals }), 'buy')
    const next = [functionCall('pay_fetch', JSON.stringify({ url: `${url}?2` }), { callId: 'c2' })]
    const model = new ScriptedModel([next, [assistantMessage('end')]])
    const agent: Buyer = new Agent({
      name: 'buyer',
      tools: walletTools(wallet, { approvals, conversation: 'chat' }),
      model,
    })
    const result = await run(agent, await decide(agent, suspended.state.toString(), 'approve', true))
    expect(outputsOf(result)).toMatchObject([{ status: 'ok' }, { status: 'denied', code: 'payment_denied' }])
    expect(taken()).toBe(5_000_000n)
  })

  test('does not come where the owner has not handed over who decides: the call waits', async () => {
    sell({ priceUsd: '5' })
    const result = await run(createBuyer(open().session({}), { url }), 'buy')
    expect(result.interruptions).toEqual([])
    expect(outputsOf(result)).toMatchObject([{ status: 'waiting', approval: { status: 'pending' } }])
  })
})

test('the tools have types', () => {
  const tools = walletTools(open().session({}))
  expectTypeOf(tools[0]).toEqualTypeOf<WalletTool<PayFetchOutput>>()
  expectTypeOf(walletTools).parameter(0).toEqualTypeOf<AgentWallet | Session>()
  expect(tools.map(({ name }) => name)).toEqual(['pay_fetch', 'quote', 'budget', 'payments', 'approval_status'])
  expect(tools[0]).toMatchObject({ strict: true, parameters: { type: 'object', additionalProperties: false } })
})

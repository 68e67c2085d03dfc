import { generateText, isStepCount, streamText, ToolLoopAgent } from 'ai'
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test'
import { walletTools } from 'stipend/ai-sdk'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { AgentWallet, Session } from '../../src/index.js'
import type { PayFetchInput, PayFetchOutput } from '../../src/tools/index.js'
import { setUpMarket, url } from '../support/market.ts'
import { turn, user, call, say, usage } from '../support/sdk-model.ts'

const { sell, serve, open, taken, signed } = setUpMarket()

type Mocked = Exclude<ConstructorParameters<typeof MockLanguageModelV4>[0], undefined>['doStream']
type StreamPart = Extract<Mocked, readonly unknown[]>[number] extends { stream: ReadableStream<infer part> }
  ? part
  : never

describe('the tools in generateText', () => {
  test('pay, and hand the model the goods', async () => {
    sell({ priceUsd: '0.10', respond: () => new Response('sunny') })
    const { result, outputs } = await turn(open().session({}), user, [call('c1', { url }), say('It is sunny.')])
    expect(result.text).toBe('It is sunny.')
    expect(outputs).toMatchObject([{ status: 'ok', untrustedBody: 'sunny', payment: { amountUsd: '$0.10' } }])
    expect(taken()).toBe(100_000n)
  })

  test('look: quote, budget, payments and approvals', async () => {
    sell({ priceUsd: '0.10' })
    const script = [
      call('c1', { url }, 'quote'),
      call('c2', {}, 'budget'),
      call('c3', {}, 'payments'),
      call('c4', {}, 'approval_status'),
      say('done'),
    ]
    const { outputs } = await turn(open().session({}), user, script)
    expect(outputs).toMatchObject([
      { status: 'ok', payableUsd: '$0.10' },
      {
        status: 'ok',
        limits: expect.arrayContaining([expect.objectContaining({ name: 'daily limit', left: '$20.00' })]),
      },
      { status: 'ok', payments: [] },
      { status: 'ok', approvals: [] },
    ])
    expect(signed()).toBe(0)
  })

  test('are not run with input that the schema does not have', async () => {
    sell()
    const script = [call('c1', { url, maxUsd: 'unlimited' }), call('c2', { url, payTo: '0x0' }), say('done')]
    const { result } = await turn(open(), user, script)
    expect(result.steps.slice(0, 2).map(({ toolCalls }) => toolCalls[0]?.invalid)).toEqual([true, true])
    expect(signed()).toBe(0)
  })

  test('make a request that is free once, whether approvals are looked for first or not', async () => {
    let posts = 0
    serve(() => Response.json({ posts: (posts += 1) }))
    const wallet = open()
    const script = [call('c1', { url, method: 'POST', body: 'order' }), say('done')]
    const { outputs } = await turn(wallet, user, script, { approvals: wallet.approvals })
    expect(posts).toBe(1)
    expect(outputs).toMatchObject([{ status: 'ok', untrustedBody: '{"posts":1}' }])
  })

  test('stop when the SDK’s signal says so', async () => {
    const stop = new AbortController()
    const resource = sell({ fault: 'settle-then-hang' })
    const running = generateText({
      model: new MockLanguageModelV4({ doGenerate: [call('c1', { url }), say('done')] }),
      prompt: 'buy',
      ...walletTools(open()),
      stopWhen: isStepCount(3),
      abortSignal: stop.signal,
    })
    await expect.poll(() => resource.payments.length).toBe(1)
    stop.abort()
    await running.catch(() => {})
    const [payment] = await open().payments.list()
    expect(payment?.status).toBe('unknown')
  })

  test('work in streamText and in an agent', async () => {
    sell({ priceUsd: '0.10' })
    const finish = { type: 'finish', finishReason: { unified: 'stop', raw: undefined }, usage } as const
    const [bought] = call('c1', { url }).content
    const stream = convertArrayToReadableStream<StreamPart>(bought ? [bought, finish] : [])
    const text = { type: 'text-delta', id: '1', delta: 'done' } as const
    const done = [{ type: 'text-start', id: '1' } as const, text, { type: 'text-end', id: '1' } as const, finish]
    const doStream = [{ stream }, { stream: convertArrayToReadableStream<StreamPart>(done) }]
    const streamed = streamText({
      model: new MockLanguageModelV4({ doStream }),
      prompt: 'buy',
      ...walletTools(open()),
      stopWhen: isStepCount(3),
    })
    expect(await streamed.text).toBe('done')
    const model = new MockLanguageModelV4({ doGenerate: [call('c2', { url }), say('bought')] })
    const agent = new ToolLoopAgent({ model, ...walletTools(open()) })
    expect((await agent.generate({ prompt: 'buy' })).text).toBe('bought')
    expect(taken()).toBe(200_000n)
  })
})

describe('the id of a call', () => {
  test('that is used again for another request is another purchase', async () => {
    sell({ priceUsd: '0.10', respond: () => new Response('sunny') })
    sell({ priceUsd: '0.10', respond: () => new Response('windy') }, 'https://a.data.example/wind')
    const script = [
      call('pay_fetch:0', { url }),
      call('pay_fetch:0', { url: 'https://a.data.example/wind' }),
      say('ok'),
    ]
    const { outputs } = await turn(open(), user, script)
    expect(outputs).toMatchObject([
      { status: 'ok', untrustedBody: 'sunny' },
      { status: 'ok', untrustedBody: 'windy' },
    ])
    expect(taken()).toBe(200_000n)
  })

  test('that is used again for a body, a method or a header of its own is another purchase', async () => {
    sell({ priceUsd: '0.10' })
    const inputs = [
      { url, method: 'POST', body: 'one' },
      { url, method: 'POST', body: 'two' },
      { url, method: 'PUT', body: 'two' },
      { url, method: 'PUT', body: 'two', headers: [{ name: 'accept-language', value: 'nb' }] },
    ]
    const { outputs } = await turn(open(), user, [...inputs.map((input) => call('pay_fetch:0', input)), say('ok')])
    expect(outputs.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(taken()).toBe(400_000n)
  })

  test.each([
    ['named chats', 'chat-1', 'chat-2'],
    ['chats without a name', undefined, undefined],
  ])('of two people’s %s is of two purchases', async (_, one, other) => {
    let sold = 0
    sell({ priceUsd: '0.10', respond: () => new Response(`copy ${(sold += 1)}`) })
    const wallet = open()
    const run = async (conversation: string | undefined) => {
      const tools = walletTools(wallet, { conversation })
      const model = new MockLanguageModelV4({ doGenerate: [call('pay_fetch:0', { url }), say('ok')] })
      const { steps } = await generateText({ model, messages: user, ...tools, stopWhen: isStepCount(3) })
      return steps[0]?.toolResults[0]?.output
    }
    expect(await run(one)).toMatchObject({ status: 'ok', untrustedBody: 'copy 1' })
    expect(await run(other)).toMatchObject({ status: 'ok', untrustedBody: 'copy 2' })
    expect(taken()).toBe(200_000n)
  })

  test('without a conversation is nothing that an approval could be found by', () => {
    const wallet = open()
    expect(() => walletTools(wallet, { approvals: wallet.approvals })).toThrow(/conversation needs a name/)
  })
})

test('the tools have types', () => {
  const { tools, toolApproval } = walletTools(open().session({}))
  expectTypeOf(walletTools).parameter(0).toEqualTypeOf<AgentWallet | Session>()
  expectTypeOf<NonNullable<typeof tools.pay_fetch.execute>>().parameter(0).toEqualTypeOf<PayFetchInput>()
  expectTypeOf<Awaited<ReturnType<NonNullable<typeof tools.pay_fetch.execute>>>>().toExtend<
    PayFetchOutput | AsyncIterable<PayFetchOutput>
  >()
  expectTypeOf(toolApproval.pay_fetch).parameter(0).toEqualTypeOf<PayFetchInput>()
  expect(Object.keys(tools)).toHaveLength(5)
})

// The first versions of the ranges of peers; the newest are those that all other tests run with. Needs `npm install` here
// and `npm run build` above: node --test test/peers/peers.test.mjs
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { convertToOpenAITool } from 'langchain-core-0/utils/function_calling'
import { generateText as generateText5, stepCountIs as stepCountIs5 } from 'ai-5'
import { MockLanguageModelV2 } from 'ai-5/test'
import { generateText as generateText6, stepCountIs as stepCountIs6 } from 'ai-6'
import { MockLanguageModelV3 } from 'ai-6/test'
import axios from 'axios-1'
import { privateKeyToAccount } from 'viem-2/accounts'
import { allowHosts, createAgentWallet, memoryLedger, spendingLimit } from '../../dist/index.js'
import { withWalletTools } from '../../dist/ai-sdk.js'
import { getAxiosPayment, wrapAxios } from '../../dist/axios.js'
import { account } from '../../dist/keys.js'
import { paidResource, testKeyStore } from '../../dist/testing.js'
import { paymentTools } from '../../dist/tools.js'

const url = 'https://shop.example.com/report'

function openShop({ priceUsd = '0.10', keyStore = testKeyStore() } = {}) {
  const shop = paidResource({ priceUsd, respond: () => new Response('sunny') })
  const wallet = createAgentWallet({
    keyStore,
    policy: [allowHosts(['shop.example.com']), spendingLimit({ instantMaxUsd: 1, dailyLimitUsd: 20 })],
    ledger: memoryLedger(),
    fetch: async (input, init) => shop(new Request(input, init)),
  })
  return { shop, wallet }
}

const call = (toolCallId, input) => ({
  content: [{ type: 'tool-call', toolCallId, toolName: 'pay_fetch', input: JSON.stringify(input) }],
  warnings: [],
})
/** The mocks of these versions count their answers from the second on. */
const inTurn = (answers) => async () => answers.shift()
const say = (text) => ({ content: [{ type: 'text', text }], warnings: [] })

test('ai 5 pays', async () => {
  const { shop, wallet } = openShop()
  const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 }
  const model = new MockLanguageModelV2({
    doGenerate: inTurn([
      { ...call('c1', { url }), finishReason: 'tool-calls', usage },
      { ...say('done'), finishReason: 'stop', usage },
    ]),
  })
  const settings = { model, prompt: 'buy', stopWhen: stepCountIs5(3) }
  const { steps } = await generateText5(withWalletTools(settings, wallet))
  assert.equal(steps[0].toolResults[0].output.status, 'ok')
  assert.equal(shop.settled, 100_000n)
})

const usage6 = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
}

async function run6(wallet, messages, script) {
  const doGenerate = script.map((one) => ({
    ...one,
    finishReason: { unified: one.content[0].type === 'text' ? 'stop' : 'tool-calls', raw: undefined },
    usage: usage6,
  }))
  const settings = {
    model: new MockLanguageModelV3({ doGenerate: inTurn(doGenerate) }),
    messages,
    stopWhen: stepCountIs6(3),
  }
  const result = await generateText6(
    withWalletTools(settings, wallet, { approvals: wallet.approvals, conversation: 'chat' }),
  )
  const history = [...messages, ...result.response.messages]
  return { result, history, request: result.content.find(({ type }) => type === 'tool-approval-request') }
}

const user = [{ role: 'user', content: 'buy' }]
const answer = (request, approved) => ({
  role: 'tool',
  content: [{ type: 'tool-approval-response', approvalId: request.approvalId, approved }],
})

test('ai 6 pays', async () => {
  const { shop, wallet } = openShop()
  const { result } = await run6(wallet, user, [call('c1', { url }), say('done')])
  assert.equal(result.steps[0].toolResults[0].output.status, 'ok')
  assert.equal(shop.settled, 100_000n)
})

test('ai 6 suspends a call for a person, pays after a yes, and a no is on record', async () => {
  for (const approved of [true, false]) {
    const { shop, wallet } = openShop({ priceUsd: '5' })
    const asked = await run6(wallet, user, [call('c1', { url })])
    assert.ok(asked.request)
    assert.equal(shop.settled, 0n)
    await run6(wallet, [...asked.history, answer(asked.request, approved)], [say('done')])
    assert.equal(shop.settled, approved ? 5_000_000n : 0n)
    const [approval] = await wallet.approvals.list()
    assert.equal(approval.status, approved ? 'used' : 'denied')
  }
})

test('axios 1.12 pays', async () => {
  const { shop, wallet } = openShop()
  const response = await wrapAxios(axios, wallet).get(url)
  assert.equal(getAxiosPayment(response).status, 'claimed')
  assert.equal(shop.settled, 100_000n)
})

test('viem 2.0 signs', async () => {
  const { shop, wallet } = openShop({ keyStore: account(privateKeyToAccount(`0x${'1'.repeat(64)}`)) })
  assert.equal((await wallet.fetch(url)).status, 200)
  assert.equal(shop.settled, 100_000n)
})

test('LangChain’s core 0.3 shows the same schema of a tool', async () => {
  const { wallet } = openShop()
  const { name, description, inputSchema } = paymentTools(wallet).pay_fetch
  const { DynamicStructuredTool } = await import('langchain-core-0/tools')
  const tool = new DynamicStructuredTool({
    name,
    description,
    schema: inputSchema,
    verboseParsingErrors: true,
    func: async (input) => JSON.stringify(input),
  })
  const { parameters } = convertToOpenAITool(tool).function
  assert.deepEqual(parameters.required, ['url', 'method', 'headers', 'body', 'maxUsd', 'key'])
  assert.deepEqual(JSON.parse(await tool.invoke({ url, method: null, maxUsd: 0.1 })), { url, maxUsd: '0.1' })
})

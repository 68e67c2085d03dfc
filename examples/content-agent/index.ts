/**
 * A LangChain agent writes a post. It pays for the translation at once; the image costs more than it may spend by
 * itself, so its graph is interrupted until the owner has seen the terms, and then exactly these are paid.
 */
import { AIMessage } from '@langchain/core/messages'
import { Command, INTERRUPT, isInterrupted, MemorySaver } from '@langchain/langgraph'
import { createAgent } from 'langchain'
import assert from 'node:assert/strict'
import { type AgentWallet, allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import { type PaymentDecision, type PaymentInterrupt, walletTools } from 'stipend/langchain'
import { box, type Row } from '../support/draw.ts'
import { type Market, openMarket, tell } from '../support/market.ts'
import { play } from '../support/play.ts'
import { createWriter } from './model.ts'

const headline = 'The harbour opens again'
const wares = {
  translation: { price: '$0.02', goods: { text: 'Der Hafen öffnet wieder' } },
  image: { price: '$2.50', goods: { image: '~~~ \\__|__/ ~~~' } },
}
const post = `${wares.translation.goods.text}\n${wares.image.goods.image}`
const [purse, small, large] = [5_000_000n, 20_000n, 2_500_000n]
const thread = { configurable: { thread_id: 'post-1' } }

type Shops = Market<keyof typeof wares>
type Asked = PaymentInterrupt['approval']

/** The owner's rules: two shops, up to a dollar at once, a person beyond. */
function createWallet({ shops, agent }: Shops): AgentWallet {
  const wallet = createAgentWallet({
    keyStore: privateKey(agent.privateKey),
    policy: [
      allowHosts([shops.translation.url, shops.image.url]),
      spendingLimit({ instantMaxUsd: 1, dailyLimitUsd: 10 }),
    ],
  })
  tell('rules', 'both shops, up to $1 at once, beyond it the owner is asked; $10 in a day')
  return wallet
}

/** The agent holds the tools of a session; whoever resumes its graph is the owner. */
function createWriterAgent({ shops }: Shops, wallet: AgentWallet) {
  const session = wallet.session({ name: 'writer', limits: { totalLimitUsd: 3 }, labels: { task: 'post' } })
  const { translation, image } = shops
  const model = createWriter(headline, { translate: `${translation.url}/paid`, draw: `${image.url}/paid` })
  const tools = walletTools(session, { hosts: ['http://127.0.0.1:*'], approvals: wallet.approvals })
  return createAgent({ model, tools, checkpointer: new MemorySaver() })
}

/** The owner, in code: says yes to one shop and one price, whatever else is asked. */
function decide({ id, payTo, amountUsd }: Asked, { shops }: Shops): PaymentDecision {
  return { approvalId: id, approved: payTo === shops.image.payTo && amountUsd === '$2.50' }
}

/** Holds the chain, the shops and the ledger against what should have been paid so far. */
async function checkBooks({ chain, shops, agent }: Shops, wallet: AgentWallet, drawn: bigint): Promise<void> {
  const { translation, image } = shops
  assert.equal(await chain.balanceOf(translation.payTo), small, 'the translation is paid once')
  assert.equal(await chain.balanceOf(image.payTo), drawn, 'the image is paid once approved, and not before')
  assert.equal(await chain.balanceOf(agent.address), purse - small - drawn)
  assert.deepEqual([translation.sales(), image.sales()], [1, drawn > 0n ? 1 : 0])
  const transfers = await chain.transfersFrom(agent.address)
  const onChain = transfers.map(({ to, value, transaction }) => ['claimed', to, value, transaction])
  const payments = (await wallet.payments.list()).toReversed()
  const onRecord = payments.map(({ status, payTo, amount, receipt }) => [status, payTo, amount, receipt?.transaction])
  assert.deepEqual(onRecord, onChain, 'the payments on record are those on the chain')
}

/** Runs the agent until it has to wait, and answers what the owner is asked. */
async function start(market: Shops, agent: ReturnType<typeof createWriterAgent>): Promise<Asked> {
  const task = { messages: [{ role: 'user', content: `Write a German post: ${headline}` }] }
  const state: unknown = await agent.invoke(task, thread)
  assert(isInterrupted<PaymentInterrupt>(state), 'the graph waits for the owner')
  const [question, ...others] = state[INTERRUPT]
  assert(question?.value?.type === 'payment_approval' && others.length === 0, 'it asks one thing')
  const { approval } = question.value
  assert.deepEqual([approval.payTo, approval.amountUsd], [market.shops.image.payTo, '$2.50'], 'it is the image')
  return approval
}

async function tellStory(market: Shops): Promise<void> {
  const wallet = createWallet(market)
  const agent = createWriterAgent(market, wallet)

  const asked = await start(market, agent)
  await checkBooks(market, wallet, 0n)
  const [pending, ...others] = await wallet.approvals.list()
  assert(pending?.id === asked.id && others.length === 0, 'the ledger holds the one request')
  assert.deepEqual([pending.status, pending.amount], ['pending', large])

  const resume = decide(asked, market)
  const state = await agent.invoke(new Command({ resume }), thread)
  assert(!isInterrupted(state), 'nothing else has to be asked')
  await checkBooks(market, wallet, large)
  assert.equal((await wallet.approvals.list())[0]?.status, 'used', 'a yes is good for one payment')
  const calls = state.messages.flatMap((message) => (AIMessage.isInstance(message) ? (message.tool_calls ?? []) : []))
  const orders: readonly unknown[] = calls.map(({ args }) => 'body' in args && JSON.parse(args.body ?? ''))
  const prompt = wares.translation.goods.text
  assert.deepEqual(orders, [{ text: headline, to: 'de' }, { prompt }], 'it has an image drawn for the translation')
  assert.equal(state.messages.at(-1)?.text, post, 'the post is made of what was bought')

  const text = post.split('\n').map((line): Row => ['', line])
  console.log(
    `\n${box('What the owner is asked', [
      ['paid', `${wares.translation.price} for the translation, at once`, 'good'],
      ['asked', `${asked.amountUsd} for ${asked.host}`],
      ['to', asked.payTo],
      ['why', asked.reason],
      ['answer', `approved: ${resume.approved}`],
    ])}`,
  )
  const paid: Row = ['paid', `${wares.image.price} for the image, as approved`, 'good']
  console.log(`\n${box('What the agent wrote', [paid, ...text])}`)
}

play(
  'an agent that asks before it spends much',
  async () => {
    const market = await openMarket(wares, { purse })
    try {
      await tellStory(market)
    } finally {
      await market.close()
    }
  },
  'Two transfers on the chain: one at once, one after the owner had said yes to exactly that.',
)

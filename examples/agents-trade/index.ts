/**
 * Three agents on A2A: one has a wallet and a task with a budget, and asks another, which sells its answers and buys what it
 * needs for them from a third with a wallet of its own. Both wallets are paid from and paid to on a real chain; the last
 * question is beyond the budget.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type AgentWallet, allowHosts, createAgentWallet, isStipendError, type Payer, spendingLimit } from 'stipend'
import { getTaskPayment, withPayments } from 'stipend/a2a'
import { privateKey } from 'stipend/keys'
import { type KeyPair, startChain } from '../support/chain.ts'
import { box, line, type Row } from '../support/draw.ts'
import { startFacilitator } from '../support/facilitator.ts'
import { play } from '../support/play.ts'

const purse = 1_000_000n
const questions = ['Why is bronze dear?', 'Who sells tin?', 'Will it rain on the harbour?'] as const

/** The SDK is no dependency of the package: it comes into the folder of the example. */
const sdk = fileURLToPath(new URL('sdk/', import.meta.url))
if (!existsSync(`${sdk}node_modules`)) {
  console.log('installing the SDK of A2A ...')
  execFileSync('npm', ['install'], { cwd: sdk, stdio: 'inherit', shell: process.platform === 'win32' })
}
const { startAgent, openClient, question, textOf } = await import('./sdk/agents.mjs')

/** The wallet of an agent, which pays agents on this machine and nobody else. */
function createWallet(key: KeyPair): AgentWallet {
  const policy = [allowHosts(['http://127.0.0.1:*']), spendingLimit({ perPaymentUsd: 0.05, dailyLimitUsd: 1 })]
  return createAgentWallet({ keyStore: privateKey(key.privateKey), policy })
}

/** Asks an agent, and pays it if it must; answers what it said and what that cost. */
async function ask(url: string, payer: Payer, text: string): Promise<{ readonly said: string; readonly paid: bigint }> {
  const agent = withPayments(await openClient(url), payer)
  const task = await agent.sendMessage(question(text))
  const [artifact] = Reflect.get(task, 'artifacts') as readonly { readonly parts: readonly unknown[] }[]
  return { said: textOf(artifact?.parts ?? []), paid: getTaskPayment(task)?.amount ?? 0n }
}

async function tellStory(): Promise<void> {
  const chain = await startChain()
  const facilitator = await startFacilitator(chain)
  const [researcher, analyst] = [await chain.createPayer(purse), await chain.createPayer(purse)]
  const archivist = await chain.createPayer(0n)
  const priced = (amount: string, payTo: string) => ({
    scheme: 'exact',
    network: 'eip155:84532',
    asset: chain.token,
    amount,
    payTo,
    maxTimeoutSeconds: 60,
    extra: { name: 'USDC', version: '2' },
  })
  const archive = await startAgent({
    name: 'archive',
    facilitator,
    requirements: priced('5000', archivist.address),
    work: (text) => `three clay tablets about “${text}”`,
  })
  const analystWallet = createWallet(analyst)
  const desk = await startAgent({
    name: 'analyst',
    facilitator,
    requirements: priced('20000', analyst.address),
    work: async (text) => `I have read ${(await ask(archive.url, analystWallet, text)).said}: the price will rise.`,
  })
  try {
    const wallet = createWallet(researcher)
    const session = wallet.session({ limits: { totalLimitUsd: '0.05' }, labels: { task: 'bronze' } })
    console.log(
      line(['rules', 'the researcher has $0.05 for its task; an answer costs $0.02, a look at the archive $0.005']),
    )
    const rows: Row[] = []
    for (const [index, text] of questions.entries()) {
      rows.push([`${index + 1}`, text, 'dim'])
      try {
        rows.push(['', (await ask(desk.url, session, text)).said, 'good'])
      } catch (error) {
        assert(isStipendError(error) && error.code === 'limit_exceeded' && error.moved === 'no')
        rows.push(['', error.message.split('\n').slice(0, 2).join(':'), 'bad'])
      }
    }
    console.log(`\n${box('What it was told', rows)}`)

    assert.deepEqual(
      [desk.sales(), archive.sales()],
      [2, 2],
      'two answers are sold, for each of which the archive is asked',
    )
    assert.equal(await chain.balanceOf(researcher.address), purse - 40_000n, 'the researcher has paid for two answers')
    assert.equal(
      await chain.balanceOf(analyst.address),
      purse + 40_000n - 10_000n,
      'the analyst has earned more than it paid',
    )
    assert.equal(await chain.balanceOf(archivist.address), 10_000n, 'the archive has its price')
    const payments = [...(await wallet.payments.list()), ...(await analystWallet.payments.list())]
    const transfers = await Promise.all([researcher, analyst].map(({ address }) => chain.transfersFrom(address)))
    assert.deepEqual(
      new Set(payments.map(({ receipt }) => receipt?.transaction)),
      new Set(transfers.flat().map(({ transaction }) => transaction)),
      'each payment on record is one on the chain, and the reverse',
    )
    console.log(line(['chain', 'researcher −$0.04, analyst +$0.03, archive +$0.01']))
  } finally {
    await Promise.all([desk.close(), archive.close(), facilitator.close()])
    await chain.stop()
  }
}

play(
  'agents buy from agents, each from its own wallet',
  tellStory,
  'Two answers are sold and paid along the way to the archive; the third was beyond the budget.',
)

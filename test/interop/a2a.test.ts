import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { getTaskPayment, withPayments } from 'stipend/a2a'
import { privateKey } from 'stipend/keys'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as agents from '../../examples/agents-trade/sdk/agents.mjs'
import { spentBy } from '../support/agent.ts'
import { startChain, type TestChain } from '../../examples/support/chain.ts'
import { type Facilitator, startFacilitator } from '../../examples/support/facilitator.ts'

/** The SDK has a folder of its own: `npm run example -- agents-trade` installs it. */
const folder = fileURLToPath(new URL('../../examples/agents-trade/sdk/', import.meta.url))
const isInstalled = existsSync(`${folder}node_modules/@a2a-js/sdk/package.json`)
const { startAgent, openClient, question, textOf } = isInstalled
  ? ((await import(`${folder}agents.mjs`)) as typeof agents)
  : ({} as typeof agents)

let chain: TestChain
let facilitator: Facilitator

describe.skipIf(!isInstalled)('an agent of the official SDK', () => {
  beforeAll(async () => {
    chain = await startChain()
    facilitator = await startFacilitator(chain)
  })
  afterAll(async () => {
    await facilitator?.close()
    await chain?.stop()
  })

  test.each(['1.0', '0.3'])('is paid once by its client, and settled: %s', async (protocolVersion) => {
    const payTo = privateKeyToAddress(generatePrivateKey())
    const extra = { name: 'USDC', version: '2' }
    const asked = { scheme: 'exact', network: 'eip155:84532', amount: '10000', asset: chain.token, payTo }
    const requirements = { ...asked, maxTimeoutSeconds: 60, extra }
    const work = (text: string): string => `heard: ${text}`
    const agent = await startAgent({ name: 'oracle', requirements, facilitator, work, protocolVersion })
    const payer = await chain.createPayer(1_000_000n)
    const wallet = createAgentWallet({
      keyStore: privateKey(payer.privateKey),
      policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 1 })],
    })

    const task = await withPayments(await openClient(agent.url), wallet).sendMessage(question('Why?'))

    const transfers = await chain.transfersFrom(payer.address)
    await agent.close()
    expect(transfers).toMatchObject([{ to: payTo, value: 10_000n }])
    const transaction = transfers[0]?.transaction
    expect(getTaskPayment(task)).toMatchObject({
      status: 'claimed',
      resource: { url: agent.endpoint },
      receipt: { transaction },
    })
    const [artifact] = Reflect.get(task, 'artifacts') as readonly { readonly parts: readonly unknown[] }[]
    expect(textOf(artifact?.parts ?? [])).toBe('heard: Why?')
    expect(agent.sales()).toBe(1)
    expect(await spentBy(wallet)).toBe(10_000n)
  })
})

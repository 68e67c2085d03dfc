import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { allowHosts, createAgentWallet, spendingLimit, x402, x402V1 } from 'stipend'
import { privateKey } from 'stipend/keys'
import { getToolPayment, withPayments } from 'stipend/mcp'
import { mpp } from 'stipend/mpp'
import { type Address, createWalletClient, encodeFunctionData, type Hex, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount, privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { spentBy } from '../support/agent.ts'
import { startChain, type TestChain, testUsdAbi } from '../../examples/support/chain.ts'
import { type Facilitator, startFacilitator } from '../../examples/support/facilitator.ts'

type Options = {
  readonly facilitator: string
  readonly recipient: Address
  /** Executes an authorization, and answers the name of the transaction. */
  readonly settle: (authorization: Readonly<Record<string, Hex>>) => Promise<Hex>
}
type Server = { readonly url: string; readonly sales: () => number; readonly close: () => Promise<void> }
type Servers = Readonly<Record<'startAgents' | 'startX402Mcp' | 'startMppx', (options: Options) => Promise<Server>>>

/** The servers are heavy, and have a folder of their own: `npm run test:dialects` installs them. */
const folder = fileURLToPath(new URL('../mcp/dialects/', import.meta.url))
const isInstalled = existsSync(`${folder}node_modules/agents/package.json`)

const price = 10_000n
let chain: TestChain
let facilitator: Facilitator
let servers: Servers

async function settle({
  from,
  to,
  value,
  validAfter,
  validBefore,
  nonce,
  signature,
}: Record<string, Hex>): Promise<Hex> {
  const sender = await chain.createSender()
  const client = createWalletClient({
    account: privateKeyToAccount(sender.privateKey),
    chain: chain.chain,
    transport: http(),
  })
  const args = [
    from,
    to,
    BigInt(value ?? 0),
    BigInt(validAfter ?? 0),
    BigInt(validBefore ?? 0),
    nonce,
    signature,
  ] as never
  const data = encodeFunctionData({ abi: testUsdAbi, functionName: 'transferWithAuthorization', args })
  const hash = await client.sendTransaction({ to: chain.token, data })
  await chain.publicClient.waitForTransactionReceipt({ hash })
  return hash
}

describe.skipIf(!isInstalled)('a tool of a real server', () => {
  beforeAll(async () => {
    servers = (await import(`${folder}servers.mjs`)) as Servers
    chain = await startChain()
    facilitator = await startFacilitator(chain)
  })
  afterAll(async () => {
    await facilitator?.close()
    await chain?.stop()
  })

  test.each(['startAgents', 'startX402Mcp', 'startMppx'] as const)('is paid once, and settled: %s', async (start) => {
    const recipient = privateKeyToAddress(generatePrivateKey())
    const server = await servers[start]({ facilitator: facilitator.url, recipient, settle })
    const payer = await chain.createPayer(1_000_000n)
    const wallet = createAgentWallet({
      keyStore: privateKey(payer.privateKey),
      policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 1 })],
      protocols: [x402(), x402V1(), mpp()],
    })
    const client = new Client({ name: 'agent', version: '1.0.0' })
    await client.connect(new StreamableHTTPClientTransport(new URL(server.url)))

    const tools = withPayments(client, wallet)
    const result = await tools.callTool({ name: 'forecast', arguments: { city: 'Oslo' } })

    const transfers = await chain.transfersFrom(payer.address)
    await client.close()
    await server.close()
    expect(result.content).toEqual([{ type: 'text', text: 'clear' }])
    expect(transfers).toMatchObject([{ to: recipient, value: price }])
    const transaction = transfers[0]?.transaction
    expect(getToolPayment(result)).toMatchObject({ status: 'claimed', receipt: { transaction } })
    expect(server.sales()).toBe(1)
    expect(await spentBy(wallet)).toBe(price)
  })
})

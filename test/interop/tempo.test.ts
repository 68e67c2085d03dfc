import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { allowHosts, type AgentWalletOptions, createAgentWallet, getPayment, memoryLedger } from 'stipend'
import { evm } from 'stipend/evm'
import { account, privateKey } from 'stipend/keys'
import { getToolPayment, withPayments } from 'stipend/mcp'
import { mpp } from 'stipend/mpp'
import { chargeTempo } from 'stipend/tempo'
import { generatePrivateKey, privateKeyToAccount, privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTempo, type TempoNode } from '../support/tempo.ts'
import { rejection } from '../support/wallets.ts'

type Server = { readonly url: string; readonly sales: () => number; readonly close: () => Promise<void> }

/** The server is heavy, and has a folder of its own: `npm run test:dialects` installs it. */
const folder = fileURLToPath(new URL('../mcp/dialects/', import.meta.url))
const isInstalled = existsSync(`${folder}node_modules/mppx/package.json`)

describe.skipIf(!isInstalled)("a wallet at a server of mppx's own that charges on Tempo", () => {
  let node: TempoNode
  let sponsoring: Server
  let other: Server
  let tool: Server
  const recipient = privateKeyToAddress(generatePrivateKey())

  beforeAll(async () => {
    node = await startTempo()
    const { startMppxTempo, startMppxTempoTool } = await import(`${folder}tempo-server.mjs`)
    const where = { rpcUrl: node.url, recipient }
    sponsoring = await startMppxTempo({ ...where, feePayerKey: node.funderKey })
    other = await startMppxTempo(where)
    tool = await startMppxTempoTool({ ...where, feePayerKey: node.funderKey })
  })
  afterAll(async () => {
    await sponsoring?.close()
    await other?.close()
    await tool?.close()
    await node?.stop()
  })

  /** A wallet with a dollar of a key of its own. */
  async function setUp(options: Partial<AgentWalletOptions> = {}) {
    const key = generatePrivateKey()
    const payer = privateKeyToAddress(key)
    await node.fund(payer, 1_000_000n)
    const wallet = createAgentWallet({
      keyStore: privateKey(key),
      policy: [allowHosts(['http://127.0.0.1:*'])],
      protocols: [mpp()],
      schemes: [chargeTempo({ maxFeeMicroUsd: 30_000n })],
      chains: [evm({ network: 'eip155:42431', clients: [node] })],
      ...options,
    })
    const received = await node.balanceOf(recipient)
    /** What has left the payer since, and what of it came. */
    const moved = async () => {
      const [left, came] = await Promise.all([node.balanceOf(payer), node.balanceOf(recipient)])
      return { left: 1_000_000n - left, came: came - received }
    }
    return { wallet, moved, key }
  }

  test('pays exactly the amount, and no fee where the server pays that', async () => {
    const { wallet, moved } = await setUp()
    const response = await wallet.fetch(sponsoring.url)
    expect([response.status, await response.json()]).toEqual([200, { sky: 'clear' }])
    expect(await moved()).toEqual({ left: 10_000n, came: 10_000n })
    const { receipt } = getPayment(response) ?? {}
    expect(await node.statusOf(receipt?.transaction as never)).toBe('0x1')
    await node.finalize()
    await wallet.reconcile()
    const [payment] = await wallet.payments.list()
    expect(payment).toMatchObject({ status: 'confirmed', receipt: { transaction: receipt?.transaction } })
    expect(await wallet.frozen()).toBeUndefined()
  })

  test('pays the fee too, within what its owner allows, where the server does not', async () => {
    const { wallet, moved } = await setUp()
    const response = await wallet.fetch(other.url)
    expect([response.status, getPayment(response)?.microUsd]).toEqual([200, 40_000n])
    const { left, came } = await moved()
    expect([came, left > 10_000n, left <= 40_000n]).toEqual([10_000n, true, true])
    await node.finalize()
    await wallet.reconcile()
    expect((await wallet.payments.list()).map(({ status }) => status)).toEqual(['confirmed'])
    expect(await wallet.frozen()).toBeUndefined()
  })

  test("pays with an account of viem's", async () => {
    const { key } = await setUp()
    const { wallet } = await setUp({ keyStore: account(privateKeyToAccount(key)) })
    for (const { url } of [sponsoring, other]) expect((await wallet.fetch(url)).status).toBe(200)
  })

  test('pays for a tool of MCP', async () => {
    const { wallet, moved } = await setUp()
    const client = new Client({ name: 'agent', version: '1.0.0' })
    await client.connect(new StreamableHTTPClientTransport(new URL(tool.url)))
    const result = await withPayments(client, wallet).callTool({ name: 'forecast', arguments: { city: 'Oslo' } })
    await client.close()
    expect([result.content, getToolPayment(result)?.status]).toEqual([[{ type: 'text', text: 'clear' }], 'claimed'])
    expect([await moved(), tool.sales()]).toEqual([{ left: 10_000n, came: 10_000n }, 1])
  })

  test('pays many at once, each of them once', async () => {
    const { wallet, moved } = await setUp()
    const urls = Array.from({ length: 8 }, (_, number) => `${sponsoring.url}?${number}`)
    const responses = await Promise.all(urls.map((url) => wallet.fetch(url)))
    expect(responses.map(({ status }) => status)).toEqual(urls.map(() => 200))
    expect(await moved()).toEqual({ left: 80_000n, came: 80_000n })
  })

  test('does not pay twice where the answer was lost, and finds on chain that it is paid', async () => {
    let isLost = true
    const lossy: typeof fetch = async (...request) => {
      const response = await fetch(...request)
      if (response.status === 402 || !isLost) return response
      isLost = false
      throw new TypeError('the connection broke')
    }
    const { wallet, moved } = await setUp({ ledger: memoryLedger(), fetch: lossy })
    expect(await rejection(wallet.fetch(sponsoring.url))).toMatchObject({ code: 'payment_outcome_unknown' })
    // The server takes each transfer once.
    expect(await rejection(wallet.fetch(sponsoring.url))).toMatchObject({ code: 'payment_rejected', moved: 'maybe' })
    await node.finalize()
    await wallet.reconcile()
    expect(await moved()).toEqual({ left: 10_000n, came: 10_000n })
    expect((await wallet.payments.list()).map(({ status }) => status)).toEqual(['confirmed'])
  })
})

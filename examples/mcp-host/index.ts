/**
 * An MCP host gives its model a wallet over stdio, and pays for a tool of another MCP server from the same budget. The
 * chain, the token, the official facilitator, the shop and both MCP servers run on this machine, in processes of their own.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { allowHosts, createAgentWallet, formatUsd, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import { getToolPayment, withPayments } from 'stipend/mcp'
import { sqliteLedger } from 'stipend/sqlite'
import { box } from '../support/draw.ts'
import { openMarket } from '../support/market.ts'
import { play } from '../support/play.ts'

const dailyUsd = '0.035'
const forecaster = '0x00000000000000000000000000000000000F0Ca5'

/** Starts an MCP server, and connects to it as a host does. */
async function connect(args: readonly string[], env: Record<string, string> = {}): Promise<Client> {
  const client = new Client({ name: 'host', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [...args], env, stderr: 'inherit' }))
  return client
}

play(
  'an MCP host with a wallet',
  async () => {
    const market = await openMarket({ report: { price: '$0.01', goods: { report: 'tin is up' } } })
    const folder = mkdtempSync(join(tmpdir(), 'stipend-mcp-host-'))
    const { chain, agent, shops, facilitator } = market
    const url = `${shops.report.url}/paid`
    const ledger = sqliteLedger(join(folder, 'agent.db'))
    const clients: Client[] = []
    try {
      const stipend = await connect(['-e', "import('stipend/mcp/stdio')"], {
        STIPEND_KEY: agent.privateKey,
        STIPEND_LEDGER: join(folder, 'agent.db'),
        STIPEND_HOSTS: 'http://127.0.0.1:*',
        STIPEND_DAILY_USD: dailyUsd,
      })
      clients.push(stipend)
      const call = async (name: string): Promise<Record<string, unknown>> =>
        Object((await stipend.callTool({ name, arguments: { url } })).structuredContent)

      const quoted = await call('quote')
      assert.equal(quoted['payableUsd'], '$0.01')
      assert.equal(await chain.balanceOf(agent.address), 5_000_000n, 'asking costs nothing')
      const bought = await call('pay_fetch')
      assert.deepEqual(JSON.parse(String(bought['untrustedBody'])), { report: 'tin is up' })
      assert.equal(await chain.balanceOf(shops.report.payTo), 10_000n, 'the shop has its cent')

      const file = fileURLToPath(new URL('forecast.ts', import.meta.url))
      const weather = await connect([file, facilitator.url, forecaster])
      clients.push(weather)
      const wallet = createAgentWallet({
        keyStore: privateKey(agent.privateKey),
        policy: [allowHosts(['weather.mcp.invalid']), spendingLimit({ dailyLimitUsd: dailyUsd })],
        ledger,
      })
      const tools = withPayments(weather, wallet, { server: 'weather' })
      const forecast = await tools.callTool({ name: 'forecast', arguments: { city: 'Oslo' } })
      const payment = getToolPayment(forecast)
      const [, transfer, ...others] = await chain.transfersFrom(agent.address)
      assert.deepEqual(forecast.content, [{ type: 'text', text: 'The sky over Oslo will be clear.' }])
      assert(transfer && others.length === 0, 'there are two transfers on the chain')
      assert.equal(payment?.receipt?.transaction, transfer.transaction, 'the receipt names the second')
      assert.equal(await chain.balanceOf(forecaster), 20_000n, 'the forecaster has its two cents')

      const refused = await call('pay_fetch')
      assert.equal(refused['code'], 'limit_exceeded')
      assert.equal(await chain.balanceOf(agent.address), 4_970_000n, 'nothing more has moved')

      const reason = String(refused['explanation']).split('\n').at(1)?.trim() ?? ''
      console.log(
        `\n${box('What the host bought', [
          ['quote', `GET ${url}: ${String(quoted['payableUsd'])}`],
          ['pay_fetch', String(bought['explanation']), 'good'],
          ['forecast', `${formatUsd(payment.microUsd)} to ${payment.resource.url}`, 'good'],
          ['on chain', transfer.transaction],
          ['pay_fetch', `refused: ${reason}`, 'bad'],
        ])}`,
      )
    } finally {
      for (const client of clients) await client.close()
      ledger.close()
      rmSync(folder, { recursive: true })
      await market.close()
    }
  },
  'A page and a tool were paid from one budget, over stdio, and a third purchase was refused.',
)

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest'
import {
  createMcpServer,
  getToolPayment,
  type McpClient,
  type McpServerOptions,
  type PayingMcpClient,
  type ToolResult,
  withPayments,
} from 'stipend/mcp'
import { z } from 'zod'
import { type AgentWallet, allowHosts, type Payer, type ResponsePayment, type Session } from '../../src/index.js'
import { listen } from '../support/listen.ts'
import { createPaidTool, type PaidTool } from '../support/paid-tools.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** Serves a paid tool over HTTP, to clients of either line. */
async function serve(paid: PaidTool): Promise<URL> {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'https://bank.example', version: '1.0.0' })
    const inputSchema = z.object({ city: z.string() })
    server.registerTool('forecast', { inputSchema }, (args, { mcpReq: { _meta: meta } }) => paid.answer(args, meta))
    return server
  })
  const { url, close } = await listen((request) => handler.fetch(request))
  closers.push(close)
  return new URL('/mcp?token=secret', url)
}

const info = { name: 'agent', version: '1.0.0' }
const oslo = { name: 'forecast', arguments: { city: 'Oslo' } }

const clients = {
  'of the current line': async (url: URL) => {
    const client = new Client(info, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new StreamableHTTPClientTransport(url))
    return client
  },
  'of the current line that speaks as the older': async (url: URL) => {
    const client = new Client(info)
    await client.connect(new StreamableHTTPClientTransport(url))
    return client
  },
  'of the older line': async (url: URL) => {
    const client = new ClientV1(info)
    await client.connect(new HttpV1(url) as never)
    return client
  },
} satisfies Record<string, (url: URL) => Promise<McpClient & { readonly close: () => Promise<void> }>>

describe.each(Object.entries(clients))('over HTTP, a client %s', (_, connect) => {
  test('pays the tool at the URL that its transport reaches', async () => {
    const paid = createPaidTool()
    const url = await serve(paid)
    const client = await connect(url)
    closers.push(() => client.close())
    const wallet = createTestWallet({ policy: [allowHosts([url.origin])] })
    const result = await withPayments(client, wallet).callTool(oslo)
    expect(getToolPayment(result)).toMatchObject({
      status: 'claimed',
      resource: { url: `${url.origin}/mcp/tools/forecast`, host: url.host },
    })
    expect(paid.till.settled).toBe(10_000n)
  })

  test('does not pay one whose URL is not allowed, whatever the server calls itself', async () => {
    const paid = createPaidTool()
    const url = await serve(paid)
    const client = await connect(url)
    closers.push(() => client.close())
    const wallet = createTestWallet({ policy: [allowHosts(['bank.example', 'weather.mcp.invalid'])] })
    for (const server of [undefined, 'weather', 'https://bank.example/mcp']) {
      const error = await rejection(withPayments(client, wallet, { server }).callTool(oslo))
      expect(error).toMatchObject({ code: server === undefined ? 'payment_denied' : 'configuration_invalid' })
    }
    expect([wallet.signed, paid.till.settled]).toEqual([[], 0n])
  })
})

test('the public face has the types that it says', () => {
  expectTypeOf<Client>().toExtend<McpClient>()
  expectTypeOf<ClientV1>().toExtend<McpClient>()
  expectTypeOf<AgentWallet>().toExtend<Payer>()
  expectTypeOf(withPayments).returns.toEqualTypeOf<PayingMcpClient>()
  expectTypeOf(withPayments).parameter(1).toEqualTypeOf<Payer>()
  expectTypeOf<PayingMcpClient['callTool']>().returns.resolves.toEqualTypeOf<ToolResult>()
  expectTypeOf(getToolPayment).returns.toEqualTypeOf<ResponsePayment | undefined>()
  expectTypeOf(createMcpServer).parameter(0).toEqualTypeOf<AgentWallet | Session>()
  expectTypeOf(createMcpServer).returns.toEqualTypeOf<McpServer>()
  expectTypeOf<AgentWallet['approvals']>().toExtend<NonNullable<McpServerOptions['approvals']>>()
  expectTypeOf<Session['approvals']>().not.toExtend<NonNullable<McpServerOptions['approvals']>>()
  expect(typeof createMcpServer).toBe('function')
})

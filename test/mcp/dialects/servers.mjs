// Real servers of a paid tool, each of which sells `forecast` for a cent. Needs `npm install --legacy-peer-deps` here.
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { withX402 } from 'agents/x402'
import { Method } from 'mppx'
import { Methods } from 'mppx/evm'
import { Mppx, Transport } from 'mppx/server'
import { createPaidMcpHandler } from 'x402-mcp'
import { z } from 'zod'
import { z as z3 } from 'zod/v3'

const goods = { content: [{ type: 'text', text: 'clear' }] }

async function serve(fetch) {
  const server = createServer(getRequestListener(fetch))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${server.address().port}/mcp`, close }
}

/** Cloudflare's. */
export async function startAgents({ facilitator, recipient }) {
  let sales = 0
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'weather', version: '1.0.0' })
    const paid = withX402(server, { network: 'eip155:84532', recipient, facilitator: { url: facilitator } })
    paid.paidTool('forecast', 'Says what the sky will be.', 0.01, { city: z.string() }, {}, async () => {
      sales += 1
      return structuredClone(goods)
    })
    return server
  })
  return { ...(await serve((request) => handler.fetch(request))), sales: () => sales }
}

/** That of the package x402-mcp, which speaks version 1. */
export async function startX402Mcp({ facilitator, recipient }) {
  let sales = 0
  const handler = createPaidMcpHandler(
    (server) => {
      server.paidTool(
        'forecast',
        'Says what the sky will be.',
        { price: 0.01 },
        { city: z3.string() },
        {},
        async () => {
          sales += 1
          return structuredClone(goods)
        },
      )
    },
    {},
    { network: 'base-sepolia', recipient, facilitator: { url: facilitator }, basePath: '', disableSse: true },
  )
  return { ...(await serve(handler)), sales: () => sales }
}

/** That of MPP, by a charge on Base Sepolia that a function settles. */
export async function startMppx({ recipient, settle }) {
  let sales = 0
  const charge = Method.toServer(Methods.charge, {
    defaults: { chainId: 84532, currency: usdc, credentialTypes: ['authorization'], decimals: 6, recipient },
    verify: async ({ credential }) => {
      const reference = await settle(credential.payload)
      return { method: 'evm', reference, status: 'success', timestamp: new Date().toISOString() }
    },
  })
  const payment = Mppx.create({ methods: [charge], transport: Transport.mcpSdk(), secretKey, realm: 'weather' })
  const createServer = () => {
    const server = new McpServerV1({ name: 'weather', version: '1.0.0' })
    server.registerTool('forecast', { inputSchema: { city: z.string() } }, async (_args, extra) => {
      const result = await payment.charge({ amount: '0.01' })(extra)
      if (result.status === 402) throw result.challenge
      sales += 1
      return result.withReceipt(structuredClone(goods))
    })
    return server
  }
  const fetch = async (request) => {
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
    await createServer().connect(transport)
    return transport.handleRequest(request)
  }
  return { ...(await serve(fetch)), sales: () => sales }
}

const usdc = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
const secretKey = 'test-secret-key-at-least-32-bytes-long!!'

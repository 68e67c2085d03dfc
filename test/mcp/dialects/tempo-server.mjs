import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { Store } from 'mppx'
import { Mppx, tempo, Transport } from 'mppx/server'
import { createClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { tempoModerato } from 'viem/tempo/chains'
import { z } from 'zod'

const options = { secretKey: 'test-secret-key-at-least-32-bytes-long!!', realm: 'api.example.com' }

/** Sells for pathUSD; given the key of somebody who pays the fee, it pays that too. */
const chargeOf = ({ rpcUrl, recipient, feePayerKey }) =>
  tempo.charge({
    currency: '0x20c0000000000000000000000000000000000000',
    recipient,
    getClient: () => createClient({ chain: tempoModerato, transport: http(rpcUrl) }),
    store: Store.memory(),
    ...(feePayerKey && { feePayer: privateKeyToAccount(feePayerKey) }),
  })

async function serve(fetch) {
  const server = createServer(getRequestListener(fetch))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${server.address().port}/sky`, close }
}

/** mppx over HTTP, selling for a cent. */
export async function startMppxTempo(where) {
  const mppx = Mppx.create({ methods: [chargeOf(where)], ...options })
  let sales = 0
  const answer = async (request) => {
    const asked = await mppx.charge({ amount: '0.01', chainId: 42431 })(request)
    if (asked.status === 402) return asked.challenge
    sales += 1
    return asked.withReceipt(Response.json({ sky: 'clear' }))
  }
  return { ...(await serve(answer)), sales: () => sales }
}

/** mppx in a tool of MCP, selling for a cent. */
export async function startMppxTempoTool(where) {
  const mppx = Mppx.create({ methods: [chargeOf(where)], transport: Transport.mcpSdk(), ...options })
  let sales = 0
  const answer = async (request) => {
    const server = new McpServer({ name: 'weather', version: '1.0.0' })
    server.registerTool('forecast', { inputSchema: { city: z.string() } }, async (_args, extra) => {
      const asked = await mppx.charge({ amount: '0.01', chainId: 42431 })(extra)
      if (asked.status === 402) throw asked.challenge
      sales += 1
      return asked.withReceipt({ content: [{ type: 'text', text: 'clear' }] })
    })
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
    await server.connect(transport)
    return transport.handleRequest(request)
  }
  return { ...(await serve(answer)), sales: () => sales }
}

/**
 * An MCP server with one tool, which costs two cents a call: the official server part of x402 asks, verifies and
 * settles, by x402's MCP transport. Started over stdio with the facilitator's URL and who is paid.
 */
import { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { HTTPFacilitatorClient, x402ResourceServer } from '@x402/core/server'
import type { PaymentPayload } from '@x402/core/types'
import { ExactEvmScheme } from '@x402/evm/exact/server'
import { z } from 'zod'

const [url = '', payTo = ''] = process.argv.slice(2)
const network = 'eip155:84532'
const shop = new x402ResourceServer(new HTTPFacilitatorClient({ url })).register(network, new ExactEvmScheme())
await shop.initialize()
const [price] = await shop.buildPaymentRequirements({ scheme: 'exact', price: '$0.02', network, payTo })
const resource = { url: 'mcp://tool/forecast', description: 'A forecast', mimeType: 'application/json' }

async function ask(error: string): Promise<Record<string, unknown>> {
  return { ...(await shop.createPaymentRequiredResponse(price ? [price] : [], resource, error)) }
}

/** Takes the money before it hands out what was bought; answers the receipt, or why there is none. */
async function take(payment: PaymentPayload): Promise<{ readonly receipt: unknown } | { readonly error: string }> {
  if (!price) return { error: 'no price' }
  const verified = await shop.verifyPayment(payment, price)
  if (!verified.isValid) return { error: verified.invalidReason ?? 'invalid payment' }
  const receipt = await shop.settlePayment(payment, price)
  return receipt.success ? { receipt } : { error: receipt.errorReason ?? 'not settled' }
}

serveStdio(() => {
  const server = new McpServer({ name: 'weather', version: '1.0.0' })
  const inputSchema = z.object({ city: z.string() })
  server.registerTool(
    'forecast',
    { description: 'Says what the sky will be.', inputSchema },
    async ({ city }, { mcpReq: { _meta: meta } }) => {
      const { 'x402/payment': payment } = { ...meta }
      const taken = payment === undefined ? { error: 'Payment required' } : await take(payment as PaymentPayload)
      if ('error' in taken) {
        const required = await ask(taken.error)
        return {
          isError: true,
          structuredContent: required,
          content: [{ type: 'text', text: JSON.stringify(required) }],
        }
      }
      const content = [{ type: 'text' as const, text: `The sky over ${city} will be clear.` }]
      return { content, _meta: { 'x402/payment-response': taken.receipt } }
    },
  )
  return server
})

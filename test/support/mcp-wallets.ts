import { type McpClient, withPayments, type WithPaymentsOptions } from 'stipend/mcp'
import { allowHosts } from '../../src/index.js'
import type { PaidResourceOptions } from '../../src/testing/index.js'
import { type Answer, connect, createPaidTool } from './paid-tools.ts'
import { createTestWallet } from './wallets.ts'

export const oslo = { name: 'forecast', arguments: { city: 'Oslo' } }
export const policy = [allowHosts(['weather.mcp.invalid'])]
type Setup = PaidResourceOptions & {
  readonly change?: ((answer: Answer, isPaid: boolean) => Answer) | undefined
  readonly options?: WithPaymentsOptions | undefined
}
export const text = (value: unknown): Answer['content'] => [
  { type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) },
]

export async function setUp({ options, ...terms }: Setup = {}) {
  const paid = createPaidTool(terms)
  const scene = await connect(paid)
  const wallet = createTestWallet({ policy })
  return { paid, wallet, scene, tools: withPayments(scene.client, wallet, { server: 'weather', ...options }) }
}

/** The same tool behind no server's checks: what it answers is what the client gets. */
export function setUpBare(terms: Setup = {}) {
  const paid = createPaidTool(terms)
  const wallet = createTestWallet({ policy })
  const client: McpClient = {
    request: async ({ method, params: { arguments: args, _meta: meta } }) =>
      method === 'tools/list' ? { tools: [{ name: 'forecast' }] } : paid.answer(args, meta),
  }
  return { paid, wallet, tools: withPayments(client, wallet, { server: 'weather' }) }
}

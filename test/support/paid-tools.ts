import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport as PipeV1 } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer as ServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { paidResource, type PaidResource, type PaidResourceOptions } from '../../src/testing/index.js'
import type { McpClient } from 'stipend/mcp'

/** What a tool answers, as it is on the wire. */
export type Answer = {
  content: { type: 'text'; text: string }[]
  structuredContent?: Record<string, unknown>
  isError?: boolean
  _meta?: Record<string, unknown>
}

/** Asks and takes payments as x402's MCP transport has it, with a till that checks signatures. */
export type PaidTool = {
  /** Every call that came, with what was in its `_meta`. */
  readonly calls: { readonly args: unknown; readonly payment: unknown }[]
  readonly till: PaidResource
  readonly answer: (args: unknown, meta: Readonly<Record<string, unknown>> | undefined) => Promise<Answer>
}

/** How a paid tool asks and takes: as x402 has it, as `agents/x402` does, or as `x402-mcp` does. */
export type ToolDialect = 'official' | 'agents' | 'x402-mcp'

type PaidToolOptions = PaidResourceOptions & {
  readonly change?: ((answer: Answer, isPaid: boolean) => Answer) | undefined
  readonly dialect?: ToolDialect | undefined
}

/** Makes a paid tool, which a test can have answer otherwise than it should. */
export function createPaidTool(options: PaidToolOptions = {}): PaidTool {
  const { change = (answer) => answer, dialect = 'official', ...terms } = options
  const till = paidResource(terms)
  const isFirst = terms.version === 1
  const calls: { args: unknown; payment: unknown }[] = []
  const key = dialect === 'x402-mcp' ? 'x402.payment' : 'x402/payment'
  return {
    calls,
    till,
    answer: async (args, meta) => {
      const payment = meta?.[key]
      calls.push({ args, payment })
      // The one takes an object, and no text; the others text, and no object.
      const header = dialect === 'official' ? payment && encode(payment) : typeof payment === 'string' ? payment : ''
      const headers: Record<string, string> = header
        ? { [isFirst ? 'x-payment' : 'payment-signature']: String(header) }
        : {}
      const response = await till(new Request('https://till.example/forecast', { method: 'POST', headers }))
      return change(speak(dialect, await writeAnswer(response)), payment !== undefined)
    },
  }
}

/** Says the same in another dialect. */
function speak(dialect: ToolDialect, answer: Answer): Answer {
  const { structuredContent: asked, _meta: meta, ...rest } = answer
  if (dialect === 'official') return answer
  if (!answer.isError || asked === undefined) {
    const receipt = meta?.['x402/payment-response']
    return dialect === 'agents' || receipt === undefined
      ? answer
      : { ...answer, _meta: { 'x402.payment-response': receipt } }
  }
  if (dialect === 'agents') return { ...rest, _meta: { 'x402/error': asked } }
  const missed = asked['error'] === 'X-PAYMENT header is required' ? '_meta.x402.payment is required' : asked['error']
  const said = { ...asked, error: missed }
  return { ...rest, structuredContent: said, content: [{ type: 'text', text: JSON.stringify(said) }] }
}

async function writeAnswer(response: Response): Promise<Answer> {
  if (response.status === 402) {
    const header = response.headers.get('payment-required')
    const text = header === null ? await response.text() : Buffer.from(header, 'base64').toString()
    return { isError: true, structuredContent: JSON.parse(text), content: [{ type: 'text', text }] }
  }
  if (!response.ok) return { isError: true, content: [{ type: 'text', text: 'out of order' }] }
  const receipt = response.headers.get('payment-response') ?? response.headers.get('x-payment-response')
  const goods = { sky: 'clear' }
  return {
    structuredContent: goods,
    content: [{ type: 'text', text: JSON.stringify(goods) }],
    ...(receipt !== null && { _meta: { 'x402/payment-response': decode(receipt) } }),
  }
}

/** A connected client, and how to let go of it. */
export type Connected = { readonly client: McpClient; readonly close: () => Promise<void> }

type Registered = { readonly update: (updates: { description?: string }) => void }

/** A server of one paid tool and a free one, to which a client is connected in memory. */
export type Scene = Connected & { readonly tool: Registered }

const input = z.object({ city: z.string() })
const output = z.object({ sky: z.string() })
const config = { description: 'Says what the sky will be.', inputSchema: input, outputSchema: output }

/** Connects a client of the current line to a server of it. */
export async function connect(paid: PaidTool, name = 'forecast'): Promise<Scene> {
  const server = new McpServer({ name: 'weather', version: '1.0.0' })
  const tool = server.registerTool(name, config, (args, { mcpReq: { _meta: meta } }) => paid.answer(args, meta))
  server.registerTool('ping', { description: 'Answers.' }, () => ({ content: [{ type: 'text', text: 'pong' }] }))
  const client = new Client({ name: 'agent', version: '1.0.0' })
  const [here, there] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(there), client.connect(here)])
  return { client, tool, close: () => client.close() }
}

/** Connects a client of the older line to a server of it. */
export async function connectV1(paid: PaidTool): Promise<Scene> {
  const server = createServerV1(paid)
  const client = new ClientV1({ name: 'agent', version: '1.0.0' })
  const [here, there] = PipeV1.createLinkedPair()
  await Promise.all([server.server.connect(there), client.connect(here)])
  return { client, tool: server.tool, close: () => client.close() }
}

/** Connects a client of the current line to a server of the older one. */
export async function connectToV1(paid: PaidTool): Promise<Scene> {
  const { server, tool } = createServerV1(paid)
  const client = new Client({ name: 'agent', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  const [here, there] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(there as never), client.connect(here)])
  return { client, tool, close: () => client.close() }
}

function createServerV1(paid: PaidTool): { readonly server: ServerV1; readonly tool: Registered } {
  const server = new ServerV1({ name: 'weather', version: '1.0.0' })
  const shapes = { ...config, inputSchema: input.shape, outputSchema: output.shape }
  const tool = server.registerTool('forecast', shapes, (args, { _meta: meta }) => paid.answer(args, meta))
  server.registerTool('ping', { description: 'Answers.' }, () => ({ content: [{ type: 'text', text: 'pong' }] }))
  return { server, tool }
}

function encode(message: unknown): string {
  return Buffer.from(JSON.stringify(message)).toString('base64')
}

function decode(header: string): unknown {
  return JSON.parse(Buffer.from(header, 'base64').toString())
}

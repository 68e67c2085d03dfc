import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import type { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'

/** What a person at a host answers to a question. */
export type Reply = {
  readonly action: 'accept' | 'decline' | 'cancel'
  readonly content?: Record<string, boolean | string>
}

/** A host, and its person. */
export type Host = {
  readonly call: (name: string, args?: Record<string, unknown>) => Promise<Called>
  readonly read: (uri: string) => Promise<unknown>
  readonly tools: () => Promise<
    readonly { readonly name: string; readonly inputSchema: unknown; readonly annotations?: unknown }[]
  >
  readonly guide: () => Promise<string>
  /** What the person was asked. */
  readonly questions: readonly string[]
  /** How often the server has asked, whether or not anybody heard it. */
  readonly asked: () => number
  /** The client itself, of whichever line. */
  readonly client: Client | ClientV1
  readonly close: () => Promise<void>
}

/** What a tool answered. */
export type Called = { readonly isError: boolean; readonly answer: Record<string, unknown>; readonly text: string }

/** What a host is like: the line of its client, and whether and how its person answers. */
export type HostOptions = {
  readonly line?: 'modern' | 'legacy' | 'v1'
  readonly person?: ((question: string) => Reply) | undefined
  /** Says that it can ask its person, and has nothing that would. */
  readonly isDeaf?: boolean | undefined
}

/** Connects a host to the servers that a function makes, as over stdio. */
export async function connectHost(
  create: () => McpServer,
  { line = 'modern', person, isDeaf = false }: HostOptions = {},
): Promise<Host> {
  const questions: string[] = []
  const reply = (question: string): Reply => {
    questions.push(question)
    return person?.(question) ?? { action: 'cancel' }
  }
  const capabilities = person || isDeaf ? { elicitation: { form: {} } } : {}
  const [here, there] = InMemoryTransport.createLinkedPair()
  const served = serveStdio(create, { transport: there })
  const info = { name: 'host', version: '1.0.0' }
  const client =
    line === 'v1'
      ? new ClientV1(info, { capabilities })
      : new Client(info, { capabilities, versionNegotiation: { mode: line === 'modern' ? 'auto' : 'legacy' } })
  if (person) listen(client, reply)
  await client.connect(here as never)
  let asked = 0
  const deliver = here.onmessage
  const count: typeof deliver = (message, ...rest) => {
    if (/"elicitation\/create"/.test(JSON.stringify(message))) asked += 1
    deliver?.(message, ...rest)
  }
  Object.assign(here, { onmessage: count })
  const list = client.listTools.bind(client)
  return {
    client,
    questions,
    asked: () => asked,
    call: async (name, args = {}) => read(await client.callTool({ name, arguments: args })),
    read: async (uri) => {
      const [content] = (await client.readResource({ uri })).contents
      return JSON.parse(content && 'text' in content ? String(content.text) : '')
    },
    tools: async () => (await list()).tools,
    guide: async () => JSON.stringify((await client.getPrompt({ name: 'how-to-pay' })).messages),
    close: async () => {
      await client.close()
      await served.close()
    },
  }
}

function listen(client: Client | ClientV1, reply: (question: string) => Reply): void {
  if (client instanceof ClientV1) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({ ...reply(params.message) }))
  } else {
    client.setRequestHandler('elicitation/create', ({ params }) => ({ ...reply(params.message) }))
  }
}

function read(result: object): Called {
  const { isError, structuredContent, content } = result as Record<'isError' | 'structuredContent' | 'content', unknown>
  const [block] = content as { text: string }[]
  return { isError: isError === true, answer: Object(structuredContent), text: block?.text ?? '' }
}

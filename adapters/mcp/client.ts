import * as z from 'zod/mini'

/** The part of an MCP client that is called: that of `@modelcontextprotocol/client` and of `@modelcontextprotocol/sdk`. */
export type McpClient = {
  // A method, so that clients which know fewer requests than any fit too.
  request(request: McpRequest, resultSchema: ResultSchema, options?: McpCallOptions): Promise<unknown>
  readonly transport?: object | undefined
}

/** A request that an MCP client sends. */
export type McpRequest = {
  readonly method: 'tools/call' | 'tools/list'
  // Each line of the SDK has a type of its own for it.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly params: any
}

/** What a result is read by. */
export type ResultSchema = z.ZodMiniType<Readonly<Record<string, unknown>>>

/** What an MCP client is told about one request. */
export type McpCallOptions = {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds. @default what the client has */
  readonly timeout?: number | undefined
}

/** A call of a tool. */
export type ToolCallParams = {
  readonly name: string
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

/** What a tool answers, as it came. */
export type ToolResult = {
  readonly content?: readonly { readonly type: string; readonly [field: string]: unknown }[] | undefined
  readonly structuredContent?: unknown
  readonly isError?: boolean | undefined
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
  readonly [field: string]: unknown
}

/** What a server says of one of its tools. */
export type ToolDefinition = { readonly name: string; readonly [field: string]: unknown }

type ToolList = { readonly tools: readonly ToolDefinition[]; readonly nextCursor?: string | undefined }

/** Only as much as is needed: all else is handed over as it came. */
const toolResult: z.ZodMiniType<ToolResult> = z.looseObject({
  content: z.optional(z.array(z.looseObject({ type: z.string() }))),
  structuredContent: z.optional(z.unknown()),
  isError: z.optional(z.boolean()),
  _meta: z.optional(z.record(z.string(), z.unknown())),
})
const toolList: z.ZodMiniType<ToolList> = z.looseObject({
  tools: z.array(z.looseObject({ name: z.string() })),
  nextCursor: z.optional(z.string()),
})

const maxPages = 64

/**
 * Calls a tool. The client's own `callTool` is not used: it throws where an answer does not fit the tool's output schema,
 * which a 402 need not, and which after a payment would hide what it bought.
 */
export async function callTool(
  client: McpClient,
  params: ToolCallParams,
  options: McpCallOptions,
): Promise<ToolResult> {
  return toolResult.parse(await client.request({ method: 'tools/call', params }, toolResult, options))
}

/** Lists a server's tools, all pages of them, up to a number that no honest server needs. */
export async function listTools(client: McpClient, options: McpCallOptions): Promise<readonly ToolDefinition[]> {
  const tools: ToolDefinition[] = []
  let cursor: string | undefined
  for (let page = 0; page < maxPages; page++) {
    const params = cursor === undefined ? {} : { cursor }
    const list = toolList.parse(await client.request({ method: 'tools/list', params }, toolList, options))
    tools.push(...list.tools)
    cursor = list.nextCursor
    if (cursor === undefined) break
  }
  return tools
}

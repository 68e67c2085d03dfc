import type {
  CallToolResult,
  InputRequiredResult,
  McpServer,
  ServerContext,
  ToolAnnotations,
} from '@modelcontextprotocol/server'
import { isStipendError, type Random } from 'stipend'
import type { ToolAnswer, Approver, PaymentTools, ToolCall } from 'stipend/tools'
import type * as z from 'zod/mini'
import { writeResult } from './answer.js'
import { askFirst, canAsk, createQuestions } from './ask-first.js'
import { describeSchema } from './schema.js'

/** What the tools of a server are made of. */
export type ToolKit = {
  readonly tools: PaymentTools
  readonly approvals: Approver | undefined
  readonly random: Random
}

type Tool = {
  readonly name: string
  readonly description: string
  readonly inputSchema: z.ZodMiniType
  readonly outputSchema: z.ZodMiniType
  readonly execute: (input: unknown, call?: ToolCall) => Promise<ToolAnswer>
}

type Work = (input: unknown, context: ServerContext) => Promise<CallToolResult | InputRequiredResult>

const looks: ToolAnnotations = { readOnlyHint: true, openWorldHint: false }
/** What is looked for leaves for the facilitator. */
const finds: ToolAnnotations = { readOnlyHint: true, openWorldHint: true }
/** A request that is sent unpaid is sent all the same: a free one does what it does. */
const sends: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
  openWorldHint: true,
}

/** Registers the payment tools. */
export function registerTools(server: McpServer, { tools, approvals, random }: ToolKit): void {
  const {
    pay_fetch: payFetch,
    quote,
    budget,
    payments,
    approval_status: approvalStatus,
    find_services: findServices,
    addresses,
    balances,
    ...actions
  } = tools
  const quotes = [actions.quote_swap, actions.quote_supply, actions.quote_withdraw, actions.quote_bridge]
  const questions = createQuestions()
  register(server, payFetch, {
    annotations: sends,
    work: async (input, context) =>
      approvals && canAsk(server, context)
        ? askFirst(input, context, { server, tool: payFetch, approvals, random, questions })
        : plainly(payFetch)(input, context),
  })
  register(server, quote, { annotations: sends, work: plainly(quote) })
  if (findServices) register(server, findServices, { annotations: finds, work: plainly(findServices) })
  for (const tool of [actions.swap, actions.supply, actions.withdraw, actions.bridge]) {
    if (tool) register(server, tool, { annotations: sends, work: plainly(tool) })
  }
  for (const tool of [budget, payments, approvalStatus, addresses, balances, ...quotes]) {
    if (tool) register(server, tool, { annotations: looks, work: plainly(tool) })
  }
}

function register(
  server: McpServer,
  { name, description, inputSchema, outputSchema }: Tool,
  { annotations, work }: { readonly annotations: ToolAnnotations; readonly work: Work },
): void {
  const schemas = { inputSchema: describeSchema(inputSchema), outputSchema: describeSchema(outputSchema) }
  server.registerTool(name, { description, ...schemas, annotations }, (input: unknown, context: ServerContext) =>
    guarded(work, input, context),
  )
}

function plainly({ execute }: Tool): Work {
  return async (input, { mcpReq: { signal } }) => writeResult(await execute(input, { signal }))
}

/** The tools answer for whatever comes of a payment; what still fails, fails before one, and its words stay here. */
async function guarded(work: Work, input: unknown, context: ServerContext): ReturnType<Work> {
  try {
    return await work(input, context)
  } catch (error) {
    if (context.mcpReq.signal.aborted) throw error
    const code = isStipendError(error) ? error.code : 'internal_error'
    return writeResult({ status: 'failed', code, explanation: 'Wallet could not answer; this call paid nothing.' })
  }
}

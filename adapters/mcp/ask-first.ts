import {
  acceptedContent,
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  type InputRequiredResult,
  inputResponse,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { bytesToHex } from '@noble/hashes/utils'
import type { Random } from 'stipend'
import { type Approver, callKey, describeApproval, type PayFetchTool } from 'stipend/tools'
import * as z from 'zod/mini'
import { writeResult } from './answer.js'

/** What is needed to put a payment to the person at the host. */
export type AskKit = { readonly tool: PayFetchTool; readonly approvals: Approver; readonly random: Random }

const question = 'approval'
/** No approval has this id: a call that goes on with it asks nobody. */
const nobody = 'apr_'
const stateShape = z.string().check(z.regex(/^call_[0-9a-f]{32}$/))
const ownKey = z.object({ key: z.string() })
const consent = z.object({ approve: z.boolean() })
const elicitation = z.object({
  elicitation: z.looseObject({ form: z.optional(z.unknown()), url: z.optional(z.unknown()) }),
})

/** Whether the host can put a question to its person. */
export function canAsk(server: McpServer, { mcpReq: { envelope } }: ServerContext): boolean {
  const carried: Readonly<Record<string, unknown>> = { ...envelope }
  const declared = carried[CLIENT_CAPABILITIES_META_KEY] ?? server.server.getClientCapabilities()
  const read = elicitation.safeParse(declared)
  // A host that says no more than that it can ask has forms.
  return read.success && (read.data.elicitation.form !== undefined || read.data.elicitation.url === undefined)
}

/**
 * Pays at once what needs nobody, and puts what needs a person to the person at the host.
 *
 * The state that goes to the host and back is the name of the call and nothing else: what was asked for under it is in
 * the ledger, bound to its terms and used up by one payment. So a state that is made up approves nothing, and one that is
 * sent again, to this process or another, is the same purchase.
 */
export async function askFirst(
  input: unknown,
  { mcpReq }: ServerContext,
  kit: AskKit,
): Promise<CallToolResult | InputRequiredResult> {
  const { signal, inputResponses } = mcpReq
  const state = stateShape.safeParse(mcpReq.requestState())
  const key = state.success ? state.data : keyOf(input, kit)
  const answered = inputResponse(inputResponses, question)
  if (!state.success || answered.kind !== 'elicit') return ask(input, { key, signal }, kit)
  if (acceptedContent(inputResponses, question, consent)?.approve === true) {
    return writeResult(await kit.tool.executeApproved(input, { key, signal }, kit.approvals))
  }
  const asked = await kit.tool.ask(input, { key, signal })
  if (asked) await kit.approvals.deny(asked.id)
  const explanation = 'The person at the host said no, or nothing; this call paid nothing. Do without it.'
  return writeResult({ status: 'denied', code: 'payment_denied', explanation })
}

type AskOptions = { readonly key: string; readonly signal: AbortSignal }

async function ask(
  input: unknown,
  { key, signal }: AskOptions,
  { tool }: AskKit,
): Promise<CallToolResult | InputRequiredResult> {
  // Without a key of ours, so that the same request again is not bought again while its outcome is unknown.
  const result = await tool.execute(input, { signal, approval: nobody })
  // What stands of the purchase can be told before the refusal.
  if (result.status !== 'denied' && result.code !== 'payment_denied') return writeResult(result)
  const approval = await tool.ask(input, { key, signal })
  if (!approval) return writeResult(isNamed(input) ? await tool.execute(input, { signal }) : result)
  const message = describeApproval(approval)
  return inputRequired({
    requestState: key,
    inputRequests: { [question]: inputRequired.elicit({ message, requestedSchema: form }) },
  })
}

const form = {
  type: 'object' as const,
  properties: { approve: { type: 'boolean' as const, title: 'Approve this payment', default: false } },
  required: ['approve'],
}

/** The same purchase has the same question; a purchase without a name is one of its own. */
function keyOf(input: unknown, { random }: AskKit): string {
  const named = ownKey.safeParse(input)
  return named.success ? callKey('mcp', named.data.key) : callKey(bytesToHex(random(32)))
}

function isNamed(input: unknown): boolean {
  return ownKey.safeParse(input).success
}

import { forgetOldest } from '../../src/lib/recent.js'
import {
  acceptedContent,
  type CallToolResult,
  type ElicitResult,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  type InputRequiredResult,
  inputResponse,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { bytesToHex } from '@noble/hashes/utils'
import type { Random } from 'stipend'
import { type Approver, callKey, describeApproval, type PayFetchTool, type ToolAnswer } from 'stipend/tools'
import * as z from 'zod/mini'
import { writeResult } from './answer.js'
import { comparableJson } from './comparable-json.js'

/** What is needed to put a payment to the person at the host. */
export type AskKit = {
  readonly server: McpServer
  readonly tool: PayFetchTool
  readonly approvals: Approver
  readonly random: Random
  readonly questions: Questions
}

/** The questions of a connection that nobody has answered, by what was asked: the names of their calls. */
export type Questions = Map<string, string>

/** Creates the memory of a connection's questions. */
export function createQuestions(): Questions {
  return new Map()
}

const question = 'approval'
const maxQuestions = 100
/** A person may take their time. */
const answerMs = 600_000
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
  const call = { key, signal }
  if (state.success && answered.kind === 'elicit') {
    const content = acceptedContent(inputResponses, question, consent)
    return writeResult(await conclude(input, content?.approve === true, call, kit))
  }
  // A host that comes back without an answer had a question and nobody to put it to.
  const open = state.success ? undefined : findOpen(input, kit)
  if (open !== undefined) return writeResult(await kit.tool.execute(input, { key: open, signal }))
  const asked = await ask(input, call, kit)
  if (typeof asked !== 'string') return asked
  remember(kit.questions, nameOf(input), key)
  return mcpReq.envelope ? requireInput(asked, key) : elicit(asked, input, { mcpReq, call, kit })
}

/** Goes on once a person has answered. */
async function conclude(input: unknown, isApproved: boolean, call: AskOptions, kit: AskKit): Promise<ToolAnswer> {
  kit.questions.delete(nameOf(input))
  if (isApproved) return kit.tool.executeApproved(input, call, kit.approvals)
  const asked = await kit.tool.ask(input, call)
  if (asked) await kit.approvals.deny(asked.id)
  const explanation = 'The person at the host said no, or nothing; this call paid nothing. Do without it.'
  return { status: 'denied', code: 'payment_denied', explanation }
}

/** Asks by an answer to the call, which the host then makes again. */
function requireInput(message: string, key: string): InputRequiredResult {
  return inputRequired({
    requestState: key,
    inputRequests: { [question]: inputRequired.elicit({ message, requestedSchema: form }) },
  })
}

type Asking = { readonly mcpReq: ServerContext['mcpReq']; readonly call: AskOptions; readonly kit: AskKit }

/** Asks by a request to a host of the older kind. One that says it can ask, and cannot, leaves the payment waiting. */
async function elicit(message: string, input: unknown, { mcpReq, call, kit }: Asking): Promise<CallToolResult> {
  let reply: ElicitResult
  try {
    const params = { mode: 'form', message, requestedSchema: form } as const
    const options = { relatedRequestId: mcpReq.id, timeout: answerMs, signal: call.signal }
    reply = await kit.server.server.request({ method: 'elicitation/create', params }, options)
  } catch (error) {
    if (call.signal.aborted) throw error
    return writeResult(await kit.tool.execute(input, call))
  }
  const read = consent.safeParse(reply.content)
  return writeResult(await conclude(input, reply.action === 'accept' && read.success && read.data.approve, call, kit))
}

function remember(questions: Questions, name: string, key: string): void {
  questions.set(name, key)
  forgetOldest(questions, maxQuestions)
}

/** A model that was told the key of a call that waits asks for the same purchase by it. */
function findOpen(input: unknown, { questions }: AskKit): string | undefined {
  const named = ownKey.safeParse(input)
  const isOf = (key: string): boolean => named.success && named.data.key.startsWith(`${key}.`)
  return questions.get(nameOf(input)) ?? [...questions.values()].find(isOf)
}

function nameOf(input: unknown): string {
  return comparableJson(input) ?? ''
}

type AskOptions = { readonly key: string; readonly signal: AbortSignal }

/** Answers what a person has to be asked; where nobody has to be, what became of the call. */
async function ask(input: unknown, { key, signal }: AskOptions, { tool }: AskKit): Promise<CallToolResult | string> {
  // Without a key of ours, so that the same request again is not bought again while its outcome is unknown.
  const result = await tool.execute(input, { signal, approval: nobody })
  // What stands of the purchase can be told before the refusal.
  if (result.status !== 'denied' && result.code !== 'payment_denied') return writeResult(result)
  const approval = await tool.ask(input, { key, signal })
  if (!approval) return writeResult(isNamed(input) ? await tool.execute(input, { signal }) : result)
  return describeApproval(approval)
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

import type { ModelMessage } from 'ai'

/** What the SDK says of a call, before it runs and when it does. */
export type SdkCall = {
  readonly toolCallId: string
  readonly messages: readonly ModelMessage[]
  readonly abortSignal?: AbortSignal | undefined
}

/** Answers the SDK's id of a request for approval of a call, as the history has it; a history can be made up. */
export function findRequest({ toolCallId, messages }: SdkCall): string | undefined {
  // The id of a call can be that of an earlier one too: the latest is meant.
  return requestsIn(messages).findLast((request) => request.toolCallId === toolCallId)?.approvalId
}

type Request = { readonly approvalId: string; readonly toolCallId: string }

/** The requests for approval that are a person's to answer. */
function requestsIn(messages: readonly ModelMessage[]): readonly Request[] {
  return messages.flatMap(({ role, content }) =>
    role !== 'assistant' || typeof content === 'string'
      ? []
      : content.flatMap((part) => (part.type === 'tool-approval-request' && !isAutomatic(part) ? [part] : [])),
  )
}

function isAutomatic(part: object): boolean {
  return Reflect.get(part, 'isAutomatic') === true
}

/** Whether the history has a person's yes to a call. What the yes is to, and whether it was ever asked, the ledger knows. */
export function isApproved(call: SdkCall): boolean {
  const request = findRequest(call)
  const last = call.messages.at(-1)
  if (request === undefined || last?.role !== 'tool') return false
  return last.content.some(
    (part) => part.type === 'tool-approval-response' && part.approvalId === request && part.approved,
  )
}

/** The calls that a person has said no to last, by their ids. */
export function findDenied(messages: readonly ModelMessage[]): readonly string[] {
  const denied = new Set(
    messages.flatMap(({ role, content }) =>
      role !== 'tool'
        ? []
        : content.flatMap((part) =>
            part.type === 'tool-approval-response' && !part.approved ? [part.approvalId] : [],
          ),
    ),
  )
  if (denied.size === 0) return []
  const latest = new Map(requestsIn(messages).map(({ toolCallId, approvalId }) => [toolCallId, approvalId]))
  return [...latest].flatMap(([toolCallId, approvalId]) => (denied.has(approvalId) ? [toolCallId] : []))
}

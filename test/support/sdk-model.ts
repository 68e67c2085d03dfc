import { generateText, isStepCount, type ModelMessage, type ToolApprovalResponse } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { walletTools } from 'stipend/ai-sdk'
import type { AgentWallet, Session } from '../../src/index.js'

export const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
}
export const say = (text: string) => ({
  content: [{ type: 'text' as const, text }],
  finishReason: { unified: 'stop' as const, raw: undefined },
  usage,
  warnings: [],
})
export const call = (toolCallId: string, input: unknown, toolName = 'pay_fetch') => ({
  content: [{ type: 'tool-call' as const, toolCallId, toolName, input: JSON.stringify(input) }],
  finishReason: { unified: 'tool-calls' as const, raw: undefined },
  usage,
  warnings: [],
})
export const user: ModelMessage[] = [{ role: 'user', content: 'Buy the report.' }]
export const answer = (approvalId = '', approved = true): ModelMessage => ({
  role: 'tool',
  content: [{ type: 'tool-approval-response', approvalId, approved } satisfies ToolApprovalResponse],
})

/** One turn of a conversation: the model does as scripted, the history goes on. */
export async function turn(
  owner: AgentWallet | Session,
  messages: ModelMessage[],
  script: ReturnType<typeof say | typeof call>[],
  {
    approvals,
    secret,
    conversation = 'chat',
  }: { readonly approvals?: AgentWallet['approvals']; readonly secret?: string; readonly conversation?: string } = {},
) {
  const result = await generateText({
    model: new MockLanguageModelV4({ doGenerate: script }),
    messages,
    ...walletTools(owner, { approvals, conversation }),
    ...(secret && { experimental_toolApprovalSecret: secret }),
    stopWhen: isStepCount(5),
  })
  const history: ModelMessage[] = JSON.parse(JSON.stringify([...messages, ...result.responseMessages]))
  const request = result.content.find((part) => part.type === 'tool-approval-request')
  const outputs = history.flatMap(({ role, content }) =>
    role === 'tool' ? content.flatMap((part) => (part.type === 'tool-result' ? [part.output] : [])) : [],
  )
  return { result, history, request, outputs: outputs.map((output) => Object(output).value ?? output) }
}

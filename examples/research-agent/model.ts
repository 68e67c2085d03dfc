/**
 * A model that runs here: a function from what its tools have answered to what it does next. It trusts everybody and
 * asks for everything, so what it is not sold, the wallet has refused.
 */
import { MockLanguageModelV4 } from 'ai/test'
import * as z from 'zod/mini'

type Generate = MockLanguageModelV4['doGenerate']
type Prompt = Parameters<Generate>[0]['prompt']
type Turn = Awaited<ReturnType<Generate>>
type Call = {
  readonly id: string
  readonly tool: 'find_services' | 'pay_fetch' | 'quote'
  readonly input: Readonly<Record<string, unknown>>
}
/** What the tools have answered so far, by the id of the call. */
type Answers = ReadonlyMap<string, unknown>

const foundAnswer = z.object({
  status: z.literal('ok'),
  services: z.array(z.object({ untrustedName: z.string(), url: z.string() })),
})
const quoteAnswer = z.object({ status: z.literal('ok'), offers: z.array(z.object({ priceUsd: z.string() })) })
const boughtAnswer = z.object({
  status: z.literal('ok'),
  untrustedBody: z.string(),
  payment: z.object({ amountUsd: z.string() }),
})
const refusedAnswer = z.object({ status: z.literal('denied'), code: z.string() })
const goods = z.object({ finding: z.string() })

type Service = z.infer<typeof foundAnswer>['services'][number]

/** Makes the model; an answer that it cannot read ends the run. */
export function createResearcher(): MockLanguageModelV4 {
  return new MockLanguageModelV4({ doGenerate: async ({ prompt }) => decide(readAnswers(prompt)) })
}

function decide(answers: Answers): Turn {
  const found = answers.get('search')
  if (found === undefined) return call([{ id: 'search', tool: 'find_services', input: { query: 'bronze' } }])
  const { services } = foundAnswer.parse(found)
  const names = services.map(({ untrustedName }) => untrustedName)
  const isAnswered = (step: string): boolean => names.every((name) => answers.has(`${step}-${name}`))
  if (!isAnswered('quote')) {
    return call(
      services.map(({ untrustedName, url }) => ({ id: `quote-${untrustedName}`, tool: 'quote', input: { url } })),
    )
  }
  if (!isAnswered('buy')) return call(services.map((service) => buy(service, answers)))
  return say(names.map((name) => report(name, answers.get(`buy-${name}`))).join('\n'))
}

/** It buys for what it was quoted, and not for more. */
function buy({ untrustedName, url }: Service, answers: Answers): Call {
  const [offer] = quoteAnswer.parse(answers.get(`quote-${untrustedName}`)).offers
  return { id: `buy-${untrustedName}`, tool: 'pay_fetch', input: { url, maxUsd: offer?.priceUsd } }
}

function report(name: string, answer: unknown): string {
  const bought = boughtAnswer.safeParse(answer)
  if (!bought.success) return `Not heard: ${name} (${refusedAnswer.parse(answer).code}).`
  const { untrustedBody, payment } = bought.data
  return `${goods.parse(JSON.parse(untrustedBody)).finding} (${name}, ${payment.amountUsd})`
}

function readAnswers(prompt: Prompt): Answers {
  const parts = prompt.flatMap(({ role, content }) => (role === 'tool' ? content : []))
  return new Map(
    parts.flatMap((part) =>
      part.type === 'tool-result' && part.output.type === 'json' ? [[part.toolCallId, part.output.value]] : [],
    ),
  )
}

function call(calls: readonly Call[]): Turn {
  const content = calls.map(({ id, tool, input }) => {
    return { type: 'tool-call' as const, toolCallId: id, toolName: tool, input: JSON.stringify(input) }
  })
  return { content, finishReason: { unified: 'tool-calls', raw: undefined }, usage, warnings: [] }
}

function say(text: string): Turn {
  return { content: [{ type: 'text', text }], finishReason: { unified: 'stop', raw: undefined }, usage, warnings: [] }
}

const usage: Turn['usage'] = {
  inputTokens: { total: 0, noCache: 0, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 0, text: 0, reasoning: undefined },
}

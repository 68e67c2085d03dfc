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
  readonly tool: 'pay_fetch' | 'quote'
  readonly input: Readonly<Record<string, unknown>>
}
/** What the tools have answered so far, by the id of the call. */
type Answers = ReadonlyMap<string, unknown>

const pageAnswer = z.object({ status: z.literal('ok'), untrustedBody: z.string() })
const directory = z.object({ providers: z.array(z.object({ name: z.string(), url: z.string() })) })
const quoteAnswer = z.object({ status: z.literal('ok'), offers: z.array(z.object({ priceUsd: z.string() })) })
const boughtAnswer = z.object({
  status: z.literal('ok'),
  untrustedBody: z.string(),
  payment: z.object({ amountUsd: z.string() }),
})
const refusedAnswer = z.object({ status: z.literal('denied'), code: z.string() })
const goods = z.object({ finding: z.string() })

type Provider = z.infer<typeof directory>['providers'][number]

/** Makes the model; an answer that it cannot read ends the run. */
export function createResearcher(): MockLanguageModelV4 {
  return new MockLanguageModelV4({ doGenerate: async ({ prompt }) => decide(prompt, readAnswers(prompt)) })
}

function decide(prompt: Prompt, answers: Answers): Turn {
  const page = answers.get('directory')
  if (page === undefined) return call([{ id: 'directory', tool: 'pay_fetch', input: { url: readTask(prompt) } }])
  const { providers } = directory.parse(JSON.parse(pageAnswer.parse(page).untrustedBody))
  const isAnswered = (step: string): boolean => providers.every(({ name }) => answers.has(`${step}-${name}`))
  if (!isAnswered('quote')) {
    return call(providers.map(({ name, url }) => ({ id: `quote-${name}`, tool: 'quote', input: { url } })))
  }
  if (!isAnswered('buy')) return call(providers.map((provider) => buy(provider, answers)))
  return say(providers.map(({ name }) => report(name, answers.get(`buy-${name}`))).join('\n'))
}

/** It buys for what it was quoted, and not for more. */
function buy({ name, url }: Provider, answers: Answers): Call {
  const [offer] = quoteAnswer.parse(answers.get(`quote-${name}`)).offers
  return { id: `buy-${name}`, tool: 'pay_fetch', input: { url, maxUsd: offer?.priceUsd } }
}

function report(name: string, answer: unknown): string {
  const bought = boughtAnswer.safeParse(answer)
  if (!bought.success) return `Not heard: ${name} (${refusedAnswer.parse(answer).code}).`
  const { untrustedBody, payment } = bought.data
  return `${goods.parse(JSON.parse(untrustedBody)).finding} (${name}, ${payment.amountUsd})`
}

/** The task names where to start. */
function readTask(prompt: Prompt): string {
  const parts = prompt.flatMap(({ role, content }) => (role === 'user' ? content : []))
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
  return z.string().parse(/http:\S+/.exec(text)?.[0])
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

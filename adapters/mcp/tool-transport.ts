import { getPayment, NoPayableOfferError, type ResponsePayment } from 'stipend'
import { callTool, type McpCallOptions, type McpClient, type ToolCallParams, type ToolResult } from './client.js'
import { readPayment, writeAnswer, writeChallenge } from './messages.js'
import { type Asked, readAsked, readAskedError } from './offer.js'

const payments = new WeakMap<ToolResult, ResponsePayment>()

/** An authorization lives for fifteen minutes at most (`maxValiditySeconds`), and nothing settles it a minute after. */
const paidTimeoutMs = 960_000

/** Answers the payment that a tool's result was bought with, or `undefined` when it was not paid for. */
export function getToolPayment(result: ToolResult): ResponsePayment | undefined {
  return payments.get(result)
}

/** What came of a call: a result, or what is asked for it in a result or an error. */
type Outcome =
  | { readonly result: ToolResult; readonly asked: undefined }
  | { readonly result: ToolResult; readonly asked: Asked }
  | { readonly error: unknown; readonly asked: Asked }

/** Calls a tool, and reads whether it asks for a payment. */
export async function ask(client: McpClient, params: ToolCallParams, settings: McpCallOptions): Promise<Outcome> {
  let result: ToolResult
  try {
    result = await callTool(client, params, settings)
  } catch (error) {
    const asked = readAskedError(error)
    if (asked === undefined) throw error
    return { error, asked }
  }
  const asked = readAsked(result)
  return asked === undefined ? { result, asked } : { result, asked }
}

type Calling = {
  readonly client: McpClient
  readonly params: ToolCallParams
  readonly settings: McpCallOptions
}

type ToolTransport = {
  /** Answers the first time what the tool has asked already, and calls it once more with the payment. */
  readonly fetch: typeof globalThis.fetch
  /** Hands over what a response stands for. */
  readonly hand: (response: Response) => ToolResult
}

/** Stands between the fetch that pays and a tool, and translates. */
export function createToolTransport(
  first: Outcome & { readonly asked: Asked },
  { client, params, settings }: Calling,
): ToolTransport {
  const outcomes = new WeakMap<Response, Outcome>()
  const { dialect } = first.asked
  const { _meta: meta } = params
  return {
    fetch: async (_url, init) => {
      const payment = readPayment(new Headers(init?.headers), dialect)
      const paid = { ...params, _meta: { ...meta, [dialect.paymentKey]: payment } }
      const patient = { timeout: paidTimeoutMs, ...settings, signal: init?.signal ?? undefined }
      const outcome = payment === undefined ? first : await ask(client, paid, patient)
      const response = outcome.asked ? writeChallenge(outcome.asked) : writeAnswer(outcome.result, dialect)
      outcomes.set(response, outcome)
      return response
    },
    hand: (response) => {
      const outcome = outcomes.get(response) ?? first
      // Nothing was paid: no protocol knows what is asked.
      if (outcome.asked?.type === 'mpp') throw unspoken()
      if ('error' in outcome) throw outcome.error
      const payment = getPayment(response)
      if (payment) payments.set(outcome.result, payment)
      return outcome.result
    },
  }
}

function unspoken(): NoPayableOfferError {
  return new NoPayableOfferError([
    { index: 0, reason: 'the tool asks by MPP, and no protocol of the wallet reads it: add mpp() of stipend/mpp' },
  ])
}

import { wireJson } from '../../src/lib/canonical-json.js'
import { type OptionNames, refuseMisspelt, refuseUnknown } from '../../src/lib/known-options.js'
import {
  type Labels,
  NoPayableOfferError,
  type Payer,
  type PaymentOptions,
  UnpayableRequestError,
  wrapFetch,
} from 'stipend'
import { agentUrl } from './agent-url.js'
import { type A2AClient, send, type SendParams, type SendSettings } from './client.js'
import { keys, readAsked, withExtension } from './messages.js'
import { createTaskTransport } from './task-transport.js'

const optionNames: OptionNames<WithPaymentsOptions> = { agent: true, labels: true }
const paymentNames: OptionNames<Omit<PaymentOptions, 'ahead'>> = {
  key: true,
  maxUsd: true,
  labels: true,
  repeatable: true,
}

/** Options of `withPayments`. */
export type WithPaymentsOptions = {
  /**
   * The URL that messages are sent to, and that `allowHosts` judges; compared with that of the client's transport.
   *
   * @default the URL of the transport
   */
  readonly agent?: string | undefined
  /** Words that every payment made through it is filed under. */
  readonly labels?: Labels | undefined
}

type ParamsOf<client extends A2AClient> = Parameters<client['sendMessage']>[0]
type SettingsOf<client extends A2AClient> = Parameters<client['sendMessage']>[1]

/** What one message may add: a name for the purchase, a cap of its own, and what the client takes. */
export type PayingMessageOptions<client extends A2AClient = A2AClient> = SettingsOf<client> & {
  readonly payment?: Omit<PaymentOptions, 'ahead'> | undefined
}

/** An A2A client whose tasks are paid for if they must be. */
export type PayingA2AClient<client extends A2AClient = A2AClient> = {
  /** Sends a message, and pays if its task asks for it; what the agent answers is handed over as it came. */
  readonly sendMessage: (
    params: ParamsOf<client>,
    options?: PayingMessageOptions<client>,
  ) => ReturnType<client['sendMessage']>
}

/**
 * Makes a client of A2A pay for the tasks of agents that ask for it by the x402 extension (v0.2), under the rules of a wallet
 * or a session: a task is judged, recorded and signed for as a URL is, and its answer is what a response is to `wrapFetch`.
 *
 * What is paid for is the URL that messages are sent to, such as `https://agent.example.com/a2a`, which
 * `allowHosts(['agent.example.com'])` allows. The message is part of the purchase, so that an approval is of exactly it.
 *
 * What is thrown instead of an answer is a `StipendError`, as with `wrapFetch`, or the client's own error where nothing
 * was paid.
 *
 * @throws ConfigurationError when the agent has no URL, or another than is said.
 *
 * @example
 * ```ts
 * import type { AgentWallet } from 'stipend'
 * import { type A2AClient, getTaskPayment, withPayments } from 'stipend/a2a'
 *
 * declare const wallet: AgentWallet
 * declare const client: A2AClient // await new ClientFactory().createFromUrl('https://agent.example.com')
 * declare const message: never // { message: { messageId, role, parts: [{ content: { $case: 'text', value: 'Why?' } }] } }
 * const agent = withPayments(client, wallet)
 * const task = await agent.sendMessage(message)
 * console.log(task, getTaskPayment(task)?.receipt?.transaction)
 * ```
 */
export function withPayments<client extends A2AClient>(
  client: client,
  payer: Payer,
  options: WithPaymentsOptions = {},
): PayingA2AClient<client> {
  refuseUnknown('withPayments', options, optionNames)
  const { agent, labels } = options
  agentUrl(client, agent)
  const sendMessage = async (
    given: SendParams,
    { payment, ...own }: SendSettings & { readonly payment?: Omit<PaymentOptions, 'ahead'> | undefined } = {},
  ): Promise<object> => {
    if (payment) refuseUnknown('payment', payment, paymentNames)
    refuseMisspelt('the options of sendMessage', own, 'payment')
    const params = copyParams(given)
    const settings = withExtension(own)
    const answer = await send(client, params, settings)
    const asked = readAsked(answer)
    if (!asked) return answer
    if (asked.offer === undefined) throw unsaid()
    const transport = createTaskTransport({ answer, asked }, { client, params, settings })
    const { messageId: _, ...message } = params.message ?? {}
    const { signal = null } = settings
    const response = await wrapFetch(transport.fetch, payer, { labels })(agentUrl(client, agent), {
      method: 'POST',
      body: wireJson(message),
      signal,
      // Each message is another question to the same agent.
      payment: { ...payment, ahead: false },
    })
    return transport.hand(response)
  }
  return Object.freeze({ sendMessage }) as unknown as PayingA2AClient<client>
}

function unsaid(): NoPayableOfferError {
  return new NoPayableOfferError([
    { index: 0, reason: 'the agent asks for a payment, and does not say which in its metadata' },
  ])
}

/** What is sent twice must be the same twice, whatever the caller does with its own meanwhile. */
function copyParams(params: SendParams): SendParams {
  const metadata = Object(params?.message?.metadata)
  if (Object.values(keys).some((key) => Object.hasOwn(metadata, key)))
    throw new UnpayableRequestError('Message already has a payment of its own; nothing was sent')
  try {
    return structuredClone(params)
  } catch (cause) {
    throw new UnpayableRequestError('Message cannot be sent twice: it is not plain data', { cause })
  }
}

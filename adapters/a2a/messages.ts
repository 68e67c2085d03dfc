import { decodeBase64, encodeBase64 } from '../../src/lib/base64.js'
import type { Answer, Message, SendParams, SendSettings } from './client.js'

/** The extension of A2A by which agents ask for payments, and are paid, in the metadata of messages. */
export const extension = 'https://github.com/google-agentic-commerce/a2a-x402/blob/main/spec/v0.2'

/** The keys of its metadata. */
export const keys = {
  status: 'x402.payment.status',
  required: 'x402.payment.required',
  payload: 'x402.payment.payload',
  receipts: 'x402.payment.receipts',
  error: 'x402.payment.error',
} as const

const header = 'A2A-Extensions'

/** What a task asks to be paid, and where the payment goes; of an agent that does not say it in the metadata, nothing to read. */
export type Asked = {
  readonly offer: string | undefined
  readonly taskId: string
  readonly contextId: string | undefined
}

/** The states of a task, as the protocol's lines write them. */
const states = {
  done: [3, 'completed', 'TASK_STATE_COMPLETED'],
  failed: [
    4,
    5,
    7,
    'failed',
    'canceled',
    'rejected',
    'TASK_STATE_FAILED',
    'TASK_STATE_CANCELED',
    'TASK_STATE_REJECTED',
  ],
  waiting: [6, 'input-required', 'TASK_STATE_INPUT_REQUIRED'],
} as const satisfies Readonly<Record<string, readonly unknown[]>>

function isIn(state: unknown, list: readonly unknown[]): boolean {
  return list.includes(state)
}

/** Reads what an answer asks to be paid; of one that asks nothing, nothing. */
export function readAsked(answer: Answer): Asked | undefined {
  const { id, contextId, status } = answer
  const metadata = metadataOf(answer)
  if (metadata[keys.status] !== 'payment-required' || !isIn(status?.state, states.waiting)) return undefined
  const required = metadata[keys.required]
  const offer = typeof required === 'object' && required !== null ? JSON.stringify(required) : undefined
  return { offer, taskId: String(id), contextId }
}

/** Writes what is asked as the 402 that the protocols read; of x402, version 1 is a body, and else it is a header. */
export function writeChallenge({ offer = '' }: Asked): Response {
  const { x402Version } = JSON.parse(offer) as { readonly x402Version?: unknown }
  return x402Version === 1
    ? new Response(offer, { status: 402 })
    : new Response(null, { status: 402, headers: { 'PAYMENT-REQUIRED': encodeBase64(offer) } })
}

/** Writes the answer to a payment as the one that the protocols read a receipt from: the last one of its list. */
export function writeAnswer(answer: Answer): Response {
  const metadata = metadataOf(answer)
  const receipts = metadata[keys.receipts]
  const receipt: unknown = Array.isArray(receipts) ? receipts.at(-1) : undefined
  const headers = receipt === undefined ? {} : receiptHeaders(receipt)
  const isRefused = metadata[keys.status] === 'payment-failed' || Object(receipt).success === false
  if (isRefused) return new Response(writeError(metadata[keys.error]), { status: 402, headers })
  return new Response(null, { status: statusOf(answer, metadata), headers })
}

function statusOf({ status }: Answer, metadata: Readonly<Record<string, unknown>>): number {
  if (isIn(status?.state, states.failed)) return 500
  const isPaid = metadata[keys.status] === 'payment-completed'
  // A message in place of a task is an answer too; a task that is still at it has said nothing yet.
  return isPaid || status === undefined || isIn(status.state, states.done) ? 200 : 503
}

function receiptHeaders(receipt: unknown): Readonly<Record<string, string>> {
  const written = encodeBase64(JSON.stringify(receipt))
  return { 'PAYMENT-RESPONSE': written, 'X-PAYMENT-RESPONSE': written }
}

function writeError(error: unknown): string | null {
  return typeof error === 'string' ? JSON.stringify({ error }) : null
}

/** Reads the payment that a protocol attached, as an agent takes it. */
export function readPayment(headers: Headers): unknown {
  const written = headers.get('PAYMENT-SIGNATURE') ?? headers.get('X-PAYMENT')
  return written === null ? undefined : JSON.parse(decodeBase64(written) ?? 'null')
}

/** Writes the message that pays for a task. */
export function writePaid(params: SendParams, { taskId, contextId }: Asked, payment: unknown): SendParams {
  const { messageId, parts = [], metadata, extensions = [], ...message } = params.message ?? {}
  const text = 'The payment for this task.'
  // The older line of the protocol tells parts apart by a field, the newer by which field they have.
  const isOld = parts.some((part) => 'kind' in part)
  const part = isOld
    ? { kind: 'text', text }
    : { content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: '' }
  const paid: Message = {
    ...message,
    messageId: `${messageId ?? taskId}-payment`,
    taskId,
    ...(contextId !== undefined && { contextId }),
    parts: [part],
    metadata: { ...metadata, [keys.status]: 'payment-submitted', [keys.payload]: payment },
    extensions: [...new Set([...extensions, extension])],
  }
  return { ...params, message: paid }
}

/** Tells an agent that the extension is understood, besides whichever others are. */
export function withExtension({ serviceParameters = {}, ...settings }: SendSettings): SendSettings {
  const name = Object.keys(serviceParameters).find((one) => one.toLowerCase().endsWith('a2a-extensions')) ?? header
  const known = (serviceParameters[name] ?? '').split(',').map((one) => one.trim())
  const all = [...new Set([...known.filter((one) => one !== ''), extension])].join(', ')
  return { ...settings, serviceParameters: { ...serviceParameters, [name]: all } }
}

/** An agent says it in the message of the task's status, or in a message of its own. */
function metadataOf({ status, metadata }: Answer): Readonly<Record<string, unknown>> {
  return Object(status?.message?.metadata ?? metadata)
}

import {
  getPayment,
  isStipendError,
  PaymentOutcomeUnknownError,
  reportUndelivered,
  type ResponsePayment,
  type Session,
} from 'stipend'
import { base64 } from '@scure/base'
import * as z from 'zod/mini'
import { type Fetched, fetched, keepBought, recallBought } from './bought.js'
import { readDestination } from './destination.js'
import { writePayment } from './problem.js'
import { decodeUtf8 } from '../../src/lib/bytes.js'
import { readStream } from '../../src/lib/read-stream.js'
import { RefusedError, refuseInput } from './refused.js'
import { createRoute, notFound, type Route } from './route.js'
import { labels, nothing, usd } from './schema.js'
import type { Service } from './service.js'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
/** Headers that belong to a connection, which is ours. */
const ofConnection = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
])
/** What says how the body was sent to us, which is not how it is passed on. */
const ofTransfer = new Set(['connection', 'content-encoding', 'content-length', 'keep-alive', 'transfer-encoding'])

const body = z.strictObject({
  url: z.string().check(z.minLength(1), z.maxLength(8192)),
  method: z.optional(z.enum(methods)),
  headers: z.optional(
    z.record(
      z.string().check(z.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/)),
      z.string().check(z.regex(/^[\t\x20-\x7e]{0,8192}$/)),
    ),
  ),
  /** Text as it is, anything else as JSON. */
  body: z.optional(z.unknown()),
  bodyBase64: z.optional(z.string().check(z.regex(/^[A-Za-z0-9+/]*={0,2}$/))),
  payment: z.optional(
    z.strictObject({
      key: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
      maxUsd: z.optional(usd),
      labels: z.optional(labels),
      repeatable: z.optional(z.boolean()),
    }),
  ),
})
type Body = z.output<typeof body>

/** The route that fetches, and pays if it must. */
export const fetchRoute: Route = createRoute({
  method: 'POST',
  path: '/v1/x402/fetch',
  summary: 'Fetches a URL, and pays for it if it must. Redirects are answered, not followed.',
  callers: ['session'],
  query: nothing,
  body,
  answer: fetched,
  run: async ({ caller, body: asked }, service) => {
    if (caller.kind !== 'session') throw notFound('There is no session')
    const url = readDestination(asked.url, service.internalHosts)
    const init = readInit(asked)
    const { session } = caller
    const bought = await recallBought(asked, session)
    if (bought) return bought
    await service.policies?.refresh()
    const response = await send(session, url, { ...init, redirect: 'manual' }, service).catch(
      async (error: unknown) => {
        throw (await standingOf(error, asked.payment?.key, session)) ?? error
      },
    )
    const answer = await readAnswer(response, service)
    // Whatever answers a payment that was taken before: only what is whole and good is what was bought.
    if (response.ok && isTaken(getPayment(response))) await keepBought(asked, session, answer)
    return answer
  },
})

type Init = NonNullable<Parameters<Session['fetch']>[1]>

function readInit({ method = 'GET', headers = {}, body: content, bodyBase64, payment: options }: Body): Init {
  const own = Object.keys(headers).find((name) => ofConnection.has(name.toLowerCase()))
  if (own !== undefined) throw refuseInput(`body.headers.${own}`, 'it belongs to the connection, and is set here')
  const isEmpty = (content === undefined || content === null) && bodyBase64 === undefined
  const init = { method, headers: new Headers(headers), payment: options }
  if (isEmpty) return init
  if (method === 'GET' || method === 'HEAD') throw refuseInput('body.body', `${method} has none`)
  if (content !== undefined && bodyBase64 !== undefined) throw refuseInput('body.bodyBase64', 'there is a body already')
  if (bodyBase64 !== undefined) return { ...init, body: decodeBase64(bodyBase64) }
  if (typeof content === 'string') return { ...init, body: content }
  if (!init.headers.has('content-type')) init.headers.set('content-type', 'application/json')
  return { ...init, body: JSON.stringify(content) }
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(base64.decode(text))
  } catch {
    throw refuseInput('body.bodyBase64', 'it is not padded base64')
  }
}

/** What is thrown by anything but the wallet came before it was asked: from there on it throws its own errors only. */
async function send(session: Session, url: URL, init: Init, { fetchSeconds }: Service): Promise<Response> {
  const signal = AbortSignal.timeout(fetchSeconds * 1000)
  try {
    return await session.fetch(url, { ...init, signal })
  } catch (cause) {
    if (isStipendError(cause)) throw cause
    const [code, sentence] = signal.aborted
      ? (['upstream_too_slow', `Server did not answer within ${fetchSeconds} s`] as const)
      : (['upstream_unreachable', `Server at ${url.host} could not be reached`] as const)
    throw new RefusedError(code, sentence, { status: signal.aborted ? 504 : 502, cause })
  }
}

/** What is said of a call that was refused must not be taken for what is known of its purchase. */
async function standingOf(
  refusal: unknown,
  purchaseKey: string | undefined,
  { payments }: Session,
): Promise<PaymentOutcomeUnknownError | undefined> {
  if (purchaseKey === undefined || !isStipendError(refusal) || refusal.moved === 'maybe' || 'approval' in refusal)
    return undefined
  const made = await payments.list({ purchaseKey, limit: 20 }).catch(() => [])
  const payment = made.find(({ status }) => status === 'unknown' || status === 'authorized')
  const [sentence] = refusal.message.split('\n')
  const reason = `an earlier call made it, and this one was refused: ${sentence}`
  return payment && new PaymentOutcomeUnknownError(payment, { reason, cause: refusal })
}

function isTaken(payment: ResponsePayment | undefined): boolean {
  return payment?.status === 'claimed' || payment?.status === 'confirmed'
}

async function readAnswer(response: Response, { maxAnswerBytes }: Service): Promise<Fetched> {
  const bytes = await readContent(response, maxAnswerBytes)
  const text = decodeUtf8(bytes)
  const paid = getPayment(response)
  return {
    status: response.status,
    headers: [...response.headers].filter(([name]) => !ofTransfer.has(name)),
    body: text ?? base64.encode(bytes),
    bodyEncoding: text === undefined ? 'base64' : 'utf-8',
    payment: paid && writePayment(paid),
  }
}

async function readContent(response: Response, maxBytes: number): Promise<Uint8Array> {
  if (!response.body) return new Uint8Array()
  const reader = response.body.getReader()
  const read = await readStream(reader, maxBytes).catch((cause: unknown) => {
    throw lost('answer_broken', 'Answer broke off', { response, cause })
  })
  if (read) return read
  reader.cancel().catch(() => {})
  // Nobody gets it: the next identical call is not to pay for it once more.
  await reportUndelivered(response)
  throw lost('answer_too_large', `Answer is over ${maxBytes} bytes`, { response })
}

type Lost = { readonly response: Response; readonly cause?: unknown }

function lost(code: string, sentence: string, { response, cause }: Lost): RefusedError {
  const payment = getPayment(response)
  return new RefusedError(code, sentence, { status: 502, details: payment && [payment.next], payment, cause })
}

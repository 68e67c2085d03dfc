import { type OptionNames, refuseUnknown } from '../../lib/known-options.js'
import { ConfigurationError } from '../../errors.js'
import { faultOf, isAnswerFault } from './faults.js'
import { type AnswerOptions, createAnswers, firstError } from './answers.js'
import { readTerms, type TermsOptions } from './terms.js'
import { createTestToken, type TestToken, type VerifiedPayment } from './token.js'
import { type SeenRequest, see } from './seen.js'
import { verify } from './verify.js'
import { decodeHeader, headersOf } from './wire.js'

/** Options of `paidResource`. */
export type PaidResourceOptions = TermsOptions &
  AnswerOptions & {
    /** What each payer has, in atomic units; who is not named has nothing. By default everybody has enough. */
    readonly balances?: Readonly<Record<string, bigint>> | undefined
    /**
     * Whether the very same payment is answered again, without taking the money again, instead of refused.
     *
     * @default false
     */
    readonly idempotent?: boolean | undefined
    /**
     * How many good payments are answered well before the fault begins.
     *
     * @default 0
     */
    readonly faultAfter?: number | undefined
    /**
     * How many good payments the fault meets; those that follow are answered well.
     *
     * @default Infinity
     */
    readonly faultTimes?: number | undefined
  }

const optionNames: OptionNames<PaidResourceOptions> = {
  amount: true,
  priceUsd: true,
  network: true,
  asset: true,
  payTo: true,
  version: true,
  maxTimeoutSeconds: true,
  description: true,
  extra: true,
  extensions: true,
  respond: true,
  accepts: true,
  fault: true,
  headers: true,
  clock: true,
  balances: true,
  idempotent: true,
  faultAfter: true,
  faultTimes: true,
}

/** A server of one paid resource, as a function from request to response, with a record of what came. */
export type PaidResource = ((request: Request) => Promise<Response>) & {
  /** Every request, paid or not, in the order in which they came. */
  readonly requests: readonly SeenRequest[]
  /** Every payment that passed verification, each once. */
  readonly payments: readonly VerifiedPayment[]
  /** The sum of what was taken, in atomic units. */
  readonly settled: bigint
  /** Forgets requests, payments, nonces and what was spent. */
  readonly reset: () => void
}

/**
 * Makes a server of one paid resource, which checks payments as real ones do, but without a chain: the signature, the
 * amount, the payee, the time and that no nonce comes twice. A refused payment is answered with a 402 and the official
 * error code.
 *
 * Give it to msw (`http.all(url, ({ request }) => server(request))`), to Hono
 * (`app.all('/report', (context) => server(context.req.raw))`), or to Node:
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { buffer } from 'node:stream/consumers'
 * import { paidResource } from 'stipend/testing'
 *
 * const report = paidResource({ priceUsd: '$0.01' })
 * createServer(async (incoming, outgoing) => {
 *   const { method = 'GET' } = incoming
 *   const body = method === 'GET' || method === 'HEAD' ? null : await buffer(incoming)
 *   const headers = incoming.headers as Record<string, string>
 *   const response = await report(new Request(`http://${headers['host']}${incoming.url}`, { method, headers, body }))
 *   outgoing.writeHead(response.status, Object.fromEntries(response.headers))
 *   outgoing.end(new Uint8Array(await response.arrayBuffer()))
 * }).listen(8402)
 * ```
 *
 * @throws ConfigurationError when an option is not usable.
 */
export function paidResource(options: PaidResourceOptions = {}): PaidResource {
  refuseUnknown('paidResource', options, optionNames)
  const { fault, faultAfter = 0, faultTimes = Number.POSITIVE_INFINITY, clock = Date.now, idempotent = false } = options
  if (fault !== undefined && !isAnswerFault(fault))
    throw new ConfigurationError(`Failed to read fault: ${fault} is not known`)
  const terms = readTerms(options)
  const token = createTestToken({ version: terms.version, idempotent, balances: options.balances })
  const requests: SeenRequest[] = []
  let good = 0

  const server = async (request: Request): Promise<Response> => {
    requests.push(await see(request))
    const { offers, ask, answerTo } = createAnswers(request, terms, options)
    const message = decodeHeader(request.headers.get(headersOf(terms.version).payment))
    if (!message) return ask(firstError(terms))
    // From here to the till nothing waits.
    const verdict = verify(message, offers, terms, clock())
    if ('error' in verdict) return ask(verdict.error)
    const active = faultOf(good >= faultAfter && good < faultAfter + faultTimes ? fault : undefined)
    const payment = token.take(verdict, active.settles)
    if ('error' in payment) return ask(payment.error)
    good += 1
    return active.answer(answerTo(payment))
  }
  const reset = (): void => {
    requests.length = 0
    good = 0
    token.reset()
  }
  return expose(server, { requests, token, reset })
}

type Exposed = { readonly requests: readonly SeenRequest[]; readonly token: TestToken; readonly reset: () => void }

function expose(server: (request: Request) => Promise<Response>, { requests, token, reset }: Exposed): PaidResource {
  const settled = (): bigint => token.payments.reduce((sum, one) => (one.settled ? sum + one.value : sum), 0n)
  Object.defineProperty(server, 'settled', { get: settled })
  return Object.assign(server, { requests, payments: token.payments, reset }) as PaidResource
}

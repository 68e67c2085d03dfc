import type { AnswerFaultName, AnswerScene } from './faults.js'
import type { VerifiedPayment } from './token.js'
import { encodeHeader, type Entry, headersOf, type Terms, writeEntry, writeRequired } from './wire.js'

/** What a paid resource does wrong with a payment that is good: as the faults of `mock402` that need no clock of a test. */
export type PaidResourceFault = Exclude<AnswerFaultName, 'settlement-pending' | 'slow-answer'>

/** How a paid resource answers. */
export type AnswerOptions = {
  /**
   * Delivers what was bought. The money is taken before it is called, so that an error of its own is charged too.
   *
   * @default a JSON response of `{ "ok": true }`
   */
  readonly respond?: ((request: Request, payment: VerifiedPayment) => Response | Promise<Response>) | undefined
  /**
   * Makes the list of offers from the one that it would make, to put others before, after or instead of it. Those in
   * the same token are taken like it; a payment for any other is refused.
   *
   * @default the one offer
   */
  readonly accepts?: ((offer: Entry) => readonly unknown[]) | undefined
  /** What it does wrong with payments that are good. By default nothing. */
  readonly fault?: PaidResourceFault | undefined
  /** Headers to add to each 402. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /**
   * The time in Unix milliseconds; also what the `Date` header of a 402 says.
   *
   * @default Date.now
   */
  readonly clock?: (() => number) | undefined
}

/** The answers to one request. */
type Answers = {
  /** The offers that are taken: those that are made, and those that a fault may make. */
  readonly offers: readonly unknown[]
  /** Asks for a payment, for this reason, and this many times the amount. */
  readonly ask: (error: string, times?: bigint) => Response
  /** What can be answered to a payment that is good. */
  readonly answerTo: (payment: VerifiedPayment) => AnswerScene
}

/** Prepares the answers to one request. */
export function createAnswers(request: Request, terms: Terms, options: AnswerOptions): Answers {
  const {
    accepts = (offer) => [offer],
    fault,
    headers = {},
    respond = () => Response.json({ ok: true }),
    clock = Date.now,
  } = options
  const offersOf = (times: bigint): readonly unknown[] =>
    accepts(writeEntry({ ...terms, amount: terms.amount * times }, request.url))
  const ask: Answers['ask'] = (error, times = 1n) => {
    const response = writeRequired(terms, { url: request.url, error, accepts: offersOf(times) })
    response.headers.set('Date', new Date(clock()).toUTCString())
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
    return response
  }
  const answerTo = (payment: VerifiedPayment): AnswerScene => ({
    request,
    earlier: 0,
    outlive: () => {},
    ask: (times) => ask(firstError(terms), times),
    deliver: async (receipt) =>
      addReceipt(await respond(request, payment), terms, writeReceipt(receipt, payment, terms)),
    fail: () => fail(payment, terms) ?? ask(failure),
  })
  const offers = [...offersOf(1n), ...(fault === 'settle-then-raise' ? offersOf(raise) : [])]
  return { offers, ask, answerTo }
}

/** Says what the first 402 says. */
export function firstError({ version }: Terms): string {
  return version === 2 ? 'Payment required' : 'X-PAYMENT header is required'
}

/** How many times the price a server asks that raises it. */
const raise = 10n
const failure = 'invalid_exact_evm_transaction_failed'

/** In v1 a payment that cannot be settled is asked for again. */
function fail({ from: payer }: VerifiedPayment, { version, network }: Terms): Response | undefined {
  if (version === 1) return undefined
  const receipt = encodeHeader({ success: false, errorReason: failure, payer, transaction: '', network })
  return Response.json(
    {},
    { status: 402, headers: { 'Cache-Control': 'no-store', [headersOf(version).receipt]: receipt } },
  )
}

function writeReceipt(
  change: Parameters<AnswerScene['deliver']>[0],
  { from: payer, transaction }: VerifiedPayment,
  { network }: Terms,
): string | undefined {
  return typeof change === 'object' ? encodeHeader({ success: true, payer, transaction, network, ...change }) : change
}

/** Headers of a response can be immutable, so that it has to be copied. */
function addReceipt(response: Response, { version }: Terms, receipt: string | undefined): Response {
  if (response.type === 'error') return response
  const { status, statusText } = response
  const headers = new Headers(response.headers)
  if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'private')
  if (receipt !== undefined) headers.set(headersOf(version).receipt, receipt)
  return new Response(response.body, { status, statusText, headers })
}

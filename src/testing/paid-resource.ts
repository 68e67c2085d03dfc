import { createAssetTable } from '../assets.js'
import type { Asset } from '../types.js'
import { type VerifiedPayment, verifyExact } from './verify.js'
import { decode, encode, isSameJson, type Wire, wireOf } from './wire.js'

/**
 * How a server misbehaves.
 *
 * - `always-402`: asks again, whatever is paid, and settles nothing
 * - `settle-then-402`: takes the money and asks again
 * - `settle-fails`: answers that settling failed: 402 with a receipt of no success and without an offer
 * - `settle-then-500`: takes the money and answers 500
 * - `settle-then-redirect`: takes the money and redirects to `https://elsewhere.test/`
 * - `settle-then-throw`: takes the money and throws, as a network error (in msw, answer `HttpResponse.error()`)
 * - `settle-then-hang`: takes the money and never answers
 * - `lying-receipt`: a receipt of another network
 * - `malformed-receipt`: a receipt that is none
 * - `no-receipt`: the answer, without a receipt
 */
export type PaidResourceFault =
  | 'always-402'
  | 'settle-then-402'
  | 'settle-fails'
  | 'settle-then-500'
  | 'settle-then-redirect'
  | 'settle-then-throw'
  | 'settle-then-hang'
  | 'lying-receipt'
  | 'malformed-receipt'
  | 'no-receipt'

/** Options of `paidResource`. */
export type PaidResourceOptions = {
  /** Atomic units. @default 10_000n, which is $0.01 in USDC */
  readonly amount?: bigint | undefined
  /** @default USDC on Base Sepolia */
  readonly asset?: Asset | undefined
  readonly payTo?: string | undefined
  /** The x402 version. @default 2 */
  readonly version?: 1 | 2 | undefined
  /** @default 60 */
  readonly maxTimeoutSeconds?: number | undefined
  readonly description?: string | undefined
  /** x402 extensions to declare. */
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
  /** Rewrites the list of offers, given the right one. */
  readonly accepts?: ((offer: Readonly<Record<string, unknown>>) => readonly unknown[]) | undefined
  /** More headers for the 402. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Answers a request that is paid. @default JSON of `{ ok: true }` */
  readonly respond?: ((request: Request, payment: VerifiedPayment) => Response | Promise<Response>) | undefined
  /** Answers the same payment sent again as it answered it first, as servers with `payment-identifier` do. @default false */
  readonly idempotent?: boolean | undefined
  readonly fault?: PaidResourceFault | undefined
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined
}

/** A request as the resource saw it. */
export type SeenRequest = {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A server for one paid resource, and what it has seen. */
export type PaidResource = ((request: Request) => Promise<Response>) & {
  readonly requests: readonly SeenRequest[]
  /** Payments that are right in every respect and that it took. */
  readonly payments: readonly VerifiedPayment[]
  /** What it took in all, in atomic units. */
  readonly settled: bigint
  readonly reset: () => void
}

/**
 * Makes a server that sells one thing by x402 and really checks payments: signature, amount, payee, time, and that a
 * nonce is used once. There is no chain behind it. It is a function from a request to a response, for any server:
 *
 * @example
 * ```ts
 * import { paidResource } from 'stipend/testing'
 *
 * const report = paidResource({ amount: 10_000n })
 * // msw:        http.all('https://api.example.com/report', ({ request }) => report(request))
 * // Hono:       app.all('/report', (context) => report(context.req.raw))
 * // node:http:  createServer(getRequestListener(report)), by @hono/node-server
 * ```
 */
export function paidResource(options: PaidResourceOptions = {}): PaidResource {
  const requests: SeenRequest[] = []
  const sold = new Map<string, { readonly payment: VerifiedPayment; readonly header: string }>()
  const wire = wireOf(options.version ?? 2)

  const serve = async (request: Request): Promise<Response> => {
    const copy = request.clone()
    requests.push({
      method: copy.method,
      url: copy.url,
      headers: Object.fromEntries(copy.headers),
      body: await copy.text(),
    })
    const header = request.headers.get(wire.requestHeader)
    const terms = termsOf(options, request.url)
    const offer = wire.offer(terms)
    const accepts = options.accepts?.(offer) ?? [offer]
    const ask = (error: string): Response => challenge(wire, { request, accepts, error, options })
    if (header === null) return ask('Payment required')
    const payment = verify(decode(header), { wire, accepts, terms: { ...terms, now: (options.clock ?? Date.now)() } })
    if (typeof payment === 'string') return ask(payment)
    const before = sold.get(payment.nonce)
    const isAgain = before !== undefined && options.idempotent === true && before.header === header
    if (before && !isAgain) return ask('invalid_exact_evm_nonce_already_used')
    if (options.fault === 'always-402') return ask('unexpected_settle_error')
    if (options.fault === 'settle-fails') return failure(wire, terms.asset)
    // What is looked up is what is written: nothing is awaited between.
    sold.set(payment.nonce, { payment, header })
    return (await misbehave(options.fault, ask)) ?? deliver(request, payment, { wire, options, asset: terms.asset })
  }

  return Object.defineProperties(serve, {
    requests: { get: () => requests },
    payments: { get: () => [...sold.values()].map(({ payment }) => payment) },
    settled: { get: () => [...sold.values()].reduce((sum, { payment }) => sum + payment.value, 0n) },
    reset: {
      value: () => {
        requests.length = 0
        sold.clear()
      },
    },
  }) as PaidResource
}

type Terms = ReturnType<typeof termsOf>

function termsOf(options: PaidResourceOptions, url: string) {
  const asset = options.asset ?? createAssetTable().find('eip155:84532', '0x036CbD53842c5426634e7929541eC2318f3dCF7e')
  if (!asset) throw new TypeError('the pinned table has no USDC on Base Sepolia')
  return {
    asset,
    url,
    amount: options.amount ?? 10_000n,
    payTo: options.payTo ?? '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
    maxTimeoutSeconds: options.maxTimeoutSeconds ?? 60,
    description: options.description ?? 'a paid thing',
  }
}

function challenge(
  wire: Wire,
  {
    request,
    accepts,
    error,
    options,
  }: {
    readonly request: Request
    readonly accepts: readonly unknown[]
    readonly error: string
    readonly options: PaidResourceOptions
  },
): Response {
  const { extensions, headers = {}, description = 'a paid thing' } = options
  return wire.challenge({ error, url: request.url, description, accepts, extensions, headers })
}

function failure(wire: Wire, asset: Asset): Response {
  const receipt = {
    success: false,
    errorReason: 'unexpected_settle_error',
    transaction: '',
    network: wire.network(asset),
  }
  return Response.json({}, { status: 402, headers: { [wire.responseHeader]: encode(receipt) } })
}

/** Checks that a message answers one of our offers, and that its payload pays it. */
function verify(
  message: unknown,
  {
    wire,
    accepts,
    terms,
  }: { readonly wire: Wire; readonly accepts: readonly unknown[]; readonly terms: Terms & { readonly now: number } },
): VerifiedPayment | string {
  const { x402Version, accepted, scheme, network, payload } = Object(message)
  if (message === undefined) return 'Payment required'
  if (x402Version !== (wire.requestHeader === 'x-payment' ? 1 : 2)) return 'invalid_x402_version'
  const isAnswer =
    x402Version === 1
      ? scheme === 'exact' && network === wire.network(terms.asset)
      : accepts.some((offer) => isSameJson(offer, accepted))
  if (!isAnswer) return 'No matching payment requirements'
  return verifyExact(payload, terms)
}

async function misbehave(
  fault: PaidResourceFault | undefined,
  ask: (error: string) => Response,
): Promise<Response | undefined> {
  if (fault === 'settle-then-402') return ask('Payment required')
  if (fault === 'settle-then-500') return new Response('broken', { status: 500 })
  if (fault === 'settle-then-redirect')
    return new Response(null, { status: 307, headers: { location: 'https://elsewhere.test/' } })
  if (fault === 'settle-then-throw') throw new TypeError('fetch failed')
  if (fault === 'settle-then-hang') return new Promise(() => {})
  return undefined
}

async function deliver(
  request: Request,
  payment: VerifiedPayment,
  { wire, options, asset }: { readonly wire: Wire; readonly options: PaidResourceOptions; readonly asset: Asset },
): Promise<Response> {
  const response = (await options.respond?.(request, payment)) ?? Response.json({ ok: true })
  if (options.fault === 'no-receipt') return response
  const network = options.fault === 'lying-receipt' ? 'eip155:1' : wire.network(asset)
  const transaction = `0x${[...payment.nonce.slice(2)].toReversed().join('')}`
  const receipt = encode({ success: true, payer: payment.from, transaction, network })
  const headers = new Headers(response.headers)
  headers.set(wire.responseHeader, options.fault === 'malformed-receipt' ? '!' : receipt)
  return new Response(response.body, { status: response.status, headers })
}

import { type OptionNames, refuseMisspelt, refuseUnknown, requireOptions } from '../lib/known-options.js'
import { base64 } from '@scure/base'
import type { BudgetLine } from '../pay/budget.js'
import type { PayingRequestInit, PaymentOptions } from '../fetch/request.js'
import { ConfigurationError, type Moved, UnpayableRequestError } from '../errors.js'
import { isLoopbackName } from '../hosts/loopback.js'
import type { PaymentFilter } from '../ports/ledger.js'
import type { MicroUsd, Network, Payment } from '../types.js'
import { balances, type Fetched, fetched, type Held, type Line, limits, payments, readPayment } from './answers.js'
import { readProblem, serviceFailed } from './errors.js'

export { RemoteWalletError } from './errors.js'

/** Options of `createClient`. */
export type ClientOptions = {
  /** Where the wallet's service is, such as `http://127.0.0.1:3100`; https, unless it is on this machine. */
  readonly baseUrl: string | URL
  /** The token of a session. */
  readonly sessionToken: string
  /** @default the global fetch at the time of each call */
  readonly fetch?: typeof globalThis.fetch | undefined
}

const optionNames: OptionNames<ClientOptions> = { baseUrl: true, sessionToken: true, fetch: true }

const paymentNames: OptionNames<Omit<PaymentOptions, 'ahead'>> = {
  key: true,
  maxUsd: true,
  labels: true,
  repeatable: true,
}

const filterNames: OptionNames<Omit<PaymentFilter, 'scope' | 'labels'>> = {
  status: true,
  host: true,
  purchaseKey: true,
  since: true,
  until: true,
  before: true,
  limit: true,
}

/** What the wallet holds of one asset. */
export type RemoteBalance = {
  readonly network: Network
  readonly address: string
  /** The token's contract or mint. */
  readonly asset: string
  readonly symbol: string
  readonly decimals: number
  /** Atomic units. */
  readonly amount: bigint
  readonly microUsd: MicroUsd
}

/** A session of a wallet that lives in another process. */
export type Client = {
  /**
   * Has the wallet fetch a URL, and pay if it must; answers what the server answered. Redirects are answered, not
   * followed. Give `init.payment` a `key` where an answer that is lost on the way must not make a second purchase.
   *
   * @throws what `wallet.fetch` throws, or RemoteWalletError.
   */
  readonly x402Fetch: (url: string | URL, init?: PayingRequestInit) => Promise<Response>
  /** Answers the payment that a response was bought with, or `undefined` when it was not paid for. */
  readonly getPayment: (response: Response) => Payment | undefined
  /** Answers what the wallet holds, where the session's scope has `balances`. */
  readonly getBalance: () => Promise<readonly RemoteBalance[]>
  /** Says what is left under each limit: the session's own and the wallet's, and given a URL those of its host. */
  readonly getBudget: (url?: string | URL) => Promise<readonly BudgetLine[]>
  /** The session's own payments, newest first. */
  readonly getPayments: (filter?: Omit<PaymentFilter, 'scope' | 'labels'>) => Promise<readonly Payment[]>
}

/**
 * Creates the client of a wallet that is served by `stipend/http`. It holds no key, and loads nothing of the wallet: it
 * runs in browsers, workers and anything else that has `fetch`.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { createClient } from 'stipend/client'
 *
 * const client = createClient({ baseUrl: 'http://127.0.0.1:3100', sessionToken: process.env.SESSION_TOKEN ?? '' })
 * const response = await client.x402Fetch('https://api.example.com/report')
 * console.log(response.status, client.getPayment(response)?.id)
 * ```
 */
export function createClient(options: ClientOptions): Client {
  requireOptions('createClient', options, optionNames)
  const call = createCall(options)
  const paid = new WeakMap<Response, Payment>()
  return Object.freeze({
    x402Fetch: async (url: string | URL, init: PayingRequestInit = {}) => {
      const { payment, ...rest } = init
      if (payment) refuseUnknown('payment', payment, paymentNames)
      refuseMisspelt('the options of x402Fetch', rest, 'payment')
      const body = await writeRequest(url, rest, payment)
      const read = (answer: unknown) => readFetched(fetched.parse(answer))
      const answer = await call(read, 'POST /v1/x402/fetch', { body, signal: init.signal })
      if (answer.payment) paid.set(answer.response, answer.payment)
      return answer.response
    },
    getPayment: (response: Response) => paid.get(response),
    getBalance: () => call((answer) => balances.parse(answer).balances.map(readHeld), 'GET /v1/wallet/balance'),
    getBudget: async (url?: string | URL) => {
      const query = url === undefined ? '' : `?${new URLSearchParams({ url: String(url) })}`
      return call((answer) => limits.parse(answer).limits.map(readLine), `GET /v1/wallet/budget${query}`)
    },
    getPayments: async (filter: Omit<PaymentFilter, 'scope' | 'labels'> = {}) => {
      refuseUnknown('the filter of payments', filter, filterNames)
      const set = Object.entries(filter).filter(([, value]) => value !== undefined)
      const query = new URLSearchParams(set.map(([name, value]) => [name, String(value)]))
      return call((answer) => payments.parse(answer).payments.map(readPayment), `GET /v1/payments?${query}`)
    },
  })
}

type Sent = { readonly body?: object | undefined; readonly signal?: AbortSignal | null | undefined }
type CallService = <answer>(
  read: (body: unknown) => answer,
  request: `${'GET' | 'POST'} ${string}`,
  sent?: Sent,
) => Promise<answer>

/** What is asked with GET moves no money, whatever becomes of the answer. */
function createCall(options: ClientOptions): CallService {
  const { fetch = (...request: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...request) } = options
  const base = readBase(options.baseUrl)
  const authorization = `Bearer ${readToken(options.sessionToken)}`
  return async (read, request, { body, signal } = {}) => {
    const [method = '', path = ''] = request.split(' ')
    const moved = method === 'GET' ? 'no' : 'maybe'
    const headers = { authorization, ...(body && { 'content-type': 'application/json' }) }
    const init = { method, headers, redirect: 'error', cache: 'no-store', signal: signal ?? null } as const
    const written = body ? { ...init, body: JSON.stringify(body) } : init
    const response = await attempt(() => fetch(`${base}${path}`, written), 'did not answer', moved)
    const answer: unknown = await attempt(() => response.json(), `answered ${response.status} and no JSON`, moved)
    if (!response.ok) throw readProblem(answer, response.status, moved)
    return attempt(async () => read(answer), 'answered something else than it should', moved)
  }
}

async function attempt<answer>(work: () => Promise<answer>, failure: string, moved: Moved): Promise<answer> {
  try {
    return await work()
  } catch (cause) {
    throw serviceFailed(failure, { moved, cause })
  }
}

/** The body goes as bytes, so that the server sees the very ones. */
async function writeRequest(
  asked: string | URL,
  init: RequestInit,
  payment: PayingRequestInit['payment'],
): Promise<object> {
  const { method, url, headers, bytes } = await readRequest(asked, init)
  return {
    url,
    method,
    headers: Object.fromEntries(headers),
    ...(bytes.length > 0 && { bodyBase64: base64.encode(bytes) }),
    payment,
  }
}

/** A caller's own abort comes out as it is, as from fetch. */
async function readRequest(asked: string | URL, init: RequestInit) {
  init.signal?.throwIfAborted()
  try {
    const request = new Request(asked, init)
    return { ...pick(request), bytes: new Uint8Array(await request.arrayBuffer()) }
  } catch (cause) {
    init.signal?.throwIfAborted()
    throw new UnpayableRequestError('Request cannot be made; nothing was sent', { cause })
  }
}

function pick({ method, url, headers }: Request): Pick<Request, 'method' | 'url' | 'headers'> {
  return { method, url, headers }
}

function readFetched({ payment, ...answer }: Fetched): {
  readonly response: Response
  readonly payment: Payment | undefined
} {
  const { status, headers, body, bodyEncoding } = answer
  const isBodiless = status === 204 || status === 205 || status === 304
  // Bytes, since a text would bring a content type of its own.
  const content = bodyEncoding === 'utf-8' ? new TextEncoder().encode(body) : Uint8Array.from(base64.decode(body))
  const response = new Response(isBodiless ? null : content, { status, headers })
  return { response, payment: payment && readPayment(payment) }
}

function readHeld({ amount, microUsd, ...rest }: Held): RemoteBalance {
  return { ...rest, amount: BigInt(amount), microUsd: BigInt(microUsd) }
}

function readLine(line: Line): BudgetLine {
  return { ...line, max: BigInt(line.max), used: BigInt(line.used), left: BigInt(line.left) }
}

function readBase(baseUrl: string | URL): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  const isLocal = url?.protocol === 'http:' && isLoopbackName(url.hostname)
  if (url && (url.protocol === 'https:' || isLocal)) return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
  throw new ConfigurationError('Failed to read baseUrl: expected a URL over https, or of this machine')
}

function readToken(token: string): string {
  if (typeof token === 'string' && /^[\x21-\x7e]{1,16384}$/.test(token)) return token
  throw new ConfigurationError('Failed to read sessionToken: it is not the token of a session')
}

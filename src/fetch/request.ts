import { type OptionNames, refuseUnknown, refuseMisspelt } from '../lib/known-options.js'
import { keepBody } from './body.js'
import type { KeptBody } from './kept-body.js'
import { isIterable, isRequest } from './kinds.js'
import { ConfigurationError, UnpayableRequestError } from '../errors.js'
import { parseUsd, type Usd } from '../money.js'
import { callLabel, readLabels } from '../pay/labels.js'
import type { Labels, MicroUsd } from '../types.js'

/** What one call may add to its request: a name for the purchase, a cap of its own, and words to file it under. */
export type PaymentOptions = {
  /** Names the purchase: calls with the same key are the same purchase, and are paid once. */
  readonly key?: string | undefined
  /** The most this call may cost, in US dollars; can only lower what the policy allows. */
  readonly maxUsd?: Usd | undefined
  /** What the payment is filed under; a limit counts by them only where the wallet itself pays, and no session. */
  readonly labels?: Labels | undefined
  /**
   * Whether a call without a key is a purchase of its own, also while an identical one is under way or its outcome is
   * unknown. By default it goes on from that payment instead, so that a client which retries by itself does not pay twice.
   *
   * @default false
   */
  readonly repeatable?: boolean | undefined
  /**
   * Whether the payment is sent with the first request, where it is known what was asked last; of `quote`, whether that is
   * answered without a request. `false` asks first whatever the wallet's `payAhead` says.
   *
   * @default what the wallet's `payAhead` says
   */
  readonly ahead?: boolean | undefined
}

/** A `RequestInit` with options for the payment, should one be due. */
export type PayingRequestInit = RequestInit & { readonly payment?: PaymentOptions | undefined }

const paymentNames: OptionNames<PaymentOptions> = {
  key: true,
  maxUsd: true,
  labels: true,
  repeatable: true,
  ahead: true,
}

/** One call of fetch, as it can be sent first and, if it must be paid for, once more. */
export type PayingCall = {
  readonly method: string
  readonly signal: AbortSignal | undefined
  /** Leaves a signal of another make alone again, once there is nothing more to give up. */
  readonly unfollow: () => void
  readonly kept: KeptBody
  readonly purchaseKey: string | undefined
  readonly sameRequest: boolean
  readonly ahead: boolean | undefined
  readonly maxMicroUsd: MicroUsd | undefined
  readonly labels: Labels
  /** What the caller wants to become of redirects; fetch's own default is to follow them. */
  readonly redirect: RequestRedirect
  /** Refuses what was to be `payment`; looked for only when something is to be paid. */
  readonly refuseMisspelt: () => void
  /** The URL that was asked; resolved only when it is needed. */
  readonly url: () => URL
  /** The caller's own settings for the paid request. */
  readonly init: () => RequestInit & { readonly headers: Headers }
}

/**
 * Reads the arguments of fetch, touching nothing that need not be.
 *
 * @throws UnpayableRequestError when the caller sets a payment header of its own.
 * @throws ConfigurationError when `init.payment` is not usable.
 */
export function readCall(
  input: RequestInfo | URL,
  given: PayingRequestInit | undefined,
  options: {
    readonly paymentHeaders: readonly string[]
    readonly maxReplayBytes: number
    readonly repeatable: boolean
  },
): PayingCall {
  const init = copyOneShot(given)
  const { payment, ...settings } = init ?? {}
  if (payment) refuseUnknown('payment', payment, paymentNames)
  const request = isRequest(input) ? input : undefined
  const { signal, unfollow } = followSignal(init?.signal ?? request?.signal)
  refusePaymentHeaders([init?.headers, request?.headers], options.paymentHeaders)
  return {
    method: (init?.method ?? request?.method ?? 'GET').toUpperCase(),
    signal,
    unfollow,
    kept: keepBody(input, payment ? settings : init, options.maxReplayBytes),
    purchaseKey: readKey(payment?.key),
    sameRequest: payment?.key === undefined && !(payment?.repeatable ?? options.repeatable),
    ahead: payment?.ahead,
    maxMicroUsd: payment?.maxUsd === undefined ? undefined : parseUsd(payment.maxUsd, 'payment.maxUsd'),
    labels: readOwnLabels(payment?.labels),
    redirect: init?.redirect ?? request?.redirect ?? 'follow',
    refuseMisspelt: () => refuseMisspelt('the options of fetch', init, 'payment'),
    url: () => readUrl(request?.url ?? String(input)),
    init: () => ({
      ...(request && settingsOf(request)),
      ...settings,
      ...(signal && { signal }),
      headers: new Headers(init?.headers ?? request?.headers),
    }),
  }
}

/**
 * Copies settings that could be read only once, or that a copy of what they own would lose: headers from a generator, and a
 * request that is given for settings.
 */
function copyOneShot(init: PayingRequestInit | undefined): PayingRequestInit | undefined {
  if (!init) return init
  const whole = isRequest(init)
    ? { ...settingsOf(init), headers: init.headers, ...(init.body && { body: init.body, duplex: 'half' }) }
    : init
  const { headers } = whole
  const isOneShot = isIterable(headers) && Object.is(headers[Symbol.iterator](), headers)
  return isOneShot ? { ...whole, headers: [...headers].map((pair) => [...pair] as [string, string]) } : whole
}

/** One of another make, such as a polyfill's, is no signal to the platform, nor has all that one has: ours follows it. */
function followSignal(signal: AbortSignal | null | undefined): Pick<PayingCall, 'signal' | 'unfollow'> {
  const isOwn: boolean = signal instanceof AbortSignal
  if (!signal || isOwn) return { signal: signal ?? undefined, unfollow: followsNothing }
  const own = new AbortController()
  const follow = (): void => own.abort(Reflect.get(signal, 'reason'))
  signal.addEventListener('abort', follow, { once: true })
  if (signal.aborted) follow()
  return { signal: own.signal, unfollow: () => signal.removeEventListener('abort', follow) }
}

function followsNothing(): void {}

/** A fetch of the caller's own may know what a relative URL is relative to; a payment needs to know where it goes. */
function readUrl(url: string): URL {
  const base = globalThis.location?.href
  if (URL.canParse(url, base)) return new URL(url, base)
  throw new UnpayableRequestError('Request has no absolute URL; nothing was signed')
}

/** A payment header that the caller made would be a payment that no rule has judged. */
function refusePaymentHeaders(all: readonly (HeadersInit | undefined)[], paymentHeaders: readonly string[]): void {
  for (const headers of all) {
    if (!headers) continue
    const names: readonly unknown[] = isIterable(headers) ? [...headers].map(([name]) => name) : Object.keys(headers)
    const own = names.map((name) => String(name).toLowerCase()).find((name) => paymentHeaders.includes(name))
    if (own === undefined) continue
    throw new UnpayableRequestError(`Request already has a ${own} header; nothing was sent`, {
      details: ['The wallet sets it: leave it out, or use a fetch that does not pay.'],
    })
  }
}

function readKey(key: string | undefined): string | undefined {
  if (key === undefined) return undefined
  if (typeof key === 'string' && key.length >= 1 && key.length <= 256) return key
  throw new ConfigurationError('Failed to read payment.key: it is not a string of 1 to 256 characters')
}

function readOwnLabels(labels: Labels | undefined): Labels {
  const read = readLabels(labels, 'payment.labels')
  if (!Object.hasOwn(read, callLabel)) return read
  throw new ConfigurationError(`Failed to read payment.labels: ${callLabel} is set by the tools alone`)
}

/** The settings of a `Request` that fetch would take over, without its body. */
function settingsOf(request: Request): RequestInit {
  const { method, signal, credentials, mode, referrer, referrerPolicy, integrity, keepalive } = request
  const settings = { method, signal, credentials, referrer, referrerPolicy, integrity, keepalive }
  return mode === 'navigate' ? settings : { ...settings, mode }
}

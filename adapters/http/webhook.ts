import { type OptionNames, requireOptions } from '../../src/lib/known-options.js'
import { hmac } from '@noble/hashes/hmac'
import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils'
import { ConfigurationError } from 'stipend'
import * as z from 'zod/mini'
import { equalBytes } from '../../src/lib/bytes.js'
import { isLoopbackName } from '../../src/hosts/loopback.js'
import { isPublicHost } from '../../src/hosts/match.js'
import type { Notice } from './notice.js'
import type { Sink } from './notify.js'
import { RefusedError } from './refused.js'

/** The header that a delivery is signed in: `t=<unix seconds>,v1=<HMAC-SHA-256 of "<t>.<body>", in hex>`. */
const header = 'stipend-signature'
const minSecretLength = 16

/** Options of `webhook`. */
export type WebhookOptions = {
  /** Where notices are posted to: a public name, over https. */
  readonly url: string
  /** What deliveries are signed with: at least 16 characters, known to the receiver alone. */
  readonly secret: string | undefined
  /** Whether the URL may be of this machine, over http too. @default false */
  readonly allowLoopback?: boolean | undefined
  /** How long the receiver may take, in seconds. @default 10 */
  readonly timeoutSeconds?: number | undefined
  /** @default the global fetch at the time of each call */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined
}

const optionNames: OptionNames<WebhookOptions> = {
  url: true,
  secret: true,
  allowLoopback: true,
  timeoutSeconds: true,
  fetch: true,
  clock: true,
}

const readNames: OptionNames<Parameters<typeof readWebhook>[2]> = { secret: true, toleranceSeconds: true, clock: true }

/**
 * Makes a sink that posts notices as JSON, signed; give it to `notify`, which tries again what is not answered with 2xx.
 *
 * @throws ConfigurationError when the URL or the secret is not usable.
 */
export function webhook(options: WebhookOptions): Sink {
  requireOptions('webhook', options, optionNames)
  const { timeoutSeconds = 10, clock = Date.now, fetch = (...request) => globalThis.fetch(...request) } = options
  const url = readUrl(options)
  const secret = readSecret(options.secret)
  return async (notice) => {
    const body = JSON.stringify(notice)
    const headers = { 'content-type': 'application/json', [header]: sign(body, secret, Math.floor(clock() / 1000)) }
    const signal = AbortSignal.timeout(timeoutSeconds * 1000)
    // A redirect could lead the notice, and its signature, anywhere.
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
    response.body?.cancel().catch(() => {})
    if (response.ok) return
    throw new RefusedError('webhook_failed', `Webhook answered ${response.status}`, { status: 502 })
  }
}

const schema = z.strictObject({
  id: z.string(),
  event: z.string(),
  at: z.number(),
  text: z.string(),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
})

/**
 * Reads a webhook's delivery, or answers `undefined` when it is not signed with the secret, or too long ago.
 *
 * @example
 * ```ts
 * import { readWebhook } from 'stipend/http'
 *
 * export async function POST(request: Request): Promise<Response> {
 *   const notice = readWebhook(await request.text(), request.headers, { secret: process.env.HOOK_SECRET })
 *   if (!notice) return new Response(null, { status: 401 })
 *   console.log(notice.id, notice.text)
 *   return new Response(null, { status: 204 })
 * }
 * ```
 */
export function readWebhook(
  body: string,
  headers: Pick<Headers, 'get'>,
  options: {
    readonly secret: string | undefined
    /** How old it may be, in seconds. @default 300 */
    readonly toleranceSeconds?: number | undefined
    /** Unix milliseconds. @default Date.now */
    readonly clock?: (() => number) | undefined
  },
): Notice | undefined {
  requireOptions('readWebhook', options, readNames)
  const { toleranceSeconds = 300, clock = Date.now } = options
  const secret = readSecret(options.secret)
  const [, time = '', mac = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(headers.get(header) ?? '') ?? []
  if (mac === '' || !equalBytes(hexToBytes(mac), macOf(body, secret, Number(time)))) return undefined
  if (Math.abs(clock() / 1000 - Number(time)) > toleranceSeconds) return undefined
  const read = schema.safeParse(parse(body))
  return read.success ? (read.data as Notice) : undefined
}

function sign(body: string, secret: string, seconds: number): string {
  return `t=${seconds},v1=${bytesToHex(macOf(body, secret, seconds))}`
}

function macOf(body: string, secret: string, seconds: number): Uint8Array {
  return hmac(sha256, utf8ToBytes(secret), utf8ToBytes(`${seconds}.${body}`))
}

function readUrl({ url, allowLoopback = false }: WebhookOptions): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isAllowed = parsed && (isPublicHost(parsed) || (allowLoopback && isLoopbackName(parsed.hostname)))
  if (parsed && isAllowed && !parsed.username && !parsed.password) return parsed
  throw new ConfigurationError('Failed to read the url of the webhook: expected a public name, over https', {
    details: ['For a receiver on this machine, say allowLoopback.'],
  })
}

function readSecret(secret: string | undefined): string {
  if (typeof secret === 'string' && secret.length >= minSecretLength) return secret
  throw new ConfigurationError(
    `Failed to read the secret of the webhook: expected at least ${minSecretLength} characters`,
  )
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

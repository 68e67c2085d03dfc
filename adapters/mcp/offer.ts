import { MalformedMessageError } from 'stipend'
import type { ToolDefinition, ToolResult } from './client.js'
import { comparableJson } from './comparable-json.js'
import { agents, type Dialect, dotted, mpp, official } from './dialects.js'

/** What a server asks to be paid, in the way in which it takes it. */
export type Asked =
  | { readonly dialect: Dialect; readonly type: 'x402'; readonly offer: string }
  | { readonly dialect: Dialect; readonly type: 'mpp'; readonly challenges: readonly unknown[] }
  /** It refuses to serve unpaid, and says no more: what it asks may be in the tool's definition. */
  | { readonly dialect: Dialect; readonly type: 'unsaid' }

const maxLength = 65_536
const errorKey = 'x402/error'
const mppKey = 'org.paymentauth/payment-required'
/** What `x402-mcp` says of the payment that it misses, and nobody else. */
const dottedError = '_meta.x402.payment is required'
const mppCodes = [-32042, -32043]

/**
 * Reads what a tool asks to be paid of a result that is an error, and by the signs of its dialect how it takes it: from
 * its `_meta`, its structured content, or else from the first of its texts that asks anything. What asks nothing says
 * nothing about what does. Which dialect it is, is found out before anything is signed.
 *
 * @throws MalformedMessageError when it is too long or too deep to be read.
 */
export function readAsked({ isError, structuredContent, content = [], _meta: meta }: ToolResult): Asked | undefined {
  if (isError !== true) return undefined
  const challenges = challengesOf(own(meta, mppKey))
  if (challenges) return askedByMpp(challenges)
  const inMeta = own(meta, errorKey)
  if (asksPayment(inMeta)) return askedByX402(inMeta, agents)
  if (asksPayment(structuredContent)) return askedByX402(structuredContent, dialectOf(structuredContent))
  // As it came: what a text says twice is for the protocols to refuse.
  const offer = content.map(textOf).find((text) => asksPayment(parse(text)))
  return offer === undefined ? undefined : { dialect: dialectOf(parse(offer)), type: 'x402', offer }
}

function dialectOf(asking: unknown): Dialect {
  return own(asking, 'error') === dottedError ? dotted : official
}

/** Reads a payment that is asked for in a JSON-RPC error, as some servers do, or that the transport itself was refused for. */
export function readAskedError(error: unknown): Asked | undefined {
  const code = own(error, 'code')
  const data = own(error, 'data')
  const offer = [data, own(data, 'x402')].find(asksPayment)
  const isX402 = code === 402 || code === mppCodes[0]
  if (isX402 && offer !== undefined) return askedByX402(offer, official)
  // The same code asks for a visit to a URL where there are no challenges.
  const challenges = mppCodes.includes(Number(code)) ? challengesOf(data) : undefined
  if (challenges) return askedByMpp(challenges)
  const isRefused = code === 402 || own(error, 'status') === 402 || own(data, 'status') === 402
  return isRefused ? { dialect: official, type: 'unsaid' } : undefined
}

/** Reads the price that a server gives a tool in its list, where it asks it nowhere else. */
export function readListed({ name, _meta: meta }: ToolDefinition): Asked | undefined {
  const listed = own(meta, 'x402')
  if (own(listed, 'paymentRequired') !== true) return undefined
  const fields = ['scheme', 'network', 'amount', 'asset', 'payTo', 'maxTimeoutSeconds', 'extra']
  const entry = Object.fromEntries(fields.map((field) => [field, own(listed, field)]))
  const accepts = [{ ...entry, maxTimeoutSeconds: entry['maxTimeoutSeconds'] ?? defaultTimeoutSeconds }]
  return askedByX402({ x402Version: 2, resource: { url: `mcp://tool/${name}` }, accepts }, official)
}

const defaultTimeoutSeconds = 300

function askedByX402(offer: unknown, dialect: Dialect): Asked {
  return { dialect, type: 'x402', offer: bounded(offer) }
}

function askedByMpp(challenges: readonly unknown[]): Asked {
  bounded(challenges)
  return { dialect: mpp, type: 'mpp', challenges }
}

function bounded(offer: unknown): string {
  const text = comparableJson(offer)
  if (text !== undefined) return text
  throw new MalformedMessageError(
    'Failed to read what the tool asks to be paid: it is too long or too deep; nothing was signed',
  )
}

type Block = NonNullable<ToolResult['content']>[number]

function textOf(block: Block): string | undefined {
  const text = block.type === 'text' ? block['text'] : undefined
  return typeof text === 'string' && text.length <= maxLength ? text : undefined
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function asksPayment(value: unknown): boolean {
  return own(value, 'x402Version') !== undefined
}

function challengesOf(data: unknown): readonly unknown[] | undefined {
  const challenges = own(data, 'challenges')
  return Array.isArray(challenges) && challenges.length > 0 ? challenges : undefined
}

function own(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}

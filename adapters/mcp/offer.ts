import { MalformedMessageError } from 'stipend'
import type { ToolResult } from './client.js'
import { comparableJson } from './comparable-json.js'

const maxLength = 65_536

/**
 * Reads what a tool asks to be paid, as text: of a result that is an error and has a payment in its structured content
 * and its first text. Nothing else in a result asks for anything.
 *
 * @throws MalformedMessageError when the two are not the same.
 */
export function readOffer({ isError, structuredContent, content = [] }: ToolResult): string | undefined {
  if (isError !== true) return undefined
  const text = textOf(content[0])
  const stated = text === undefined ? undefined : parse(text)
  if (!asksPayment(structuredContent) && !asksPayment(stated)) return undefined
  if (structuredContent === undefined) return text
  const structured = comparableJson(structuredContent)
  if (structured === undefined) throw malformed('it is too long or too deep')
  if (content.length === 0) return structured
  if (stated === undefined || comparableJson(stated) !== structured) {
    throw malformed('its structured content and its text ask different things')
  }
  return text
}

/** Reads a payment that is asked for in a JSON-RPC error, as some servers do. */
export function readErrorOffer(error: unknown): string | undefined {
  const isPaymentRequired = typeof error === 'object' && error !== null && 'code' in error && error.code === 402
  const data = isPaymentRequired && 'data' in error ? error.data : undefined
  return asksPayment(data) ? comparableJson(data) : undefined
}

function textOf(block: NonNullable<ToolResult['content']>[number] | undefined): string | undefined {
  const text = block?.type === 'text' ? block['text'] : undefined
  if (typeof text !== 'string') return undefined
  return text.length <= maxLength ? text : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function asksPayment(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'x402Version')
}

function malformed(reason: string): MalformedMessageError {
  return new MalformedMessageError(`Failed to read what the tool asks to be paid: ${reason}; nothing was signed`)
}

import { MalformedMessageError } from 'stipend'
import type { ToolResult } from './client.js'
import { comparableJson } from './comparable-json.js'

const maxLength = 65_536

/**
 * Reads what a tool asks to be paid, as text: of a result that is an error, from its structured content, or else from the
 * first of its texts that asks anything. What asks nothing says nothing about what does.
 *
 * @throws MalformedMessageError when it is too long or too deep to be read.
 */
export function readOffer({ isError, structuredContent, content = [] }: ToolResult): string | undefined {
  if (isError !== true) return undefined
  if (!asksPayment(structuredContent)) return content.map(textOf).find((text) => asksPayment(parse(text)))
  const offer = comparableJson(structuredContent)
  if (offer === undefined) {
    throw new MalformedMessageError(
      'Failed to read what the tool asks to be paid: it is too long or too deep; nothing was signed',
    )
  }
  return offer
}

/** Reads a payment that is asked for in a JSON-RPC error, as some servers do. */
export function readErrorOffer(error: unknown): string | undefined {
  const isPaymentRequired = typeof error === 'object' && error !== null && 'code' in error && error.code === 402
  const data = isPaymentRequired && 'data' in error ? error.data : undefined
  return asksPayment(data) ? comparableJson(data) : undefined
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
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'x402Version')
}

import { decodeBase64, encodeBase64 } from '../../src/lib/base64.js'
import type { ToolResult } from './client.js'

const receiptKey = 'x402/payment-response'
/** What no reader takes for a receipt. */
const unreadable = '?'

/**
 * Writes what a tool asks to be paid as the 402 that the protocols read. Where it is of version 1 it is a body, else a
 * header; which version it is of, and whether it is well-formed, is theirs to find out.
 */
export function writeChallenge(offer: string): Response {
  return versionOf(offer) === 1
    ? new Response(offer, { status: 402 })
    : new Response(null, { status: 402, headers: { 'PAYMENT-REQUIRED': encodeBase64(offer) } })
}

/** Writes a result as the answer that the protocols read a receipt from. */
export function writeAnswer({ isError, _meta: meta }: ToolResult): Response {
  const receipt = meta && Object.hasOwn(meta, receiptKey) ? writeReceipt(meta[receiptKey]) : undefined
  const headers = receipt === undefined ? {} : { 'PAYMENT-RESPONSE': receipt, 'X-PAYMENT-RESPONSE': receipt }
  return new Response(null, { status: isError ? 500 : 200, headers })
}

/** Reads the payment that a protocol attached, as MCP carries it: an object, and no text. */
export function readPayment(headers: Headers, paymentHeaders: readonly string[]): unknown {
  const [written] = paymentHeaders.flatMap((name) => headers.get(name) ?? [])
  return written === undefined ? undefined : JSON.parse(decodeBase64(written) ?? '')
}

function versionOf(offer: string): unknown {
  const { x402Version } = JSON.parse(offer) as { readonly x402Version?: unknown }
  return x402Version
}

function writeReceipt(receipt: unknown): string {
  try {
    return encodeBase64(JSON.stringify(receipt))
  } catch {
    return unreadable
  }
}

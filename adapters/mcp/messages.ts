import { encodeBase64 } from '../../src/lib/base64.js'
import type { ToolResult } from './client.js'
import { type Dialect, writeChallenges } from './dialects.js'
import type { Asked } from './offer.js'

/** What no reader takes for a receipt. */
const unreadable = '?'

/**
 * Writes what a tool asks to be paid as the 402 that the protocols read; whether it is well-formed is theirs to find out.
 * Of x402, version 1 is a body, and else it is a header.
 */
export function writeChallenge(asked: Asked): Response {
  if (asked.type === 'unsaid') return new Response(null, { status: 402 })
  if (asked.type === 'mpp') return new Response(null, { status: 402, headers: writeChallenges(asked.challenges) })
  const { offer } = asked
  return versionOf(offer) === 1
    ? new Response(offer, { status: 402 })
    : new Response(null, { status: 402, headers: { 'PAYMENT-REQUIRED': encodeBase64(offer) } })
}

/** Writes a result as the answer that the protocols read a receipt from. */
export function writeAnswer({ isError, _meta: meta }: ToolResult, { receiptKey, receiptHeaders }: Dialect): Response {
  const receipt = meta && Object.hasOwn(meta, receiptKey) ? writeReceipt(meta[receiptKey]) : undefined
  const headers = receipt === undefined ? {} : Object.fromEntries(receiptHeaders.map((name) => [name, receipt]))
  return new Response(null, { status: isError ? 500 : 200, headers })
}

/** Reads the payment that a protocol attached, as the server takes it. */
export function readPayment(headers: Headers, { paymentHeaders, writePayment }: Dialect): unknown {
  const [written] = paymentHeaders.flatMap((name) => headers.get(name) ?? [])
  return written === undefined ? undefined : writePayment(written)
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

import { memoize } from '../../lib/memo.js'
import type { Authorization } from '../../types.js'
import { fieldsOf, isObject } from '../fields.js'
import type { Message, Protocol } from '../../ports/protocol.js'
import { readEntryV2 } from './entry.js'
import { networkOfV1 } from './networks.js'
import { encodeMessage, jsonOf, memoBounds, readHeader } from './header.js'
import { readReceipt } from './receipt.js'
import { type Refused, readBodyError, readError } from './refusal.js'
import { readRequired } from './required.js'

const challengeHeader = 'PAYMENT-REQUIRED'
const maxWholeHeader = 8192

/** Speaks x402 version 2: the 402 and the payment are headers. */
export function x402(): Protocol {
  const readRequiredV2 = memoize(
    (header) =>
      readRequired(readHeader(header, challengeHeader), { protocol: 'x402', version: 2, readEntry: readEntryV2 }),
    memoBounds,
  )
  return Object.freeze({
    name: 'x402',
    paymentHeaders: Object.freeze(['payment-signature']),
    parse: ({ headers }: Message) => {
      const header = headers.get(challengeHeader)
      return header === null ? undefined : readRequiredV2(header)
    },
    attach: ({ raw }, authorization) => {
      const write = (resource: unknown): string =>
        encodeMessage({
          x402Version: '2',
          payload: JSON.stringify(authorization.payload),
          resource: jsonOf(resource),
          accepted: jsonOf(authorization.offer.raw),
          extensions: jsonOf(echoExtensions(raw['extensions'], authorization)),
        })
      const whole = write(raw['resource'] ?? undefined)
      // The resource is a description, and optional: a long one stays out of a header that servers bound.
      return { 'PAYMENT-SIGNATURE': whole.length <= maxWholeHeader ? whole : write(undefined) }
    },
    readAnswer: (headers, payment, body) => {
      const receipt = headers.get('PAYMENT-RESPONSE')
      return receipt === null ? readRefusal(headers, body) : readReceipt(receipt, payment, networkOfV1)
    },
  } satisfies Protocol)
}

/**
 * Adds the payment's id and what is signed beside it where a server takes them, and echoes the rest as it came: a server
 * refuses what was changed.
 */
function echoExtensions(extensions: unknown, { payment, extensions: signed = {} }: Authorization): unknown {
  if (!isObject(extensions)) return undefined
  const echoed: Record<string, unknown> = { ...extensions }
  for (const [name, ours] of Object.entries({ 'payment-identifier': { id: payment.id }, ...signed })) {
    const declared = extensions[name]
    const info = isObject(declared) ? (declared['info'] ?? {}) : undefined
    if (!isObject(declared) || !isObject(info)) continue
    const missing = Object.entries(ours).filter(([field]) => (info[field] ?? undefined) === undefined)
    echoed[name] = { ...declared, info: { ...info, ...Object.fromEntries(missing) } }
  }
  return echoed
}

/** A refused payment is answered with another 402 or a 412, which says why. */
function readRefusal(headers: Headers, body: string | undefined): Refused {
  const header = headers.get(challengeHeader)
  const inBody = readBodyError(body)
  if (header === null || inBody.reason !== undefined) return inBody
  try {
    return { ...inBody, ...readError(fieldsOf(readHeader(header, challengeHeader))['error']) }
  } catch {
    return inBody
  }
}

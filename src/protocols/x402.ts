import type { OfferClaim, PaymentRequired } from '../types.js'
import { parseJson } from './json.js'
import type { Message, Protocol } from './protocol.js'
import {
  echoExtensions,
  malformed,
  readCode,
  readEntryV1,
  readEntryV2,
  readHeader,
  readRequired,
  readSettlement,
  writeHeader,
} from './x402-wire.js'

/** Speaks x402 version 2: the 402 and the payment are headers. */
export function x402(): Protocol {
  return Object.freeze({
    name: 'x402',
    paymentHeaders: ['payment-signature'],
    parse: ({ headers, body }: Message) => {
      const header = headers.get('payment-required')
      if (header === null) return undefined
      const message = readHeader(header, 'PAYMENT-REQUIRED')
      const required = readRequired(message, { protocol: 'x402', version: 2, readEntry: readEntryV2 })
      if (required) refuseContradiction(required, body)
      return required
    },
    attach: ({ raw }, authorization) => ({
      'PAYMENT-SIGNATURE': writeHeader({
        x402Version: 2,
        payload: authorization.payload,
        resource: raw['resource'] ?? undefined,
        accepted: authorization.offer.raw,
        extensions: echoExtensions(raw['extensions'], authorization),
      }),
    }),
    readAnswer: (headers, payment) => {
      const receipt = headers.get('payment-response')
      if (receipt !== null) return readSettlement(receipt, payment, (network) => network)
      return { reason: readError(headers.get('payment-required')) }
    },
  } satisfies Protocol)
}

/** A server may speak both versions, but it may not ask two prices or two payees for the same thing. */
function refuseContradiction({ claims }: PaymentRequired, body: string | undefined): void {
  const others = readBodyV1(body)
  const contradicts = (one: OfferClaim, other: OfferClaim): boolean =>
    one.scheme === other.scheme &&
    one.network === other.network &&
    one.asset.toLowerCase() === other.asset.toLowerCase() &&
    (one.amount !== other.amount || one.payTo.toLowerCase() !== other.payTo.toLowerCase())
  for (const other of others) {
    const alike = claims.filter(
      (one) => one.network === other.network && one.asset.toLowerCase() === other.asset.toLowerCase(),
    )
    if (alike.length > 0 && alike.every((one) => contradicts(one, other)))
      throw malformed('its header and its body ask different things')
  }
}

function readBodyV1(body: string | undefined): readonly OfferClaim[] {
  if (!body?.includes('"x402Version"')) return []
  try {
    return readRequired(parseJson(body), { protocol: 'x402-v1', version: 1, readEntry: readEntryV1 })?.claims ?? []
  } catch {
    return []
  }
}

function readError(header: string | null): string | undefined {
  if (header === null) return undefined
  try {
    return readCode(Reflect.get(Object(readHeader(header, 'PAYMENT-REQUIRED')), 'error'))
  } catch {
    return undefined
  }
}

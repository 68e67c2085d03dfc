import type { Authorization, OfferClaim } from '../../types.js'
import { isSameAddress } from '../../lib/same-address.js'
import { fieldsOf, isObject } from '../fields.js'
import { parseJson } from '../json.js'
import type { Message, Protocol } from '../../ports/protocol.js'
import { malformed, readCode } from '../words.js'
import { readEntryV1, readEntryV2 } from './entry.js'
import { readHeader, writeHeader } from './header.js'
import { readReceipt } from './receipt.js'
import { readRequired } from './required.js'

const challengeHeader = 'PAYMENT-REQUIRED'

/** Speaks x402 version 2: the 402 and the payment are headers. */
export function x402(): Protocol {
  return Object.freeze({
    name: 'x402',
    paymentHeaders: Object.freeze(['payment-signature']),
    parse: ({ headers, body }: Message) => {
      const header = headers.get(challengeHeader)
      if (header === null) return undefined
      const message = readHeader(header, challengeHeader)
      const required = readRequired(message, { protocol: 'x402', version: 2, readEntry: readEntryV2 })
      if (required) refuseContradiction(required.claims, readBody(body))
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
      const receipt = headers.get('PAYMENT-RESPONSE')
      return receipt === null ? readRefusal(headers) : readReceipt(receipt, payment, (network) => network)
    },
  } satisfies Protocol)
}

/** Servers may speak both versions, with a v1 body beside the header; one that is not v1 asks nothing. */
function readBody(body: string | undefined): readonly OfferClaim[] {
  if (!body?.includes('"x402Version"')) return []
  try {
    const message = parseJson(body, 'the body')
    return readRequired(message, { protocol: 'x402-v1', version: 1, readEntry: readEntryV1 })?.claims ?? []
  } catch {
    return []
  }
}

/** Two prices or two payees for the same thing cannot both be what the owner agreed to. */
function refuseContradiction(header: readonly OfferClaim[], body: readonly OfferClaim[]): void {
  if (contradicts(header, body) || contradicts(body, header))
    throw malformed('its header and its body ask different things')
}

function contradicts(these: readonly OfferClaim[], those: readonly OfferClaim[]): boolean {
  return these.some((one) => {
    const alike = those.filter((other) => isSameAsset(one, other))
    return (
      alike.length > 0 && !alike.some((other) => one.amount === other.amount && isSameAddress(one.payTo, other.payTo))
    )
  })
}

function isSameAsset(one: OfferClaim, other: OfferClaim): boolean {
  return one.scheme === other.scheme && one.network === other.network && isSameAddress(one.asset, other.asset)
}

/** Adds the payment's id where a server takes one, and echoes the rest as it came: a server refuses what was changed. */
function echoExtensions(extensions: unknown, { payment }: Authorization): unknown {
  if (!isObject(extensions)) return undefined
  const declared = extensions['payment-identifier']
  if (!isObject(declared)) return extensions
  const info = declared['info'] ?? {}
  if (!isObject(info)) return extensions
  return { ...extensions, 'payment-identifier': { ...declared, info: { ...info, id: info['id'] ?? payment.id } } }
}

/** A refused payment is answered with another 402 or a 412, which says why. */
function readRefusal(headers: Headers): { readonly reason?: string | undefined } {
  const header = headers.get(challengeHeader)
  if (header === null) return {}
  try {
    return { reason: readCode(fieldsOf(readHeader(header, challengeHeader))['error']) }
  } catch {
    return {}
  }
}

import { parseJson } from './json.js'
import type { Message, Protocol } from './protocol.js'
import { malformed, networkOf, readEntryV1, readRequired, readSettlement, writeHeader } from './x402-wire.js'

/** Speaks x402 version 1: the 402 is a JSON body, the payment a header. */
export function x402V1(): Protocol {
  return Object.freeze({
    name: 'x402-v1',
    paymentHeaders: ['x-payment'],
    parse: ({ headers, body }: Message) => {
      // With a v2 header, or the outcome of a payment, the body is not what asks.
      if (headers.has('payment-required') || headers.has('payment-response') || headers.has('x-payment-response'))
        return undefined
      if (!body?.includes('"x402Version"')) return undefined
      const message = parseJson(body)
      if (Reflect.get(Object(message), 'x402Version') === 2)
        throw malformed('x402 version 2 is in the body, without its header')
      return readRequired(message, { protocol: 'x402-v1', version: 1, readEntry: readEntryV1 })
    },
    attach: (_required, { offer, payload }) => ({
      'X-PAYMENT': writeHeader({
        x402Version: 1,
        scheme: offer.scheme,
        network: Reflect.get(Object(offer.raw), 'network'),
        payload: { signature: payload['signature'], ...payload },
      }),
    }),
    readAnswer: (headers, payment) => {
      const receipt = headers.get('x-payment-response')
      return receipt === null ? {} : readSettlement(receipt, payment, networkOf)
    },
  } satisfies Protocol)
}

import { memoize } from '../../lib/memo.js'
import { fieldsOf } from '../fields.js'
import { parseMessage } from './message.js'
import type { Message, Protocol } from '../../ports/protocol.js'
import { malformed } from '../words.js'
import { readEntryV1 } from './entry.js'
import { encodeMessage, memoBounds } from './header.js'
import { networkOfV1 } from './networks.js'
import { readReceipt } from './receipt.js'
import { readBodyError } from './refusal.js'
import { readRequired } from './required.js'

/** With the outcome of a payment, the body is not what asks. */
const outcomeHeaders = ['PAYMENT-RESPONSE', 'X-PAYMENT-RESPONSE']

/** What is read of a body that is of the other version. */
const version2 = 'version 2'

/** Speaks x402 version 1: the 402 is a JSON body, the payment a header. */
export function x402V1(): Protocol {
  const readBody = memoize((body) => {
    const message = parseMessage(body, 'the body')
    if (fieldsOf(message)['x402Version'] === 2) return version2
    return readRequired(message, { protocol: 'x402-v1', version: 1, readEntry: readEntryV1 })
  }, memoBounds)
  return Object.freeze({
    name: 'x402-v1',
    paymentHeaders: Object.freeze(['x-payment']),
    parse: ({ headers, body }: Message) => {
      if (body === undefined || outcomeHeaders.some((name) => headers.has(name)) || !mentionsX402(body))
        return undefined
      const read = readBody(body)
      if (read !== version2) return read
      if (headers.has('PAYMENT-REQUIRED')) return undefined
      throw malformed('x402 version 2 is in the body, without its header')
    },
    attach: (_required, { offer, payload }) => ({
      // The network by the name that the server gave it.
      'X-PAYMENT': encodeMessage({
        x402Version: '1',
        scheme: JSON.stringify(offer.scheme),
        network: JSON.stringify(fieldsOf(offer.raw)['network']),
        payload: JSON.stringify(payload),
      }),
    }),
    readAnswer: (headers, payment, body) => {
      const receipt = headers.get('X-PAYMENT-RESPONSE')
      return receipt === null ? readBodyError(body) : readReceipt(receipt, payment, networkOfV1)
    },
  } satisfies Protocol)
}

/** Prose and paywalls, which are HTML with a challenge for their own script, ask a person and not us. */
function mentionsX402(body: string): boolean {
  return body.includes('x402Version') && /^\s*[{["]/.test(body)
}

import { decodeBase64 } from '../../lib/base64.js'
import { deepFreeze } from '../../lib/freeze.js'
import { plain } from '../../lib/untrusted.js'
import type { ProtocolAnswer } from '../../ports/protocol.js'
import type { Payment } from '../../types.js'
import { fieldsOf } from '../fields.js'
import { parseJson } from '../json.js'

const problems = 'https://paymentauth.org/problems/'
/** What MPP calls failures by; whatever else a server writes there is its own words, and stays out. */
const codes = new Set([
  'payment-insufficient',
  'payment-expired',
  'verification-failed',
  'malformed-credential',
  'invalid-challenge',
  'invalid-payload',
])
const maxReason = 256

/** Reads a receipt, which MPP gives of what was paid alone. Never throws. */
export function readReceipt(value: string, { asset, terms }: Payment): ProtocolAnswer {
  const { status, reference, challengeId } = fieldsOf(parse(decodeBase64(value)))
  if (status !== 'success') return { note: 'the receipt is not readable' }
  const transaction = typeof reference === 'string' && /^0x[0-9a-fA-F]{64}$/.test(reference) ? reference : ''
  const { id } = fieldsOf(parse(terms.challenge))
  return deepFreeze({
    receipt: { status: 'claimed', transaction, network: asset.network },
    note: challengeId === undefined || challengeId === id ? undefined : 'the receipt names another challenge',
  })
}

/** Reads why a payment was not taken: problem details (RFC 9457). */
export function readProblem(body: string | undefined): Pick<ProtocolAnswer, 'reason' | 'untrustedReason'> {
  const { type, detail } = fieldsOf(parse(body))
  const name = typeof type === 'string' && type.startsWith(problems) ? type.slice(problems.length) : ''
  const untrustedReason = typeof detail === 'string' ? plain(detail.slice(0, maxReason * 4), maxReason).trim() : ''
  return {
    ...(codes.has(name) && { reason: name.replaceAll('-', '_') }),
    ...(untrustedReason !== '' && { untrustedReason }),
  }
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : parseJson(text, 'the answer')
  } catch {
    return undefined
  }
}

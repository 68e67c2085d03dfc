import { plain } from '../../lib/untrusted.js'
import type { ProtocolAnswer } from '../../ports/protocol.js'
import { fieldsOf } from '../fields.js'
import { readCode } from '../words.js'
import { parseMessage } from './message.js'

/** Why a payment was not taken. */
export type Refused = Pick<ProtocolAnswer, 'reason' | 'untrustedReason'>

const maxReason = 256

/** Reads what a server says of a failure: a code that is known, and anything else as the server's own words. */
export function readError(value: unknown): Refused {
  const reason = readCode(value)
  if (reason !== undefined) return { reason }
  const untrustedReason = typeof value === 'string' ? plain(value.slice(0, maxReason * 4), maxReason).trim() : ''
  return untrustedReason === '' ? {} : { untrustedReason }
}

/** Reads the error of a body in JSON, which is where version 1 says it, and some servers of version 2. */
export function readBodyError(body: string | undefined): Refused {
  if (body === undefined) return {}
  try {
    return readError(fieldsOf(parseMessage(body, 'the body'))['error'])
  } catch {
    return {}
  }
}

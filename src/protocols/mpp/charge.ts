import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import { deepFreeze } from '../../lib/freeze.js'
import { untrustedWord } from '../../lib/untrusted.js'
import type { OfferClaim, SetAside } from '../../types.js'
import type { Parameters } from '../authenticate.js'
import { echoOf, maxChallenge, readRequest, secondsLeft } from './challenge.js'
import { readEvmRequest } from './evm-charge.js'
import { readTempoRequest } from './tempo-charge.js'

/** The one other header that a challenge may ask the payment in. */
const ownHeader = 'Payment-Authorization'

const methods: Readonly<Record<string, typeof readTempoRequest>> = { evm: readEvmRequest, tempo: readTempoRequest }

/**
 * Reads a challenge as an offer: a charge whose nonce is that of the challenge. The time that it lives is counted by the
 * server's own clock.
 */
export function readCharge(parameters: Parameters, index: number, now: number): OfferClaim | SetAside {
  const { id = '', realm = '', method = '', intent, request = '', expires, header } = parameters
  const aside = (reason: string): SetAside => ({ index, reason, untrustedScheme: untrustedWord(`${method}/${intent}`) })
  const read = Object.hasOwn(methods, method) && intent === 'charge' ? methods[method] : undefined
  if (!read) return aside('its MPP method or intent is not supported')
  if (id === '') return aside('its challenge has no id')
  if (header !== undefined && header !== ownHeader)
    return aside('it asks for the payment in a header that is not known')
  const echo = echoOf(parameters)
  if (echo === undefined) return aside(`its challenge is longer than ${maxChallenge} characters`)
  const asked = read(readRequest(request), { id, realm })
  if (typeof asked === 'string') return aside(asked)
  const seconds = secondsLeft(expires, now)
  if (seconds === undefined || seconds <= 0) return aside('its time is over, or cannot be read')
  return deepFreeze({
    index,
    ...asked,
    maxTimeoutSeconds: seconds,
    challenge: { nonce: `0x${bytesToHex(keccak_256(utf8ToBytes(id + realm)))}`, echo },
    raw: { ...parameters },
  } satisfies OfferClaim)
}

import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import * as z from 'zod/mini'
import { deepFreeze } from '../../lib/freeze.js'
import { untrustedWord } from '../../lib/untrusted.js'
import type { OfferClaim, SetAside } from '../../types.js'
import type { Parameters } from './authenticate.js'
import { echoOf, maxChallenge, readRequest, secondsLeft } from './challenge.js'

/** The one other header that a challenge may ask the payment in. */
const ownHeader = 'Payment-Authorization'

const shape = z.object({
  amount: z.string().check(z.regex(/^[1-9][0-9]{0,77}$/)),
  currency: z.string().check(z.regex(/^0x[0-9a-fA-F]{40}$/)),
  recipient: z.string().check(z.regex(/^0x[0-9a-fA-F]{40}$/)),
  methodDetails: z.object({
    chainId: z.int().check(z.positive()),
    credentialTypes: z.optional(z.array(z.string())),
    decimals: z.optional(z.int()),
    splits: z.optional(z.array(z.unknown())),
  }),
})

/**
 * Reads a challenge as an offer: to be charged on an EVM chain by an authorization of EIP-3009, whose nonce is that of the
 * challenge. The time that it lives is counted by the server's own clock.
 */
export function readCharge(parameters: Parameters, index: number, now: number): OfferClaim | SetAside {
  const { id = '', realm = '', method, intent, request = '', expires, header } = parameters
  const aside = (reason: string): SetAside => ({ index, reason, untrustedScheme: untrustedWord(`${method}/${intent}`) })
  if (method !== 'evm' || intent !== 'charge') return aside('its MPP method or intent is not supported')
  if (id === '') return aside('its challenge has no id')
  if (header !== undefined && header !== ownHeader)
    return aside('it asks for the payment in a header that is not known')
  const echo = echoOf(parameters)
  if (echo === undefined) return aside(`its challenge is longer than ${maxChallenge} characters`)
  const read = shape.safeParse(readRequest(request))
  if (!read.success) return aside('its request is not one of evm/charge')
  const { amount, currency, recipient, methodDetails } = read.data
  const { chainId, credentialTypes = [], decimals, splits = [] } = methodDetails
  if (!credentialTypes.includes('authorization')) return aside('it takes no authorization of EIP-3009')
  if (splits.length > 0) return aside('it asks for several payees, which one authorization cannot pay')
  const seconds = secondsLeft(expires, now)
  if (seconds === undefined || seconds <= 0) return aside('its time is over, or cannot be read')
  return deepFreeze({
    index,
    scheme: 'exact',
    network: `eip155:${chainId}`,
    asset: currency,
    amount: BigInt(amount),
    payTo: recipient,
    maxTimeoutSeconds: seconds,
    extra: decimals === undefined ? {} : { decimals },
    challenge: { nonce: `0x${bytesToHex(keccak_256(utf8ToBytes(id + realm)))}`, echo },
    raw: { ...parameters },
  } satisfies OfferClaim)
}

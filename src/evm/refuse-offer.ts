import type { Offer } from '../types.js'
import { parseAddress } from './address.js'
import { permit2, permit2Proxies } from './permit2.js'

/** The facilitators refuse an authorization with less than six seconds to live. */
export const minValiditySeconds = 7

const unspendable = new Set(
  [
    '0x0000000000000000000000000000000000000000',
    '0x000000000000000000000000000000000000dEaD',
    permit2,
    ...Object.values(permit2Proxies),
  ].map((address) => address.toLowerCase()),
)

/** Says why an offer's payee cannot be paid. */
export function refusePayee({ payTo, asset }: Offer, payer: string): string | undefined {
  const payee = parseAddress(payTo)
  if (payee === undefined) return 'payTo is not an EVM address with a right checksum'
  if (unspendable.has(payee.toLowerCase())) return 'payTo is an address that nobody can spend from'
  if (payee === asset.address) return 'payTo is the token contract itself'
  return payee === payer ? 'payTo is our own address' : undefined
}

/** Says why an offer's time is too short. */
export function refuseTime({ maxTimeoutSeconds }: Offer): string | undefined {
  return maxTimeoutSeconds < minValiditySeconds ? `${maxTimeoutSeconds} s are too short to settle in` : undefined
}

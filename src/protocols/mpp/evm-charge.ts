import * as z from 'zod/mini'
import type { ReadMethod } from './tempo-charge.js'

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

/** Reads a request of `evm/charge` that an authorization of EIP-3009 pays; or says why it cannot be paid. */
export function readEvmRequest(request: unknown): ReadMethod | string {
  const read = shape.safeParse(request)
  if (!read.success) return 'its request is not one of evm/charge'
  const { amount, currency, recipient, methodDetails } = read.data
  const { chainId, credentialTypes = [], decimals, splits = [] } = methodDetails
  if (!credentialTypes.includes('authorization')) return 'it takes no authorization of EIP-3009'
  if (splits.length > 0) return 'it asks for several payees, which one authorization cannot pay'
  return {
    scheme: 'exact',
    network: `eip155:${chainId}`,
    asset: currency,
    amount: BigInt(amount),
    payTo: recipient,
    extra: decimals === undefined ? {} : { decimals },
  }
}

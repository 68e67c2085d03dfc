import * as z from 'zod/mini'
import { parseAddress } from '../../evm/address.js'
import type { TempoCharge } from '../../evm/tempo/charge-transaction.js'
import type { Hex } from '../../types.js'

/** A dollar, in the units that gas is paid in on Tempo: what its owner sets is less. */
const maxFee = 1_000_000_000_000_000_000n
/** No token has as much. */
const maxAmount = 1n << 128n

const amount = () => z.bigint().check(z.nonnegative(), z.lt(maxAmount))
const address = () =>
  z.pipe(
    z.string().check(z.refine((text) => parseAddress(text) !== undefined)),
    z.transform((text) => text as Hex),
  )

const shape = () =>
  z.strictObject({
    chainId: z.int().check(z.positive()),
    token: address(),
    payee: address(),
    amount: amount(),
    memo: z.pipe(
      z.string().check(z.regex(/^0x[0-9a-fA-F]{64}$/)),
      z.transform((text) => text as Hex),
    ),
    validBefore: z.int().check(z.positive()),
    gas: amount(),
    maxFeePerGas: amount(),
    maxPriorityFeePerGas: amount(),
    isSponsored: z.boolean(),
  })

/**
 * Reads one transfer of a token of Tempo, for a bounded fee; answers a copy, or `undefined` for anything else. Of what can be
 * read no transaction but such a transfer can be made.
 */
export function readCharge(charge: unknown, network: string): TempoCharge | undefined {
  const parsed = shape().safeParse(charge)
  if (!parsed.success || network !== `eip155:${parsed.data.chainId}`) return undefined
  const { gas, maxFeePerGas, maxPriorityFeePerGas } = parsed.data
  return gas * maxFeePerGas <= maxFee && maxPriorityFeePerGas <= maxFeePerGas ? parsed.data : undefined
}

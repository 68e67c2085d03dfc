import * as z from 'zod/mini'
import { parseAddress } from '../../evm/address.js'
import { functions } from '../../evm/abi.js'
import { maxGas } from '../../evm/gas.js'
import { permit2 } from '../../evm/permit2.js'
import type { EvmTransaction } from '../../evm/transaction.js'

/** A hundredth of a chain's coin: what its owner sets is less. */
const maxFeeWei = 10_000_000_000_000_000n
/** An amount of fewer than 2^128 units: no token has as much, and an approval without an end is larger. */
const approval = new RegExp(`^${functions.approve}0{24}${permit2.slice(2).toLowerCase()}0{32}[0-9a-f]{32}$`)

const shape = () =>
  z.strictObject({
    type: z.literal('eip1559'),
    chainId: z.int().check(z.positive()),
    nonce: z.int().check(z.nonnegative()),
    maxPriorityFeePerGas: z.bigint().check(z.nonnegative()),
    maxFeePerGas: z.bigint().check(z.nonnegative()),
    gas: z.bigint().check(z.positive(), z.lte(maxGas)),
    to: z.string().check(z.refine((text) => parseAddress(text) !== undefined)),
    value: z.literal(0n),
    data: z.string().check(z.regex(approval)),
  })

/**
 * Reads a transaction that does nothing but approve Permit2 for so much of a token, for a bounded fee; answers a copy, or
 * `undefined` for any other, however little it differs.
 */
export function readApproval(transaction: unknown, network: string): EvmTransaction | undefined {
  const parsed = shape().safeParse(transaction)
  if (!parsed.success || network !== `eip155:${parsed.data.chainId}`) return undefined
  const { gas, maxFeePerGas, maxPriorityFeePerGas } = parsed.data
  const isBounded = gas * maxFeePerGas <= maxFeeWei && maxPriorityFeePerGas <= maxFeePerGas
  return isBounded ? (parsed.data as EvmTransaction) : undefined
}

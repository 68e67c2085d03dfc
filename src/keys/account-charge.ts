import { encodeCharge, type TempoCharge, tempoTransaction } from '../evm/tempo/charge-transaction.js'
import { cleanCause } from '../lib/clean-cause.js'
import type { Hex } from '../types.js'

/** The part of an account of viem's that is used. */
type AccountSigning = { signTransaction?(transaction: never, options: never): Promise<string> }

/** viem's accounts sign what is serialized for them: the bytes are ours, and end with the signature. */
export function accountCharge(source: AccountSigning): ((charge: TempoCharge) => Promise<Hex>) | undefined {
  if (typeof source.signTransaction !== 'function') return undefined
  return async (charge) => {
    const unsigned = encodeCharge(charge)
    const serializer = (_: unknown, signature?: unknown): string =>
      signature === undefined ? unsigned : `${unsigned}${joinSignature(signature)}`
    try {
      const signed = await source.signTransaction?.(tempoTransaction(charge) as never, { serializer } as never)
      return `0x${String(signed).slice(-130)}`
    } catch (cause) {
      throw cleanCause(cause)
    }
  }
}

function joinSignature(signature: unknown): string {
  const { r, s, yParity } = Object(signature)
  return `${String(r).slice(2)}${String(s).slice(2)}${yParity === 0 ? '1b' : '1c'}`
}

import type { Rpc } from './blocks.js'

/** What a transaction of an account's own takes, by what a node says; in wei. */
export type Gas = {
  readonly accountNonce: bigint
  readonly gas: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

/** A call as nodes take it. */
type Call = Readonly<Record<'from' | 'to', string>> & { readonly value?: string; readonly data?: string }

/** More than any token of the table needs; a node that says more wants our coin. */
export const maxGas = 200_000n

/**
 * Asks a node what a call would take.
 *
 * @throws RangeError when it could cost more than is allowed, or a node's own error when the call would not be executed.
 */
export async function readGas(client: Rpc, call: Call, maxFeeWei: bigint): Promise<Gas> {
  const [accountNonce, estimate, price, tip] = await Promise.all([
    readQuantity(client, 'eth_getTransactionCount', [call.from, 'pending']),
    readQuantity(client, 'eth_estimateGas', [call]),
    readQuantity(client, 'eth_gasPrice', []),
    readQuantity(client, 'eth_maxPriorityFeePerGas', []).catch(() => 0n),
  ])
  const gas = (estimate * 12n) / 10n
  // Twice the price of now: what is not needed is not taken.
  const maxFeePerGas = price * 2n > tip ? price * 2n : tip
  if (gas > maxGas || gas * maxFeePerGas > maxFeeWei) {
    throw new RangeError(`the gas would cost up to ${gas * maxFeePerGas} wei, and ${maxFeeWei} are allowed`)
  }
  return { accountNonce, gas, maxFeePerGas, maxPriorityFeePerGas: tip }
}

/**
 * Asks a node for a number.
 *
 * @throws TypeError when it answers something else.
 */
export async function readQuantity(client: Rpc, method: string, params: readonly unknown[]): Promise<bigint> {
  const answer = await client.request({ method, params })
  if (typeof answer === 'string' && /^0x[0-9a-f]{1,64}$/i.test(answer)) return BigInt(answer)
  throw new TypeError(`a node answered ${method} with something else`)
}

import { InsufficientFundsError } from '../errors.js'
import { sleep } from '../lib/deadline.js'
import { encodeCall, encodeCallWithBytes, encodeQuantity, functions, isHex, splitSignature } from './abi.js'
import { askOne, type Nodes } from './ask-one.js'
import { readGas, readQuantity } from './gas.js'
import { transactionHash } from './transaction.js'
import { transferEvm } from './transfer.js'
import type { Asset, Hex, Payload, Payment } from '../types.js'
import type { TransferRequest, Transfers } from '../ports/chain.js'
import type { GasPayer } from './cancel.js'
import type { Rpc } from './blocks.js'

/** What transfers go through, and what their gas may cost. */
export type TransferOptions = {
  readonly clients: readonly Rpc[]
  readonly gasPayer: GasPayer | undefined
  /** In wei, for one transfer. */
  readonly maxFeeWei: bigint
  readonly timeoutMs: number
}

/**
 * Moves money on an EVM chain: a token with EIP-3009 by a signature that the gas payer submits, if there is one, else
 * by a transaction whose gas the payer pays.
 */
export function createTransfers(options: TransferOptions): Transfers {
  const { gasPayer } = options
  return Object.freeze({
    scheme: transferEvm(),
    prepare: async (request: TransferRequest) =>
      gasPayer && request.asset.transfer === 'eip3009'
        ? { scheme: 'exact', extra: {} }
        : { scheme: 'transfer', extra: await askOne(options, (client) => readFees(client, request, options)) },
    name: ({ transaction }: Payload) =>
      typeof transaction === 'string' ? transactionHash(transaction as Hex) : undefined,
    send: async (payment: Payment, payload: Payload) => {
      if (typeof payload['transaction'] === 'string') return sendRaw(payload['transaction'] as Hex, options)
      if (!gasPayer) throw new TypeError('nobody pays for the gas')
      return gasPayer.sendTransaction({ to: payment.asset.address as Hex, data: authorizationCall(payment, payload) })
    },
  } satisfies Transfers)
}

/** Reads what an address holds, in the order of the assets. */
export async function readBalances(
  options: Nodes,
  address: string,
  assets: readonly Asset[],
): Promise<readonly bigint[]> {
  return askOne(options, (client) => Promise.all(assets.map((asset) => readBalance(client, address, asset))))
}

async function readBalance(client: Rpc, address: string, asset: Asset): Promise<bigint> {
  if (asset.transfer === 'native') return readQuantity(client, 'eth_getBalance', [address, 'latest'])
  // It is held by the piece, and no call tells of all of them.
  if (asset.transfer === 'erc1155') return 0n
  return readQuantity(client, 'eth_call', [
    { to: asset.address, data: encodeCall(functions.balanceOf, address) },
    'latest',
  ])
}

async function readFees(
  client: Rpc,
  { payer, payTo, asset, amount }: TransferRequest,
  { maxFeeWei }: TransferOptions,
): Promise<Readonly<Record<string, string>>> {
  const call =
    asset.transfer === 'native'
      ? { from: payer, to: payTo, value: encodeQuantity(amount) }
      : { from: payer, to: asset.address, data: encodeCall(functions.transfer, payTo, amount) }
  const held = await readQuantity(client, 'eth_getBalance', [payer, 'latest'])
  const value = asset.transfer === 'native' ? amount : 0n
  refuseShort(held, value, { payer, asset })
  const { accountNonce, gas, maxFeePerGas, maxPriorityFeePerGas } = await readGas(client, call, maxFeeWei)
  // Nodes take no transaction whose highest price the sender could not pay.
  refuseShort(held, value + gas * maxFeePerGas, { payer, asset })
  const numbers = { accountNonce, gas, maxFeePerGas, maxPriorityFeePerGas }
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, value.toString()]))
}

/** Refuses what would be signed, recorded, and never taken. */
function refuseShort(held: bigint, needed: bigint, { payer, asset }: Pick<TransferRequest, 'payer' | 'asset'>): void {
  if (held >= needed) return
  const { network } = asset
  const coin = { symbol: 'native coin', decimals: 18 }
  throw new InsufficientFundsError({ network, address: payer, asset: coin, held, needed, use: 'gas' })
}

/** A node that knows the transaction already has not failed to take it. */
export async function sendRaw(serialized: Hex, options: Nodes): Promise<string> {
  const hash = transactionHash(serialized)
  try {
    await askOne(options, (client) => client.request({ method: 'eth_sendRawTransaction', params: [serialized] }))
  } catch (error) {
    if (!(await isKnown(hash, options))) throw error
  }
  return hash
}

/** Asks a few times: a node that is busy may have taken it, and not know of it at once. */
async function isKnown(hash: string, options: Nodes): Promise<boolean> {
  const ask = (): Promise<unknown> =>
    askOne(options, (client) => client.request({ method: 'eth_getTransactionByHash', params: [hash] }))
  for (let asked = 0; asked < 4; asked += 1) {
    if (asked > 0) await sleep(250)
    if (await ask().catch(() => undefined)) return true
  }
  return false
}

function authorizationCall({ terms, amount, payTo }: Payment, { signature }: Payload): Hex {
  const [validAfter, validBefore] = [BigInt(terms.validAfter), BigInt(terms.validBefore)]
  const transfer = [terms.payer, payTo, amount, validAfter, validBefore, terms.nonce]
  if (!isHex(signature, 65)) return encodeCallWithBytes(functions.transferWithContract, transfer, String(signature))
  const { r, s, v } = splitSignature(signature)
  return encodeCall(functions.transferWithAuthorization, ...transfer, v, r, s)
}

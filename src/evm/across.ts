import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils'
import type { ChainLog } from '../ports/action.js'
import type { Hex, Network } from '../types.js'
import { decodeAddress, encodeCall, encodeCallWithBytes, encodeWord } from './abi.js'

/** What is deposited on one network, to be paid out on another. */
export type Deposit = {
  readonly payer: string
  readonly inputToken: string
  readonly outputToken: string
  readonly inputAmount: bigint
  readonly outputAmount: bigint
  readonly destination: bigint
  /** Unix seconds on the network that it leaves. */
  readonly quotedAt: bigint
  /** Unix seconds on the network that it goes to; nobody pays it out later. */
  readonly fillDeadline: bigint
}

/**
 * `depositV3(address,address,address,address,uint256,uint256,uint256,address,uint32,uint32,uint32,bytes)`,
 * `fillStatuses(bytes32)`, `depositQuoteTimeBuffer()` and `fillDeadlineBuffer()`
 */
const selectors = {
  deposit: '0x7b939232',
  fillStatuses: '0xc35c83fc',
  quoteBuffer: '0x57f6dcb8',
  fillBuffer: '0x079bd2c7',
} as const
/** `FundsDeposited(bytes32,bytes32,uint256,uint256,uint256,uint256,uint32,uint32,uint32,bytes32,bytes32,bytes32,bytes)` */
const deposited = '0x32ed1a409ef04c7b0227189c3a103dc5ac10e775a15b785dcc510201f7c25ad3'

/** The questions how late a deposit may be made, and how long it may take to be paid out, in seconds. */
export const acrossQuestions: { readonly quoteBuffer: Hex; readonly fillBuffer: Hex } = {
  quoteBuffer: selectors.quoteBuffer,
  fillBuffer: selectors.fillBuffer,
}

/** Encodes a deposit by an account for itself: nobody has a right to pay it out before others, and it brings no message. */
export function encodeDeposit(deposit: Deposit): Hex {
  const { payer, inputToken, outputToken, inputAmount, outputAmount, destination, quotedAt, fillDeadline } = deposit
  const tokens = [inputToken, outputToken, inputAmount, outputAmount] as const
  const args = [payer, payer, ...tokens, destination, 0n, quotedAt, fillDeadline, 0n] as const
  return encodeCallWithBytes(selectors.deposit, args, '0x')
}

/** Reads a deposit that was encoded here. */
export function readDeposit(data: Hex): Deposit {
  const word = (index: number): Hex => `0x${data.slice(10 + 64 * index, 74 + 64 * index)}`
  return {
    payer: decodeAddress(word(0)),
    inputToken: decodeAddress(word(2)),
    outputToken: decodeAddress(word(3)),
    inputAmount: BigInt(word(4)),
    outputAmount: BigInt(word(5)),
    destination: BigInt(word(6)),
    quotedAt: BigInt(word(8)),
    fillDeadline: BigInt(word(9)),
  }
}

/** Finds the number that a pool gave a deposit, in the logs of its transaction. */
export function findDepositId(
  { payer, destination, outputAmount, inputAmount }: Deposit,
  pool: string,
  logs: readonly ChainLog[],
): bigint | undefined {
  const own = logs.filter(
    ({ address, topics, data }) =>
      address === pool.toLowerCase() &&
      topics[0] === deposited &&
      topics[1] === encodeWord(destination) &&
      topics[3] === encodeWord(payer) &&
      data.slice(2 + 128, 2 + 256) === `${encodeWord(inputAmount).slice(2)}${encodeWord(outputAmount).slice(2)}`,
  )
  const [found, other] = own.map(({ topics }) => topics[2])
  return found !== undefined && other === undefined ? BigInt(found) : undefined
}

/** Encodes the question whether a deposit is paid out, for the pool of the network that it goes to. */
export function encodeFillStatus(
  deposit: Deposit,
  { id, origin }: { readonly id: bigint; readonly origin: bigint },
): Hex {
  const { payer, inputToken, outputToken, inputAmount, outputAmount, destination, fillDeadline } = deposit
  const relay = [
    ...[payer, payer, 0n, inputToken, outputToken, inputAmount, outputAmount, origin, id, fillDeadline, 0n],
    // Where the message stands, and its length.
    ...[384n, 0n],
  ]
  const words = [64n, destination, ...relay].map((one) => encodeWord(one).slice(2)).join('')
  return encodeCall(selectors.fillStatuses, `0x${bytesToHex(keccak_256(hexToBytes(words)))}`)
}

/** Across names networks by the ids of their chains. */
export function chainIdOf(network: Network): bigint {
  return BigInt(network.slice(prefix.length))
}

/** Names a network by the id of its chain. */
export function networkOf(chainId: bigint): Network {
  return `${prefix}${chainId}`
}

const prefix = 'eip155:'

/** What a pool answers of a deposit that is paid out. */
export const filled = 2n

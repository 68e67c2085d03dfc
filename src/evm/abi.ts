import type { Hex } from '../types.js'

/** The functions that are called, by their selectors (EIP-3009, ERC-20, ERC-1271, Permit2, Multicall3). */
export const functions = {
  /** `authorizationState(address,bytes32)` */
  authorizationState: '0xe94a0102',
  /** `transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)` */
  transferWithAuthorization: '0xe3ee160e',
  /** `cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)` */
  cancelAuthorization: '0x5a049a70',
  /** `transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)` */
  transferWithContract: '0xcf092995',
  /** `cancelAuthorization(address,bytes32,bytes)` */
  cancelWithContract: '0xb7b72899',
  /** ERC-1271 `isValidSignature(bytes32,bytes)` */
  isValidSignature: '0x1626ba7e',
  /** Multicall3's `aggregate3((address,bool,bytes)[])` */
  aggregate3: '0x82ad56cb',
  /** `balanceOf(address)` */
  balanceOf: '0x70a08231',
  /** `transfer(address,uint256)` */
  transfer: '0xa9059cbb',
  /** `allowance(address,address)` */
  allowance: '0xdd62ed3e',
  /** ERC-20's `approve(address,uint256)` */
  approve: '0x095ea7b3',
  /** EIP-2612's `nonces(address)` */
  nonces: '0x7ecebe00',
  /** Permit2's `nonceBitmap(address,uint256)` */
  nonceBitmap: '0x4fe02b44',
} as const

/** The events that are looked for, by their first topics (EIP-3009, ERC-20, Permit2, TIP-20). */
export const events = {
  /** `AuthorizationUsed(address,bytes32)` */
  used: '0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5',
  /** `AuthorizationCanceled(address,bytes32)` */
  canceled: '0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81',
  /** `Transfer(address,address,uint256)` */
  transfer: '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
  /** TIP-20's `TransferWithMemo(address,address,uint256,bytes32)` */
  transferWithMemo: '0x57bc7354aa85aed339e000bccffabbc529466af35f0772c8f8ee1145927de7f0',
  /** TIP-1028's `TransferBlocked(address,address,uint64,uint256,uint8,bytes)` */
  transferBlocked: '0x361d86e46fd139dc3eac4148f16b53597f0f8ddd9aba772aae0034bda5531b1c',
  /** Permit2's `UnorderedNonceInvalidation(address,uint256,uint256)` */
  invalidated: '0x3704902f963766a4e561bbaab6e6cdc1b1dd12f6e9e99648da8843b3f46b918d',
} as const

/** Encodes a call: the selector, then one word for each argument. */
export function encodeCall(selector: Hex, ...args: readonly (bigint | string)[]): Hex {
  return `${selector}${args.map((one) => encodeWord(one).slice(2)).join('')}`
}

/** Encodes a number, an address or any other hex of at most 32 bytes as one word. */
export function encodeWord(value: bigint | string): Hex {
  const digits = typeof value === 'bigint' ? value.toString(16) : value.slice(2).toLowerCase()
  return `0x${digits.padStart(64, '0')}`
}

/**
 * Encodes a call whose last argument is bytes of any length, given in hex: behind the words of the others stands where
 * they begin, and behind that their length.
 */
export function encodeCallWithBytes(selector: Hex, args: readonly (bigint | string)[], bytes: string): Hex {
  const place = BigInt(32 * (args.length + 1))
  return `${encodeCall(selector, ...args, place)}${encodeBytes(bytes)}`
}

/** Encodes bytes of any length, in hex digits without `0x`: their length, then themselves, filled up to whole words. */
export function encodeBytes(bytes: string): string {
  const digits = bytes.slice(2).toLowerCase()
  const length = BigInt(digits.length / 2)
  return encodeWord(length).slice(2) + digits.padEnd(Math.ceil(digits.length / 64) * 64, '0')
}

/** Takes the address out of a word. */
export function decodeAddress(word: string): Hex {
  return `0x${readHex(word, 32).slice(-40).toLowerCase()}`
}

/** Splits a signature of 65 bytes. */
export function splitSignature(signature: string): { readonly r: Hex; readonly s: Hex; readonly v: Hex } {
  const [r, s, v] = [signature.slice(2, 66), signature.slice(66, 130), signature.slice(130, 132)]
  return { r: `0x${r}`, s: `0x${s}`, v: `0x${v}` }
}

/** Encodes a number as nodes take it. */
export function encodeQuantity(number: bigint): Hex {
  return `0x${number.toString(16)}`
}

/** Tells whether something is this many bytes in hex. */
export function isHex(value: unknown, bytes: number): value is Hex {
  return typeof value === 'string' && value.length === 2 + bytes * 2 && /^0x[0-9a-fA-F]+$/.test(value)
}

/**
 * Reads this many bytes of a node's answer.
 *
 * @throws TypeError when it is something else.
 */
export function readHex(value: unknown, bytes: number): Hex {
  if (isHex(value, bytes)) return value
  throw new TypeError('the node answered with something else')
}

import type { Hex } from '../types.js'
import { encodeWord } from './abi.js'
import { permit2Proxies } from './permit2.js'

/** Where the words of a call to a proxy stand that say whose nonce it uses. */
type Call = { readonly selector: string; readonly proxy: Hex; readonly nonce: number; readonly owner: number }

/** How x402's proxies are called to settle a payment, with and without an EIP-2612 permit before it. */
const calls: readonly Call[] = [
  { selector: '13cd3b53', proxy: permit2Proxies.exact, nonce: 2, owner: 4 },
  { selector: 'fa340378', proxy: permit2Proxies.exact, nonce: 7, owner: 9 },
  { selector: 'ff11e7b4', proxy: permit2Proxies.upto, nonce: 2, owner: 5 },
  { selector: '016c1748', proxy: permit2Proxies.upto, nonce: 7, owner: 10 },
]

/** A batch of a facilitator's is shorter. */
const maxInput = 262_144

/** A transaction, as far as it is read. */
export type Transaction = { readonly to: string; readonly input: string }

/** Reads a node's answer to who was called and with what. */
export function readTransaction(answer: unknown): Transaction {
  const { to, input } = Object(answer)
  return { to: String(to).toLowerCase(), input: typeof input === 'string' ? input.toLowerCase() : '0x' }
}

/** Answers the nonce of this owner that a transaction used, where it is nothing but one call to a proxy. */
export function directNonce({ to, input }: Transaction, owner: string): Hex | undefined {
  const call = calls.find(({ proxy, selector }) => to === proxy.toLowerCase() && input.startsWith(`0x${selector}`))
  return call && nonceAt(input.slice(2), 0, call, owner)
}

/**
 * Lists the nonces of this owner that a transaction names in calls to the proxies, also where they are within calls to
 * other contracts, as those of facilitators that settle many at once.
 */
export function namedNonces({ input }: Transaction, owner: string): readonly Hex[] {
  const digits = input.slice(2, maxInput)
  const found = calls.flatMap((call) => placesOf(call.selector, digits).map((at) => nonceAt(digits, at, call, owner)))
  return [...new Set(found.flatMap((nonce) => nonce ?? []))]
}

function placesOf(selector: string, digits: string): readonly number[] {
  const places: number[] = []
  for (let at = digits.indexOf(selector); at >= 0; at = digits.indexOf(selector, at + 1)) {
    if (at % 2 === 0) places.push(at)
  }
  return places
}

function nonceAt(digits: string, at: number, { nonce, owner }: Call, account: string): Hex | undefined {
  const word = (index: number): string => digits.slice(at + 8 + index * 64, at + 72 + index * 64)
  const isOwners = `0x${word(owner)}` === encodeWord(account)
  return isOwners && word(nonce).length === 64 ? `0x${word(nonce)}` : undefined
}

import { delegations } from '../assets/pinned-delegations.js'
import { ConfigurationError } from '../errors.js'
import { isHex } from '../evm/abi.js'
import { parseAddress } from '../evm/address.js'
import { type PeriodTerms, readPeriodTerms, type SignedDelegation } from '../evm/delegation.js'
import type { Hex } from '../types.js'

/** A delegation as MetaMask's smart accounts kit makes and signs it. */
export type Delegation = {
  /** The wallet's own address. */
  readonly delegate: string
  /** The owner's smart account. */
  readonly delegator: string
  readonly authority: string
  readonly caveats: readonly {
    readonly enforcer: string
    readonly terms: string
    readonly args?: string | undefined
  }[]
  readonly salt: string | bigint
  readonly signature: string
}

/** A delegation whose every part is known, and what its period lets be moved. */
export type ReadDelegation = {
  readonly signed: SignedDelegation
  readonly period: PeriodTerms
  /** As they are signed. */
  readonly terms: Hex
}

/** A delegation by an account itself, and not by somebody whom one was given to. */
const root = `0x${'f'.repeat(64)}`
const maxSignature = 2048

/**
 * Reads a delegation: one `erc20PeriodTransfer`, and beside it nothing but what makes it less still, of the pinned enforcers.
 *
 * @throws ConfigurationError naming what is not usable.
 */
export function readDelegation(given: Delegation): ReadDelegation {
  const { delegate, delegator, authority, caveats, salt, signature } = Object(given) as Delegation
  if (String(authority).toLowerCase() !== root) throw failed('it is not one by an account itself')
  if (!isBytes(signature, maxSignature) || signature.length < 132) throw failed('it is not signed')
  if (!Array.isArray(caveats) || caveats.length === 0 || caveats.length > 3) throw failed('its caveats are not usable')
  const held = caveats.map(readCaveat)
  const enforcers = held.map(({ enforcer }) => enforcer)
  if (new Set(enforcers).size !== enforcers.length) throw failed('a caveat is there twice')
  const terms = held.find(({ enforcer }) => enforcer === delegations.periodTransfer)?.terms
  const period = terms && readPeriodTerms(terms)
  if (!terms || !period) throw failed('it has no erc20PeriodTransfer')
  const signed = {
    delegate: readAddress(delegate, 'its delegate'),
    delegator: readAddress(delegator, 'its delegator'),
    authority: root as Hex,
    caveats: held,
    salt: readSalt(salt),
    signature: signature.toLowerCase() as Hex,
  }
  if (signed.delegate === signed.delegator) throw failed('it is to its own account')
  return { signed, period, terms }
}

/** By the length of its terms: of any other nobody knows what it says. */
const termsLength: Readonly<Record<string, number>> = {
  [delegations.periodTransfer]: 116,
  [delegations.valueLte]: 32,
  [delegations.timestamp]: 32,
}

function readCaveat(given: unknown): SignedDelegation['caveats'][number] {
  const { enforcer, terms, args = '0x' } = Object(given)
  const address = readAddress(enforcer, 'an enforcer')
  const length = Object.hasOwn(termsLength, address) ? termsLength[address] : undefined
  if (length === undefined) throw failed(`${address} is no enforcer that is known`)
  if (!isHex(terms, length)) throw failed(`the terms for ${address} are not of its shape`)
  // Nobody has signed them, and nothing is sent of them.
  if (!isBytes(args, maxSignature)) throw failed('the arguments of a caveat are no bytes')
  return { enforcer: address, terms: terms.toLowerCase() as Hex }
}

function readAddress(given: unknown, what: string): Hex {
  const address = typeof given === 'string' ? parseAddress(given) : undefined
  if (address) return address
  throw failed(`${what} is no address`)
}

function readSalt(given: unknown): bigint {
  const isWritten = typeof given === 'string' && (given === '0x' || /^(?:0x[0-9a-f]{1,64}|\d{1,78})$/i.test(given))
  const salt = isWritten ? BigInt(given === '0x' ? 0 : given) : given
  if (typeof salt === 'bigint' && salt >= 0n && salt < 1n << 256n) return salt
  throw failed('its salt is no number')
}

function isBytes(value: unknown, most: number): value is Hex {
  return typeof value === 'string' && value.length <= 2 + 2 * most && /^0x(?:[0-9a-f]{2})*$/i.test(value)
}

function failed(reason: string): ConfigurationError {
  return new ConfigurationError(`Failed to read a delegation: ${reason}`)
}

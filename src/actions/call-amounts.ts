import { ConfigurationError, PaymentDeniedError } from '../errors.js'
import type { AbiParameter, Argument } from '../evm/abi-arguments.js'
import { formatUnits } from '../lib/format-amount.js'
import type { PlanToken } from '../ports/action.js'
import { readAmount } from './tokens.js'

/** Where an argument stands: its index and, in a struct, the index of the field. */
export type ArgumentPlace = readonly number[]

/** What of a token moves by a call, as it was declared. */
export type DeclaredFlow = {
  readonly token: string
  /** The most that leaves, or the least that comes. */
  readonly bound: string | bigint
  readonly place: ArgumentPlace | undefined
}

/**
 * Finds the parameter of a name, such as `assets`, or `params.amountIn` in a struct.
 *
 * @throws ConfigurationError when there is none, several, or it is no number of units.
 */
export function findArgument(inputs: readonly AbiParameter[], named: string): ArgumentPlace {
  const place: number[] = []
  let [among, type] = [inputs, '']
  for (const part of String(named).split('.')) {
    const index = among.findIndex(({ name }) => name === part)
    const isOnly = index >= 0 && among.findLastIndex(({ name }) => name === part) === index
    if (!isOnly) throw failed(named)
    place.push(index)
    type = among[index]?.type ?? ''
    among = type === 'tuple' ? (among[index]?.components ?? []) : []
  }
  if (/^uint\d+$/.test(type)) return place
  throw failed(named)
}

/**
 * Works out how much leaves: what the argument says, where one does.
 *
 * @throws PaymentDeniedError when that is more than may.
 */
export function amountOut({ bound, place }: DeclaredFlow, token: PlanToken, args: Argument): bigint {
  const most = readAmount(bound, token)
  const asked = place === undefined ? most : amountAt(place, args)
  if (asked <= most) return asked
  throw denied(`${formatUnits(most, token)} may leave by it at most, and ${formatUnits(asked, token)} would`)
}

/**
 * Works out how much has to come: what is declared, or what the argument says where that is more.
 *
 * @throws PaymentDeniedError when the argument says less: the chain itself would hold the call to no more than that.
 */
export function amountIn({ bound, place }: DeclaredFlow, token: PlanToken, args: Argument): bigint {
  const least = readAmount(bound, token)
  const asked = place === undefined ? least : amountAt(place, args)
  if (asked >= least) return asked
  throw denied(
    `${formatUnits(least, token)} has to come by it at least, and its argument says ${formatUnits(asked, token)}`,
  )
}

function amountAt(place: ArgumentPlace, args: Argument): bigint {
  const found = place.reduce<Argument | undefined>((one, index) => (Array.isArray(one) ? one[index] : undefined), args)
  if (typeof found === 'bigint') return found
  throw new TypeError('an argument stands elsewhere than was declared')
}

/** Says that a call is not as its owner declared it. */
export function denied(reason: string): PaymentDeniedError {
  return new PaymentDeniedError([{ rule: 'call', reason }])
}

function failed(named: string): ConfigurationError {
  return new ConfigurationError(`Failed to read a call: it has not one parameter ${String(named)} of whole units`)
}

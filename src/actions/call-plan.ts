import { ConfigurationError } from '../errors.js'
import { type AbiParameter, type Argument, encodeArguments, selectorOf } from '../evm/abi-arguments.js'
import { coin } from '../evm/coin.js'
import type { ActionPlan, ActionRequest, Flow, PlanningContext, PlanToken } from '../ports/action.js'
import type { Network } from '../types.js'
import { amountIn, amountOut, type DeclaredFlow, denied } from './call-amounts.js'
import { readParts } from './read-parts.js'

/** What is called: an action of the owner's own, and its arguments. */
export type CallRequest = {
  readonly action: string
  readonly network: Network
  /**
   * In the order of the function's parameters, or by their names, as the fields of structs are; numbers as bigints or their
   * digits.
   *
   * @default none
   */
  readonly args?: readonly unknown[] | Readonly<Record<string, unknown>> | undefined
  /** How much of the chain's own coin goes with it, in wei. @default 0n */
  readonly value?: bigint | string | undefined
}

/** A call as its owner declared it. */
export type DeclaredCall = {
  readonly name: string
  readonly network: Network
  readonly to: string
  readonly inputs: readonly AbiParameter[]
  readonly signature: string
  readonly addresses: readonly string[]
  readonly maxValue: bigint
  readonly outflows: readonly (DeclaredFlow & { readonly spender: string | undefined })[]
  readonly inflows: readonly DeclaredFlow[]
}

/**
 * Plans one call: what it does is what its owner declared, with the arguments that are asked for.
 *
 * @throws PaymentDeniedError when more is asked for than was declared.
 */
export function planCall(
  request: ActionRequest,
  { payer, findToken }: PlanningContext,
  declared: DeclaredCall,
): ActionPlan {
  const { network, args: given = [], value = 0n } = readParts<CallRequest>(request, ['args', 'value'])
  const { name, to, inputs, signature, addresses } = declared
  if (network !== declared.network) throw new ConfigurationError(`Failed to call: ${name} is of ${declared.network}`)
  const readAddress = (address: string): string => {
    if (address === payer || addresses.includes(address)) return address
    throw denied(`${address} is not an allowed address of its arguments`)
  }
  const { argument: args, hex } = encodeArguments(inputs, given, { readAddress })
  const find = (named: string): PlanToken => {
    const token = named === coin.address ? coin : findToken(named)
    if (token) return token
    throw new ConfigurationError(`Failed to call: ${named} on ${network} is no known token`)
  }
  const leaves = declared.outflows.map((one) => {
    const token = find(one.token)
    return { token, amount: amountOut(one, token, args), spender: one.spender }
  })
  const comes = declared.inflows.map((one) => {
    const token = find(one.token)
    return { token, amount: amountIn(one, token, args) }
  })
  const wei = readValue(value, declared)
  return {
    action: name,
    network,
    // So that a person who is asked sees what is called, and not its bytes.
    facts: { function: signature, to, args: JSON.stringify(writeArgument(args)) },
    calls: [{ to, value: wei, data: `${selectorOf(signature)}${hex}` }],
    outflows: [...leaves.map(({ token, amount }) => ({ token, amount })), { token: coin, amount: wei }].filter(isSome),
    inflows: comes.filter(isSome),
    approvals: leaves.flatMap(({ token, amount, spender }) =>
      spender === undefined || amount === 0n ? [] : [{ token, amount, spender }],
    ),
  }
}

function readValue(value: unknown, { maxValue }: DeclaredCall): bigint {
  const isWritten = typeof value === 'string' && /^(0|[1-9]\d{0,77})$/.test(value)
  const wei = isWritten ? BigInt(String(value)) : value
  if (typeof wei !== 'bigint' || wei < 0n) {
    throw new ConfigurationError('Failed to read value: expected wei as a bigint, or its digits')
  }
  if (wei <= maxValue) return wei
  throw denied(`${maxValue} wei may go with it at most, and ${wei} are asked`)
}

function writeArgument(argument: Argument): unknown {
  if (Array.isArray(argument)) return argument.map(writeArgument)
  return typeof argument === 'bigint' ? argument.toString() : argument
}

/** Nothing is no flow. */
function isSome({ amount }: Flow): boolean {
  return amount !== 0n
}

import { familyOf, isNetwork, parseAddressOn } from '../assets/families.js'
import { ConfigurationError } from '../errors.js'
import { readParameters, signatureOf } from '../evm/abi-arguments.js'
import { evmFamily } from '../evm/family.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import type { Action, ActionRequest, PlanningContext } from '../ports/action.js'
import type { Network } from '../types.js'
import { findArgument } from './call-amounts.js'
import { type DeclaredCall, planCall } from './call-plan.js'

/** What leaves by a call. */
export type CallOutflow = {
  /** A symbol of the table of assets, or an address. */
  readonly token: string
  /** The most that may leave by one call: whole tokens as a decimal, or atomic units. */
  readonly atMost: string | bigint
  /**
   * Names the parameter that says how many atomic units leave; in a struct, as `params.amountIn`.
   *
   * @default as much as may
   */
  readonly argument?: string | undefined
  /**
   * Who is let move exactly as much meanwhile, such as the contract itself.
   *
   * @default nobody
   */
  readonly spender?: string | undefined
}

/** What comes by a call. */
export type CallInflow = {
  /** A symbol of the table of assets, or an address; the zero address is the chain's own coin. */
  readonly token: string
  /** What has to come at least: whole tokens as a decimal, or atomic units. */
  readonly atLeast: string | bigint
  /** Names the parameter that says how many atomic units have to come: as many as `atLeast`, or more. */
  readonly argument?: string | undefined
}

/** Which function of which contract may be called, and what moves by it. */
export type CallOptions = {
  /** What requests and rules call it: up to 32 letters. */
  readonly name: string
  /** A CAIP-2 id, such as `eip155:8453`. */
  readonly network: Network
  /** The contract's address. */
  readonly to: string
  /** The contract's ABI in JSON, such as viem's `parseAbi` answers. */
  readonly abi: readonly object[]
  /** The function's name, or its signature where there are several of one name. */
  readonly function: string
  /**
   * The addresses that arguments may have, besides the wallet's own.
   *
   * @default none
   */
  readonly addresses?: readonly string[] | undefined
  /**
   * The most of the chain's own coin that may go with one call, in wei.
   *
   * @default 0n
   */
  readonly maxValue?: bigint | undefined
  /** @default nothing may leave */
  readonly outflows?: readonly CallOutflow[] | undefined
  /** @default nothing has to come */
  readonly inflows?: readonly CallInflow[] | undefined
}

const optionNames: OptionNames<CallOptions> = {
  name: true,
  network: true,
  to: true,
  abi: true,
  function: true,
  addresses: true,
  maxValue: true,
  outflows: true,
  inflows: true,
}
const outflowNames: OptionNames<CallOutflow> = { token: true, atMost: true, argument: true, spender: true }
const inflowNames: OptionNames<CallInflow> = { token: true, atLeast: true, argument: true }

/**
 * Makes an action of the owner's own, for a wallet's `actions`: a call of one function of one contract. Its arguments come from
 * the request and are encoded by this ABI; what may move by it is the owner's to say, and the chain's simulation has to agree.
 * `allowActions` bounds it by its name, the contracts that it has to do with, and what may leave.
 *
 * @throws ConfigurationError when it is not usable, such as a function that takes bytes of any length.
 *
 * @example
 * ```ts
 * import { call } from 'stipend/actions'
 * import { parseAbi } from 'viem'
 *
 * const vault = '0x0000000000000000000000000000000000004626'
 * const deposit = call({
 *   name: 'deposit',
 *   network: 'eip155:8453',
 *   to: vault,
 *   abi: parseAbi(['function deposit(uint256 assets, address receiver) returns (uint256 shares)']),
 *   function: 'deposit',
 *   outflows: [{ token: 'USDC', atMost: '25', argument: 'assets', spender: vault }],
 *   inflows: [{ token: vault, atLeast: 1n }],
 * })
 * ```
 */
export function call(options: CallOptions): Action {
  const declared = readOptions(options)
  return Object.freeze({
    name: declared.name,
    plan: async (request: ActionRequest, context: PlanningContext) => planCall(request, context, declared),
  } satisfies Action)
}

function readOptions(options: CallOptions): DeclaredCall {
  refuseUnknown('call', options, optionNames)
  const { name, network, abi, addresses = [], maxValue = 0n, outflows = [], inflows = [] } = options
  if (!/^[a-zA-Z]{1,32}$/.test(String(name))) throw failed('its name is not of up to 32 letters')
  if (!isNetwork(String(network)) || familyOf(network) !== evmFamily) throw failed('its network is no EVM chain')
  const read = (given: string): string => {
    const address = parseAddressOn(network, String(given))
    if (address !== undefined) return address
    throw failed(`${String(given).slice(0, 64)} is no address`)
  }
  for (const one of outflows) refuseUnknown('call.outflows', one, outflowNames)
  for (const one of inflows) refuseUnknown('call.inflows', one, inflowNames)
  const { inputs, signature, isPayable } = findFunction(abi, options.function)
  if (typeof maxValue !== 'bigint' || maxValue < 0n) throw failed('maxValue is not in wei')
  if (maxValue > 0n && !isPayable) throw failed(`${signature} takes none of the coin`)
  const place = (argument: string | undefined) => (argument === undefined ? undefined : findArgument(inputs, argument))
  return {
    name,
    network,
    to: read(options.to),
    inputs,
    signature,
    addresses: addresses.map(read),
    maxValue,
    outflows: outflows.map(({ token, atMost, argument, spender }) => ({
      token,
      bound: atMost,
      place: place(argument),
      spender: spender === undefined ? undefined : read(spender),
    })),
    inflows: inflows.map(({ token, atLeast, argument }) => ({ token, bound: atLeast, place: place(argument) })),
  }
}

type Found = Pick<DeclaredCall, 'inputs' | 'signature'> & { readonly isPayable: boolean }

/** What is not of this name may be of types that are not encoded. */
function findFunction(abi: readonly object[], named: string): Found {
  const [name] = String(named).split('(', 1)
  const own = abi.map((one) => Object(one)).filter((one) => one.type === 'function' && one.name === name)
  const read = own.map(({ inputs: given, stateMutability }): Found => {
    const inputs = readParameters(given)
    return { inputs, signature: signatureOf(String(name), inputs), isPayable: stateMutability === 'payable' }
  })
  const [found, other] = read.filter(({ signature }) => named === name || named === signature)
  if (found && !other) return found
  throw failed(other ? `there are several ${named}: name one by its signature` : `its ABI has no function ${named}`)
}

function failed(reason: string): ConfigurationError {
  return new ConfigurationError(`Failed to read a call: ${reason}`)
}

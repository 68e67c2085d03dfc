import { delegations } from '../assets/pinned-delegations.js'
import { chainHint } from '../assets/hints.js'
import { isNetwork, parseAddressOn } from '../assets/families.js'
import { ConfigurationError, PaymentDeniedError } from '../errors.js'
import { encodeCall, functions } from '../evm/abi.js'
import { encodeAvailable, encodeRedemption, hashDelegation } from '../evm/delegation.js'
import { formatUnits } from '../lib/format-amount.js'
import { type OptionNames, requireOptions } from '../lib/known-options.js'
import type { Action, ActionPlan, ActionRequest, ChainView, PlanningContext, PlanToken } from '../ports/action.js'
import type { Network } from '../types.js'
import { type Delegation, type ReadDelegation, readDelegation } from './read-delegation.js'
import { readParts } from './read-parts.js'
import { type Refilling, type RefillMeans, startRefilling } from './refilling.js'
import { readAmount, readBalance, tokenFinder } from './tokens.js'

/** How a wallet is topped up. */
export type RefillOptions = {
  /** A CAIP-2 id, such as `eip155:8453`. */
  readonly network: Network
  /** A symbol of the table of assets, or an address. */
  readonly token: string
  /** What the owner's smart account has signed: an `erc20PeriodTransfer` to the wallet's own address. */
  readonly delegation: Delegation
  /** The most that the delegation lets be moved in a period: whole tokens as a decimal, or atomic units. */
  readonly periodAmount: string | bigint
  /** How long a period of the delegation is, in seconds. */
  readonly periodDuration: number
  /** Below so much it is topped up: whole tokens as a decimal, or atomic units. */
  readonly floor: string | bigint
  /** Up to how much: more than `floor`. */
  readonly to: string | bigint
}

const optionNames: OptionNames<RefillOptions> = {
  network: true,
  token: true,
  delegation: true,
  periodAmount: true,
  periodDuration: true,
  floor: true,
  to: true,
}

/** A way to top a wallet up, for its `refills`. */
export type Refill = {
  readonly network: Network
  readonly token: string
  /** @internal */
  readonly start: (means: RefillMeans) => Refilling
}

/**
 * Makes a way to top a wallet up from its owner's smart account, for a wallet's `refills`. The chain itself holds it to what
 * the account has delegated: whoever steals the wallet's key gets what it holds, and so much in each period.
 *
 * What is delegated has to be what is said here; a delegation of another shape, to another address, or that lets more be
 * moved, is refused.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { type Delegation, refill } from 'stipend/actions'
 *
 * declare const delegation: Delegation
 * const topUp = refill({
 *   network: 'eip155:8453',
 *   token: 'USDC',
 *   delegation,
 *   periodAmount: '20',
 *   periodDuration: 86_400,
 *   floor: '2',
 *   to: '10',
 * })
 * ```
 */
export function refill(options: RefillOptions): Refill {
  requireOptions('refill', options, optionNames)
  const { network, token, periodDuration, periodAmount, floor, to } = options
  if (!isNetwork(String(network)) || !delegations.networks.includes(network))
    throw new ConfigurationError(`Failed to refill: no delegations on ${String(network)} are known`)
  if (typeof token !== 'string' || token === '') throw new ConfigurationError('Failed to refill: it names no token')
  if (!Number.isSafeInteger(periodDuration) || periodDuration <= 0)
    throw new ConfigurationError('Failed to read periodDuration: expected whole seconds')
  const delegation = readDelegation(options.delegation)
  const given: Given = { network, token, delegation, periodDuration, periodAmount, floor, to }
  const request: ActionRequest = Object.freeze({
    action: 'refill',
    network,
    token: delegation.period.token,
    delegation: hashDelegation(delegation.signed),
  })
  const action: Action = Object.freeze({
    name: 'refill',
    plan: async (asked: ActionRequest, context: PlanningContext) => plan(asked, given, context),
  })
  const start = (means: RefillMeans) => {
    const { context, chains } = means.acting
    if (!chains.some((one) => one.network === network && one.actions))
      throw new ConfigurationError(`Failed to read refills: the wallet has no chain of ${network}${chainHint(network)}`)
    const found = readGiven(given, tokenFinder(network, context.assets))
    return startRefilling({ ...found, network, action, request }, means)
  }
  return Object.freeze({ network, token, start })
}

type Given = Omit<RefillOptions, 'delegation'> & { readonly delegation: ReadDelegation }

type Found = { readonly token: PlanToken; readonly floor: bigint; readonly to: bigint }

/** Compares what is delegated with what its owner says of it, once the token's decimals are known. */
function readGiven(given: Given, findToken: PlanningContext['findToken']): Found {
  const { network, delegation, periodDuration } = given
  const token = findToken(given.token)
  if (!token) throw new ConfigurationError(`Failed to refill: ${given.token} on ${network} is no known token`)
  const { period } = delegation
  const [floor, to, most] = [given.floor, given.to, given.periodAmount].map((one) => readAmount(one, token)) as [
    bigint,
    bigint,
    bigint,
  ]
  if (to <= floor) throw new ConfigurationError('Failed to refill: it is topped up to no more than its floor')
  if (parseAddressOn(network, period.token) !== token.address)
    throw new ConfigurationError(`Failed to refill: the delegation is of ${period.token}, and not of ${token.symbol}`)
  if (period.amount !== most || period.seconds !== BigInt(periodDuration)) {
    const [says, said] = [period.amount, most].map((one) => formatUnits(one, token))
    throw new ConfigurationError('Failed to refill: the delegation is not what its owner says of it', {
      details: [
        `It lets ${says} be moved in ${period.seconds} seconds, and the options say ${said} in ${periodDuration}.`,
      ],
    })
  }
  return { token, floor, to }
}

async function plan(
  request: ActionRequest,
  given: Given,
  { payer, view, findToken }: PlanningContext,
): Promise<ActionPlan> {
  readParts<ActionRequest>(request, ['token', 'delegation'])
  const { network, delegation } = given
  const { signed } = delegation
  if (signed.delegate !== payer)
    throw new ConfigurationError(
      `Failed to refill: the delegation is to ${signed.delegate}, and the wallet is ${payer}`,
    )
  const found = readGiven(given, findToken)
  const { token } = found
  const amount = await readMissing(found, delegation, { payer, view })
  const contract = delegation.period.token
  const transfer = encodeCall(functions.transfer, payer, amount)
  return {
    action: 'refill',
    network,
    facts: { token: token.address, delegator: signed.delegator },
    calls: [{ to: delegations.manager, value: 0n, data: encodeRedemption(signed, { to: contract, data: transfer }) }],
    outflows: [],
    inflows: [{ token, amount }],
    approvals: [],
  }
}

/** As much as is missing, or as there is: of so little that it is not worth its gas, nothing. */
async function readMissing(
  { token, floor, to }: Found,
  { signed, terms }: ReadDelegation,
  { payer, view }: { readonly payer: string; readonly view: ChainView },
): Promise<bigint> {
  const available = encodeAvailable(signed, delegations.manager, terms)
  const [held, owned, left] = await Promise.all([
    readBalance(view, token.address, payer),
    readBalance(view, token.address, signed.delegator),
    view.call(delegations.periodTransfer, available).then((answer) => (answer ? BigInt(answer.slice(0, 66)) : 0n)),
  ])
  if (held >= floor)
    throw denied(`it has ${formatUnits(held, token)}, and is topped up below ${formatUnits(floor, token)}`)
  const missing = to - held
  const most = owned < left ? owned : left
  if (most * 10n >= missing) return most < missing ? most : missing
  throw denied(
    `${formatUnits(missing, token)} is missing; its delegation lets ${formatUnits(left, token)} be moved now, and its owner's account has ${formatUnits(owned, token)}`,
  )
}

function denied(reason: string): PaymentDeniedError {
  return new PaymentDeniedError([{ rule: 'refill', reason }])
}

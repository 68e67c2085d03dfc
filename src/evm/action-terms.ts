import type { ActionPlan, Flow, PlanApproval, PlanCall, PlanToken } from '../ports/action.js'
import { canonicalJSON } from '../lib/canonical-json.js'
import type { Hex, Payment } from '../types.js'
import { parseAddress } from './address.js'
import { encodeCall } from './abi.js'
import type { EvmTransaction } from './transaction.js'

/** What all transactions of an action cost, and the account nonce of the first. */
export type ActionFees = {
  readonly accountNonce: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  /** Of each transaction. */
  readonly gas: readonly bigint[]
}

/** ERC-20 `approve(address,uint256)`. */
export const approveSelector = '0x095ea7b3'

/** Lists what the account calls for a plan: exact approvals, the calls, and the end of each approval. */
export function callsOf({ calls, approvals }: ActionPlan): readonly PlanCall[] {
  const approve = ({ token, spender }: PlanApproval, amount: bigint): PlanCall => ({
    to: token.address,
    value: 0n,
    data: encodeCall(approveSelector, spender, amount),
  })
  return [
    ...approvals.map((one) => approve(one, one.amount)),
    ...calls,
    // Also where the calls use it up: they may fail when they are executed.
    ...approvals.map((one) => approve(one, 0n)),
  ]
}

/** Which of an action's transactions does what was asked: the last of its own calls. */
export function mainOf({ calls, approvals }: Pick<ActionPlan, 'calls' | 'approvals'>): number {
  return approvals.length + calls.length - 1
}

/** Writes a plan and what it costs as the details that are recorded, from which the same transactions are built again. */
export function writeDetails(plan: ActionPlan, fees: ActionFees): Readonly<Record<string, string>> {
  return {
    plan: canonicalJSON(JSON.parse(JSON.stringify(plan, (_key, value: unknown) => plainOf(value)))),
    accountNonce: fees.accountNonce.toString(),
    maxFeePerGas: fees.maxFeePerGas.toString(),
    maxPriorityFeePerGas: fees.maxPriorityFeePerGas.toString(),
    gas: fees.gas.join(','),
  }
}

function plainOf(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

/**
 * Reads the plan of a recorded action.
 *
 * @throws TypeError when the payment is none, or its record is damaged.
 */
export function readPlan({ terms, scheme }: Pick<Payment, 'terms' | 'scheme'>): ActionPlan {
  const text = scheme === 'action' ? terms.details?.['plan'] : undefined
  if (text === undefined) throw new TypeError('the payment is no action')
  const plan = JSON.parse(text)
  const flows = (list: readonly (Omit<Flow, 'amount'> & { amount: string })[]): readonly Flow[] =>
    list.map(({ token, amount }) => ({ token: readToken(token), amount: BigInt(amount) }))
  return {
    ...plan,
    calls: plan.calls.map((call: PlanCall) => ({ ...call, value: BigInt(call.value) })),
    outflows: flows(plan.outflows),
    inflows: flows(plan.inflows),
    ...(plan.expected && { expected: flows(plan.expected) }),
    approvals: plan.approvals.map((one: PlanApproval) => ({
      ...one,
      token: readToken(one.token),
      amount: BigInt(one.amount),
    })),
  }
}

function readToken(token: PlanToken): PlanToken {
  const { id, rounding, ...rest } = token
  return {
    ...rest,
    ...(id !== undefined && { id: BigInt(id) }),
    ...(rounding !== undefined && { rounding: BigInt(rounding) }),
  }
}

/** What is signed: built from the recorded payment, and from nothing else. */
export function transactionsOf(payment: Payment): readonly EvmTransaction[] {
  const { asset, terms } = payment
  const { accountNonce = '', maxFeePerGas = '', maxPriorityFeePerGas = '', gas = '' } = terms.details ?? {}
  const limits = gas.split(',').map(BigInt)
  const calls = callsOf(readPlan(payment))
  if (limits.length !== calls.length) throw new TypeError('the record does not say what each transaction may take')
  return calls.map(({ to, value, data }, index) => ({
    type: 'eip1559',
    chainId: Number(asset.network.slice('eip155:'.length)),
    nonce: Number(accountNonce) + index,
    maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas),
    maxFeePerGas: BigInt(maxFeePerGas),
    gas: limits[index] ?? 0n,
    to: readContract(to),
    value,
    data,
  }))
}

function readContract(to: string): Hex {
  const address = parseAddress(to)
  if (!address) throw new TypeError('a contract of the plan is not an address')
  return address
}

import { ConfigurationError } from '../errors.js'
import { parseAddressOn } from '../assets/families.js'
import { deepFreeze } from '../lib/freeze.js'
import type { ActionPlan, ActionRequest } from '../ports/action.js'

const maxCalls = 8
const maxData = 16_384
const maxRounding = 2n

/**
 * Checks a plan of anybody's make, and freezes it: what is judged, tried out, recorded and signed is this one object.
 *
 * @throws ConfigurationError when it is not of what was asked, or not well-formed.
 */
export function checkPlan(plan: ActionPlan, { action, network }: ActionRequest): ActionPlan {
  const { calls, outflows, inflows, approvals, expected = [], expires } = plan
  const contracts = [...calls.map(({ to }) => to), ...approvals.map(({ spender }) => spender)]
  const flows = [...outflows, ...inflows, ...expected, ...approvals]
  const isWhole =
    plan.action === action &&
    plan.network === network &&
    calls.length > 0 &&
    calls.length + approvals.length <= maxCalls &&
    calls.every(({ value, data }) => value >= 0n && /^0x(?:[0-9a-f]{2})*$/i.test(data) && data.length <= maxData) &&
    // One way of writing each, so that rules compare them as they are.
    [...contracts, ...flows.map(({ token }) => token.address)].every((one) => parseAddressOn(network, one) === one) &&
    flows.every(({ amount }) => typeof amount === 'bigint' && amount > 0n && amount < 1n << 255n) &&
    flows.every(
      ({ token: { kind, rounding = 0n } }) => isRounding(rounding) && (rounding === 0n || kind === 'erc20'),
    ) &&
    // What may be moved is what may leave, or less.
    approvals.every((one) => {
      const out = outflows.find(({ token }) => token.address === one.token.address)
      return out !== undefined && one.amount <= out.amount
    }) &&
    (expires === undefined || Number.isSafeInteger(expires))
  if (!isWhole) throw new ConfigurationError(`Failed to act: the plan of ${String(action)} is not well-formed`)
  return deepFreeze(plan)
}

function isRounding(units: unknown): boolean {
  return units === 0n || units === 1n || units === maxRounding
}

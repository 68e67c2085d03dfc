import { aavePools, spokePools, uniswap } from '../../assets/pinned-contracts.js'
import type { ActionPlan, Flow, PlanToken } from '../../ports/action.js'
import type { JSONValue } from '../json/rule-json.js'
import type { ActionBounds } from './action-bounds.js'

type Fit = (bounds: ActionBounds, plan: ActionPlan) => string | undefined

const fits: Readonly<Record<string, Fit>> = {
  swap: ({ pairs, maxSlippageBps }, plan) => {
    const { facts, outflows, inflows, network } = plan
    const [[out], [come]] = [outflows, inflows]
    const [sell, buy] = [out?.token, come?.token]
    const { fee, slippageBps } = facts
    const isPair = listOf(pairs).some((pair) => {
      const [sold, bought, ofPool] = listOf(pair)
      return isNamed(sell, sold) && isNamed(buy, bought) && ofPool === fee
    })
    if (outflows.length > 1) return `${String(outflows.length)} tokens would leave, and a swap sells one`
    if (!isPair) return `${sell?.symbol} for ${buy?.symbol} at a fee of ${String(fee)} is not an allowed pair`
    if (Number(slippageBps) <= Number(maxSlippageBps)) return refuseOthers([uniswap[network]?.router], plan)
    return `its slippage may be ${String(maxSlippageBps)} basis points at most, and ${String(slippageBps)} are asked`
  },
  supply: ({ tokens }, plan) => refuseLending(tokens, plan, plan.outflows),
  withdraw: ({ tokens }, plan) => refuseLending(tokens, plan, plan.inflows),
  bridge: ({ to, tokens, maxFeeBps }, plan) => {
    const { facts, network, outflows } = plan
    if (!listOf(to).includes(facts['to'] ?? '')) return `${String(facts['to'])} is not a network that it may go to`
    const other = outflows.find(({ token }) => !listOf(tokens).some((named) => isNamed(token, named)))
    if (outflows.length === 0 || other) return `${other?.token.symbol ?? 'nothing'} is not an allowed token`
    if (Number(facts['feeBps']) <= Number(maxFeeBps)) return refuseOthers([spokePools[network]], plan)
    return `its fee may be ${String(maxFeeBps)} basis points at most, and ${String(facts['feeBps'])} are offered`
  },
  transferNft: ({ contracts, to }, plan) => {
    const { facts, outflows } = plan
    const other = outflows.find(({ token }) => !listOf(contracts).includes(token.address))
    if (outflows.length === 0 || other) return `${other?.token.address ?? 'nothing'} is not an allowed contract`
    if (listOf(to).includes(facts['to'] ?? '')) return refuseOthers(listOf(contracts), plan)
    return `${String(facts['to'])} is not allowed to be sent any`
  },
}

/** What is lent, or comes back, has to be named, and the pool is the one that is pinned. */
function refuseLending(tokens: JSONValue | undefined, plan: ActionPlan, flows: readonly Flow[]): string | undefined {
  const other = flows.find(({ token }) => !listOf(tokens).some((named) => isNamed(token, named)))
  if (flows.length === 0 || other) return `${other?.token.symbol ?? 'nothing'} is not an allowed token`
  return refuseOthers([aavePools[plan.network]], plan)
}

/** What is none of these may call, and let move its tokens, the contracts that are named. */
const fitsContracts: Fit = ({ contracts }, plan) => refuseOthers(listOf(contracts), plan)

/** Says which contract is called, or let move tokens, that is none of these. */
function refuseOthers(contracts: readonly unknown[], { calls, approvals }: ActionPlan): string | undefined {
  const named = [...calls.map(({ to }) => to), ...approvals.map(({ spender }) => spender)]
  const other = named.find((one) => !contracts.includes(one))
  return other === undefined ? undefined : `${other} is not an allowed contract`
}

/** Says why a plan is not within bounds of its kind, or nothing when it is. */
export function refuseByBounds(bounds: ActionBounds, plan: ActionPlan): string | undefined {
  const fit = Object.hasOwn(fits, plan.action) ? fits[plan.action] : undefined
  return (fit ?? fitsContracts)(bounds, plan)
}

function isNamed(token: PlanToken | undefined, named: JSONValue | undefined): boolean {
  return token !== undefined && (token.symbol === named || token.address === named)
}

function listOf(value: JSONValue | undefined): readonly JSONValue[] {
  return Array.isArray(value) ? value : []
}

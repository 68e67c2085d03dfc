import { ConfigurationError } from '../../errors.js'
import { formatUsd } from '../../lib/format-amount.js'
import { parseUsd } from '../../money.js'
import type { ActionPlan } from '../../ports/action.js'
import type { Rule } from '../../ports/policy.js'
import { isAction } from '../../resource.js'
import type { MicroUsd } from '../../types.js'
import { type ActionBounds, readBounds } from './action-bounds.js'
import { refuseByBounds } from './action-fits.js'
import { withForm } from '../json/rule-json.js'
import { allow, createRule, deny, grantAction, readList } from './create-rule.js'

/**
 * Allows these actions on chain, each within its bounds, and no others. Without it a wallet takes none. The bounds are data,
 * made by `swap` and the others of `stipend/actions`; limits count what an action moves as they count what is paid.
 *
 * @throws ConfigurationError when bounds are not usable.
 *
 * @example
 * ```ts
 * import { allowActions, spendingLimit } from 'stipend'
 * import { swap } from 'stipend/actions'
 *
 * const swaps = swap({ network: 'eip155:8453', pairs: [['USDC', 'WETH']], maxSlippageBps: 50, maxUsd: 25 })
 * const policy = [allowActions([swaps]), spendingLimit({ perPaymentUsd: 25, dailyLimitUsd: 100 })]
 * ```
 */
export function allowActions(actions: readonly ActionBounds[]): Rule {
  const known = readList('allowActions', actions).map(readBounds)
  const rule = createRule('allowActions', ({ resource, plan, offer }) => {
    if (!isAction(resource)) return allow
    if (!plan) return deny('nothing says what it does')
    const reasons = known.map((bounds) => refuse(bounds, plan, offer.microUsd))
    if (reasons.includes(undefined)) return grantAction
    const own = known.flatMap(({ action, network }, index) =>
      action === plan.action && network === plan.network ? [reasons[index] ?? ''] : [],
    )
    return deny(own.length > 0 ? own.join('; ') : `${plan.action} on ${plan.network} is not an allowed action`)
  })
  return withForm(rule, { actions: known })
}

function refuse(bounds: ActionBounds, plan: ActionPlan, microUsd: MicroUsd): string | undefined {
  if (bounds.action !== plan.action || bounds.network !== plan.network) return 'it is another action'
  const maxMicroUsd = parseUsd(bounds.maxUsd, 'maxUsd')
  if (microUsd > maxMicroUsd) {
    return `${plan.action} may move ${formatUsd(maxMicroUsd)} at most, and ${formatUsd(microUsd)} would leave`
  }
  return refuseByBounds(bounds, plan)
}

/** Says where bounds reach further than those that they are narrowed from; nothing where they do not. */
export function findWiderAction(outer: readonly ActionBounds[], inner: readonly ActionBounds[]): string | undefined {
  const wider = inner.find((one) => !outer.some((other) => isWithinBounds(one, other)))
  return wider && `${String(wider.action)} reaches further than that of the session it is made from`
}

/** Lists may only be shorter, and numbers smaller; what is bounded there is bounded here, and words are the same. */
function isWithinBounds(inner: ActionBounds, outer: ActionBounds): boolean {
  const [own, its] = [readBounds(inner), readBounds(outer)]
  if (parseUsd(own.maxUsd, 'maxUsd') > parseUsd(its.maxUsd, 'maxUsd')) return false
  return Object.entries(its).every(([name, value]) => {
    const narrower: unknown = own[name]
    if (Array.isArray(value)) {
      const names = new Set(value.map((one) => JSON.stringify(one)))
      return Array.isArray(narrower) && narrower.every((one) => names.has(JSON.stringify(one)))
    }
    return name === 'maxUsd' || narrower === value || (Number.isFinite(value) && Number(narrower) <= Number(value))
  })
}

/** Reads bounds from anywhere, such as a session's token. */
export function readActions(actions: unknown): readonly ActionBounds[] {
  if (!Array.isArray(actions)) throw new ConfigurationError('Failed to read actions: expected a list')
  return actions.map((one) => readBounds(one))
}

export { swap } from './bounds.js'
export type { ActOptions } from './act.js'
export type { ActionQuote } from './quote.js'
export type { SwapRequest } from './swap.js'
export type { ActionBounds, SwapBounds } from '../policy/rules/action-bounds.js'
export type {
  Action,
  ActionChain,
  ActionPlan,
  ActionRequest,
  ChainView,
  Flow,
  PlanApproval,
  PlanCall,
  PlanFacts,
  PlanningContext,
  PlanToken,
  PreparedAction,
} from '../ports/action.js'

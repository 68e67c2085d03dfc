export { bridge, supply, swap, transferNft, withdraw } from './bounds.js'
export { call, type CallInflow, type CallOptions, type CallOutflow } from './call.js'
export { type Refill, refill, type RefillOptions } from './refill.js'
export type { Delegation } from './read-delegation.js'
export type { CallRequest } from './call-plan.js'
export type { ActOptions } from './act.js'
export type { Allowance, AllowancesOptions } from './allowances.js'
export type { RevokeOptions } from './end-approvals.js'
export type { ActionQuote } from './quote.js'
export type { LendingRequest } from './lend.js'
export { across, type BridgeRequest } from './bridge.js'
export type { SwapRequest } from './swap.js'
export type { TransferNftRequest } from './transfer-nft.js'
export type { ActionBounds, BridgeBounds, LendingBounds, NftBounds, SwapBounds } from '../policy/rules/action-bounds.js'
export type {
  Action,
  ActionChain,
  ActionPlan,
  ActionRequest,
  ChainLog,
  ChainView,
  ExecutedAction,
  Flow,
  PlanApproval,
  PlanCall,
  PlanFacts,
  PlanningContext,
  PlanToken,
  PreparedAction,
  Waiting,
} from '../ports/action.js'

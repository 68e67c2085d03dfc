export type { Allowance, Approval, ApprovalId, ApprovalStatus, Freeze, Hold } from './types/approval.js'
export type { Balance } from './types/balance.js'
export type { Asset, Hex, Labels, MicroUsd, Network, PaymentId, Resource, SessionId } from './types/common.js'
export type { Limit, Measure, Pin, Usage, Window } from './types/limit.js'
export type { Offer, OfferClaim, PaymentRequired, SetAside } from './types/offer.js'
export type {
  Authorization,
  AuthorizationTerms,
  EarlierTerms,
  LetThrough,
  Payload,
  Payment,
  PaymentStatus,
  Receipt,
  Resolution,
} from './types/payment.js'

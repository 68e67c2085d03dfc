import * as z from 'zod/mini'
import {
  AlreadyPaidError,
  ApprovalRequiredError,
  ClockSkewError,
  InsufficientFundsError,
  LimitExceededError,
  type Moved,
  NoPayableOfferError,
  PaymentDelayedError,
  PaymentDeniedError,
  PaymentOutcomeUnknownError,
  PaymentRejectedError,
  SessionInvalidError,
  SessionRevokedError,
  StipendError,
  WalletFrozenError,
} from '../errors.js'
import { decodeApproval, decodePayment } from '../ledger/codec.js'
import type { Limit, Network, SessionId } from '../types.js'

/** Thrown when the wallet's service refuses or fails with anything that has no error of its own here. */
export class RemoteWalletError extends StipendError {
  readonly name = 'RemoteWalletError'
  readonly code: string
  override readonly moved: Moved
  override readonly retryable: boolean
  /** The HTTP status; 0 where no answer came. */
  readonly status: number

  constructor(
    sentence: string,
    failure: {
      readonly code: string
      readonly moved: Moved
      readonly status: number
      readonly retryable?: boolean | undefined
      readonly details?: readonly string[] | undefined
      readonly cause?: unknown
    },
  ) {
    super(sentence, failure)
    this.code = failure.code
    this.moved = failure.moved
    this.status = failure.status
    this.retryable = failure.retryable ?? false
  }
}

const schema = z.looseObject({
  title: z.string(),
  detail: z.optional(z.string()),
  status: z.int(),
  code: z.string().check(z.regex(/^[a-z]+(_[a-z0-9]+)*$/)),
  moved: z.enum(['no', 'maybe']),
  retryable: z.optional(z.boolean()),
})
type Problem = z.output<typeof schema>

/** Makes the error of a service that did not do its part, which says nothing of what it did. */
export function serviceFailed(
  failure: string,
  { moved, status = 0, cause }: { readonly moved: Moved; readonly status?: number; readonly cause?: unknown },
): RemoteWalletError {
  const details = moved === 'maybe' ? ['A payment may have been made: look at the payments before calling again.'] : []
  return new RemoteWalletError(`Wallet's service ${failure}`, { code: 'service_failed', moved, status, details, cause })
}

/** Makes the error that a problem (RFC 9457) of the service stands for; `moved` is for an answer that says nothing of it. */
export function readProblem(body: unknown, status: number, moved: Moved): StipendError {
  const read = schema.safeParse(body)
  if (!read.success) return serviceFailed(`answered ${status} and no problem`, { moved, status })
  const problem = read.data
  return rebuild(problem) ?? describe(problem)
}

function describe({ title, detail, code, moved, status, retryable }: Problem): RemoteWalletError {
  return new RemoteWalletError(title, { code, moved, status, retryable, details: detail?.split('\n') })
}

/** The wallet's own error, where the problem has all that it is made of and agrees with it on the money. */
function rebuild(problem: Problem): StipendError | undefined {
  try {
    const error = builders[problem.code]?.(problem)
    return error?.code === problem.code && error.moved === problem.moved ? error : undefined
  } catch {
    return undefined
  }
}

const refusals = z.array(z.object({ rule: z.string(), reason: z.string() }))
const setAside = z.array(z.looseObject({ index: z.int(), reason: z.string() }))
const freeze = z.object({ reason: z.string(), at: z.number() })
const limit = z.looseObject({ name: z.string(), scope: z.string(), measure: z.string(), max: z.string() })

const said = z.object({ reason: z.optional(z.string()), untrustedReason: z.optional(z.string()) })
const shortage = z.object({
  network: z.string(),
  address: z.string(),
  asset: z.object({ symbol: z.string(), decimals: z.int(), address: z.optional(z.string()) }),
  held: z.string(),
  needed: z.string(),
  use: z.optional(z.literal('gas')),
})

const builders: Readonly<Record<string, (problem: Problem) => StipendError>> = {
  payment_denied: (problem) => new PaymentDeniedError(refusals.parse(problem['refusals'])),
  no_payable_offer: (problem) => new NoPayableOfferError(setAside.parse(problem['setAside'])),
  limit_exceeded: readLimitExceeded,
  wallet_frozen: (problem) => new WalletFrozenError(freeze.parse(problem['freeze'])),
  session_revoked: (problem) => new SessionRevokedError(z.string().parse(problem['session']) as SessionId),
  session_invalid: ({ title }) => new SessionInvalidError(afterColon(title)),
  clock_skewed: (problem) => new ClockSkewError(z.number().parse(problem['skewMs'])),
  approval_required: (problem) => new ApprovalRequiredError(decodeApproval(JSON.stringify(problem['approval']))),
  payment_delayed: (problem) => new PaymentDelayedError(decodeApproval(JSON.stringify(problem['approval']))),
  already_paid: (problem) => new AlreadyPaidError(readPayment(problem)),
  payment_rejected: (problem) =>
    new PaymentRejectedError(readPayment(problem), new Response(null, { status: 402 }), said.parse(problem)),
  insufficient_funds: readInsufficientFunds,
  payment_outcome_unknown: (problem) =>
    new PaymentOutcomeUnknownError(readPayment(problem), { reason: afterColon(problem.title) }),
}

function readLimitExceeded(problem: Problem): LimitExceededError {
  const { max, ...rest } = limit.parse(problem['limit'])
  return new LimitExceededError({
    limit: { ...rest, max: BigInt(max) } as unknown as Limit,
    used: BigInt(z.string().parse(problem['used'])),
    asked: BigInt(z.string().parse(problem['asked'])),
    fitsAt: z.optional(z.number()).parse(problem['fitsAt']),
    explanation: problem.detail ?? '',
  })
}

function readInsufficientFunds(problem: Problem): InsufficientFundsError {
  const { held, needed, network, ...rest } = shortage.parse(problem['shortage'])
  return new InsufficientFundsError({
    ...rest,
    network: network as Network,
    held: BigInt(held),
    needed: BigInt(needed),
  })
}

function readPayment(problem: Problem): ReturnType<typeof decodePayment> {
  return decodePayment(JSON.stringify(problem['payment']))
}

function afterColon(sentence: string): string {
  return sentence.replace(/^[^:]*: /, '')
}

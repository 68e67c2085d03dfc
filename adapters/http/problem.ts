import {
  type AnyStipendError,
  type Approval,
  isStipendError,
  type Limit,
  type Payment,
  type Refusal,
  type SetAside,
  type Shortage,
} from 'stipend'
import { encodeApproval, encodePayment } from 'stipend/ledger'
import type { JsonObject } from './json.js'
import { RefusedError } from './refused.js'

/** What a code says of itself is in `statusOf`; here are those that HTTP has a better word for. */
const statuses: Partial<Readonly<Record<AnyStipendError['code'], number>>> = {
  configuration_invalid: 400,
  session_revoked: 401,
  session_invalid: 401,
  payment_denied: 403,
  limit_exceeded: 403,
  insufficient_funds: 409,
  approval_required: 409,
  payment_delayed: 409,
  already_paid: 409,
  wallet_frozen: 423,
  malformed_message: 502,
  clock_skewed: 502,
  payment_outcome_unknown: 504,
}

/**
 * Writes an error as Problem Details (RFC 9457), with what a caller needs to go on and nothing of its cause; never
 * throws, also where a part of the error is not what its type says.
 */
export function toProblem(error: unknown): Response {
  try {
    return describeError(error)
  } catch {
    return write(500, unexpected)
  }
}

function describeError(error: unknown): Response {
  const known = isStipendError(error) || error instanceof RefusedError ? error : undefined
  if (!known) return write(500, unexpected)
  const isOwn = known instanceof RefusedError
  const status = isOwn ? known.status : statusOf(known)
  const [title = '', ...details] = known.message.split('\n')
  const { code, moved, retryable } = known
  const problem = {
    type: `urn:stipend:problem:${code}`,
    title,
    status,
    detail: details.map((line) => line.trim()).join('\n') || undefined,
    code,
    moved,
    retryable,
    ...(isOwn ? membersOfOwn(known) : membersOf(known)),
  }
  return write(status, problem, isOwn ? known.headers : {})
}

/** Something here or behind it failed, may be over soon, or the request has to change. */
function statusOf({ code, moved, retryable }: AnyStipendError): number {
  return statuses[code] ?? (moved === 'maybe' ? 502 : retryable ? 503 : 422)
}

/** Nobody can say of a surprise whether it came before or after a signature. */
const unexpected = {
  type: 'urn:stipend:problem:internal_error',
  title: 'Service failed unexpectedly',
  status: 500,
  code: 'internal_error',
  moved: 'maybe',
  retryable: false,
}

function write(status: number, problem: JsonObject, headers: Readonly<Record<string, string>> = {}): Response {
  const fixed = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer realm="stipend"' } : {}
  return new Response(JSON.stringify(problem), { status, headers: { ...challenge, ...headers, ...fixed } })
}

function membersOfOwn({ errors, payment }: RefusedError): JsonObject {
  return { errors, payment: payment && writePayment(payment) }
}

/** What the error's own fields say, its amounts as decimal strings. */
function membersOf(error: AnyStipendError): JsonObject {
  if (error.code === 'payment_rejected') {
    const { payment, reason, untrustedReason } = error
    return { payment: writePayment(payment), reason, untrustedReason }
  }
  if ('payment' in error) return { payment: writePayment(error.payment) }
  if ('approval' in error) return { approval: writeApproval(error.approval) }
  if (error.code === 'limit_exceeded') {
    const { limit, used, asked, fitsAt } = error
    return { limit: writeLimit(limit), used: String(used), asked: String(asked), fitsAt }
  }
  if (error.code === 'payment_denied') return { refusals: error.refusals.map(writeRefusal) }
  if (error.code === 'no_payable_offer') return { setAside: error.setAside.map(writeSetAside) }
  if (error.code === 'wallet_frozen') return { freeze: { reason: error.freeze.reason, at: error.freeze.at } }
  if (error.code === 'insufficient_funds') return { shortage: writeShortage(error.shortage) }
  if (error.code === 'session_revoked') return { session: error.session }
  return error.code === 'clock_skewed' ? { skewMs: error.skewMs } : {}
}

function writeRefusal({ rule, reason }: Refusal): JsonObject {
  return { rule, reason }
}

function writeSetAside({ index, reason, untrustedScheme, untrustedNetwork, untrustedAsset }: SetAside): JsonObject {
  return { index, reason, untrustedScheme, untrustedNetwork, untrustedAsset }
}

function writeShortage({ network, address, asset, held, needed, use }: Shortage): JsonObject {
  const { symbol, decimals, address: token } = asset
  const written = { symbol, decimals, address: token }
  return { network, address, asset: written, held: String(held), needed: String(needed), use }
}

function writeLimit({ name, scope, window, measure, max, onExceed }: Limit): JsonObject {
  return { name, scope, window, measure, max: String(max), onExceed }
}

/** Writes a payment as plain JSON; it holds no signature and no query string. */
export function writePayment(payment: Payment): JsonObject {
  return JSON.parse(encodePayment(payment))
}

/** Writes an approval as plain JSON. */
export function writeApproval(approval: Approval): JsonObject {
  return JSON.parse(encodeApproval(approval))
}

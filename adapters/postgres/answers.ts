import {
  type Approval,
  ClockJumpedError,
  type Freeze,
  type Limit,
  type Reservation,
  type ReserveOptions,
  type SessionId,
  type Usage,
} from 'stipend'
import { decodeApproval, decodePayment, leavesAt, windowKey, windowStart } from 'stipend/ledger'

/** Writes limits for the database; a ledger's horizons only move forward, whichever clock is ahead. */
export function encodeLimits(limits: readonly Limit[], now: number): string {
  return JSON.stringify(
    limits.map(({ scope, window, measure, max }, index) => ({
      index,
      scope,
      measure,
      span: windowKey(window),
      start: Math.max(windowStart(window, now), Number.MIN_SAFE_INTEGER),
      max: max.toString(),
    })),
  )
}

/** Writes what a reservation looks for besides limits, and what time it is. */
export function encodeOptions(options: ReserveOptions, time: string): string {
  return JSON.stringify({ ...options, clock: JSON.parse(time) })
}

/** Reads what the database answered to a reservation. */
export function readReservation(answer: unknown, limits: readonly Limit[], { pins = [] }: ReserveOptions): Reservation {
  const { ok, reason, payment, approval, freeze, session, index, remembered, used, leaves, aheadMs } = Object(answer)
  if (ok === true) return { ok }
  if (reason === 'exists') return { ok: false, reason, payment: decodePayment(JSON.stringify(payment)) }
  if (reason === 'approval') return { ok: false, reason, approval: readApproval(approval) }
  if (reason === 'frozen') return { ok: false, reason, freeze: readFreeze(freeze) }
  if (reason === 'revoked') return { ok: false, reason, session: String(session) as SessionId }
  if (reason === 'late') return { ok: false, reason }
  if (reason === 'clock') return { ok: false, reason, aheadMs: Number(aheadMs) }
  if (reason === 'pin') return { ok: false, reason, pin: at(pins, index), remembered: String(remembered) }
  const limit = at(limits, index)
  return { ok: false, reason: 'limit', limit, used: BigInt(used), fitsAt: readInstant(limit, leaves) }
}

/** Reads how much of a limit is used. */
export function readUsage(limit: Limit, answer: unknown): Usage {
  const { used, leaves } = Object(answer)
  return { limit, used: BigInt(used), freesAt: readInstant(limit, leaves) }
}

/** Reads an approval, where there is one. */
export function readApproval(answer: unknown): Approval | undefined {
  return answer === null || answer === undefined ? undefined : decodeApproval(JSON.stringify(answer))
}

/** Likewise, unless the database has refused the clock of who asks. */
export function readDecision(answer: unknown): Approval | undefined {
  const { aheadMs } = Object(answer)
  if (aheadMs !== undefined) throw new ClockJumpedError(Number(aheadMs), 'ledger')
  return readApproval(answer)
}

/** Reads why a ledger is frozen. */
export function readFreeze(answer: unknown): Freeze {
  const { reason, at } = Object(answer)
  return { reason: String(reason), at: Number(at) }
}

function readInstant({ window }: Limit, leaves: unknown): number | undefined {
  return leaves === null || leaves === undefined ? undefined : leavesAt(window, Number(leaves))
}

function at<item>(items: readonly item[], index: unknown): item {
  const item = items[Number(index)]
  if (item === undefined) throw new TypeError('the database answered with something it was not asked')
  return item
}

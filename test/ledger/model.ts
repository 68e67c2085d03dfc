import type { Approval, Freeze, Limit, Payment, PaymentUpdate, ReserveOptions, Window } from '../../src/index.js'
import { leavesAt } from '../../src/ledger/window.js'

/** Says what a ledger must answer, by adding everything up anew each time. */
export type Model = ReturnType<typeof createModel>

type Options = Omit<ReserveOptions, 'approval'> & { readonly approval?: string | undefined }

const moves: Readonly<Record<Payment['status'], readonly string[]>> = {
  authorized: ['claimed', 'unknown', 'released', 'confirmed', 'expired', 'cancelled'],
  unknown: ['claimed', 'unknown', 'confirmed', 'expired', 'cancelled'],
  claimed: ['claimed', 'confirmed', 'expired', 'cancelled'],
  confirmed: [],
  released: [],
  expired: [],
  cancelled: [],
}

const counts = ({ status }: Payment): boolean => !['released', 'expired', 'cancelled'].includes(status)
const isOpen = ({ status }: Payment): boolean => status === 'authorized' || status === 'unknown'

function isIn(window: Window, { countsUntil }: Payment, now: number): boolean {
  if (window.type === 'rolling') return countsUntil > now - window.seconds * 1000
  if (window.type !== 'calendar') return true
  const start = new Date(now)
  const first = window.period === 'day' ? start.getUTCDate() : 1
  return countsUntil >= Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), first)
}

function shareOf({ measure }: Limit, payment: Payment): bigint {
  if (measure === 'microUsd') return payment.microUsd
  if (measure === 'count') return 1n
  return payment.status === 'unknown' || (measure === 'open' && isOpen(payment)) ? 1n : 0n
}

/** Creates the model of an empty ledger, at an instant. */
export function createModel(wall: number) {
  const payments: Payment[] = []
  const approvals = new Map<string, Approval>()
  const pins = new Map<string, string>()
  const revoked = new Set<string>()
  const state = { wall, now: 0, frozen: undefined as Freeze | undefined }

  const tick = (time: number): void => {
    state.now = Math.max(state.now, time)
  }
  const counted = (limit: Limit, without: Payment | undefined): readonly Payment[] =>
    payments.filter(
      (one) => one !== without && counts(one) && one.scopes.includes(limit.scope) && isIn(limit.window, one, state.now),
    )
  const used = (limit: Limit, without?: Payment): bigint =>
    limit.window.type === 'payment'
      ? 0n
      : counted(limit, without).reduce((sum, payment) => sum + shareOf(limit, payment), 0n)
  const fitsAt = (limit: Limit, room: bigint, without?: Payment): number | undefined => {
    if (limit.window.type === 'payment' || room < 0n) return undefined
    let left = used(limit, without)
    const inOrder = counted(limit, without).toSorted((one, other) => one.countsUntil - other.countsUntil)
    for (const payment of inOrder.filter((one) => shareOf(limit, one) > 0n)) {
      left -= shareOf(limit, payment)
      if (left <= room) return leavesAt(limit.window, payment.countsUntil)
    }
    return undefined
  }
  const replace = (old: Payment, payment: Payment): Payment => {
    payments[payments.indexOf(old)] = payment
    return payment
  }
  const existing = (payment: Payment, { renew, unresolvedForMs }: Options): Payment | undefined => {
    const known = payments.find(({ id }) => id === payment.id)
    if (known && counts(known)) {
      const isRenewed = renew && isOpen(known) && payment.terms.validBefore >= known.terms.validBefore
      return isRenewed ? undefined : known
    }
    if (unresolvedForMs === undefined) return undefined
    const isUnresolved = (one: Payment): boolean => isOpen(one) || (one.status === 'confirmed' && !!one.undelivered)
    const isRecent = (one: Payment): boolean =>
      state.now < one.countsUntil || state.now - (one.sentAt ?? one.createdAt) < unresolvedForMs
    return payments.findLast((one) => one.requestDigest === payment.requestDigest && isUnresolved(one) && isRecent(one))
  }
  const isUsable = ({ kind, status, expiresAt, executableAt = Number.POSITIVE_INFINITY }: Approval): boolean =>
    state.now < expiresAt &&
    (status === 'approved' || (kind === 'delay' && status === 'pending' && state.now >= executableAt))
  const stands = ({ status, expiresAt }: Approval): boolean => status !== 'used' && state.now < expiresAt

  return {
    state,
    payments,
    approvals,
    revoked,
    usage: (limits: readonly Limit[]) => {
      const { now } = state
      tick(state.wall)
      const answers = limits.map((limit) => ({ used: used(limit), freesAt: fitsAt(limit, used(limit) - 1n) }))
      // To ask moves nothing.
      state.now = now
      return answers
    },
    reserve: (payment: Payment, limits: readonly Limit[], options: Options): unknown => {
      tick(payment.createdAt)
      if (state.frozen) return { reason: 'frozen', freeze: state.frozen }
      const session = options.sessions?.find((id) => revoked.has(id))
      if (session) return { reason: 'revoked', session }
      const found = existing(payment, options)
      if (found) {
        const isPresentable =
          found.status !== 'confirmed' && found.presentations <= 3 && found.requestDigest === payment.requestDigest
        if (!isPresentable) return { reason: 'exists', id: found.id, presentations: found.presentations }
        const presented = replace(found, { ...found, presentations: found.presentations + 1, sentAt: state.now })
        return { reason: 'exists', id: presented.id, presentations: presented.presentations }
      }
      for (const pin of options.pins ?? []) {
        const remembered = pins.get(pin.key)
        if (remembered === undefined) continue
        const most =
          pin.maxRisePercent === undefined ? undefined : BigInt(remembered) * BigInt(100 + pin.maxRisePercent)
        const agrees = most === undefined ? remembered === pin.value : BigInt(pin.value) * 100n <= most
        if (!agrees) return { reason: 'pin', key: pin.key, remembered }
      }
      const replaced = payments.find(({ id }) => id === payment.id)
      for (const limit of limits) {
        const asked = limit.measure === 'microUsd' ? payment.microUsd : 1n
        const sum = used(limit, replaced)
        if (sum + asked <= limit.max) continue
        const until = fitsAt(limit, limit.max - asked, replaced)
        return { reason: 'limit', index: limits.indexOf(limit), used: sum, fitsAt: until }
      }
      const approval = approvals.get(options.approval ?? '')
      if (options.approval !== undefined && !(approval && isUsable(approval))) {
        return { reason: 'approval', status: approval?.status }
      }
      if (approval) approvals.set(approval.id, { ...approval, status: 'used' })
      for (const { key, value } of options.pins ?? []) if (!pins.has(key)) pins.set(key, value)
      for (const { key, value } of options.newPins ?? []) pins.set(key, value)
      if (replaced) payments.splice(payments.indexOf(replaced), 1)
      const behind = state.now - payment.createdAt
      const sent = replaced && counts(replaced) ? replaced.presentations : 0
      const presentations = Math.max(payment.presentations, sent)
      payments.push({ ...payment, presentations, countsUntil: payment.countsUntil + behind, sentAt: state.now })
      return 'recorded'
    },
    update: (id: string, { status, undelivered: isBroken }: PaymentUpdate): string => {
      const payment = payments.find((one) => one.id === id)
      if (!payment) return 'refused'
      const isShared = status === 'released' && payment.presentations > 1
      const isTakenBack = payment.status === 'claimed' && status === 'unknown' && isBroken
      if ((moves[payment.status].includes(status) || isTakenBack) && !isShared) {
        const undelivered = status === 'confirmed' && payment.status !== 'claimed'
        return replace(payment, { ...payment, status, undelivered }).status
      }
      if (payment.status === 'confirmed' && (status === 'claimed' || (status === 'unknown' && isBroken)))
        replace(payment, { ...payment, undelivered: status === 'unknown' })
      return status === 'claimed' || status === 'unknown' ? payment.status : 'refused'
    },
    request: (asked: Approval): string => {
      tick(asked.requestedAt)
      const standing = approvals.get(asked.id)
      if (standing && stands(standing)) return standing.status
      for (const one of approvals.values()) if (state.now >= one.expiresAt) approvals.delete(one.id)
      approvals.delete(asked.id)
      const { requestedAt, expiresAt, executableAt } = asked
      const behind = state.now - requestedAt
      approvals.set(asked.id, {
        ...asked,
        expiresAt: expiresAt + behind,
        executableAt: executableAt && executableAt + behind,
      })
      return asked.status
    },
    decide: (id: string, status: 'approved' | 'denied'): string | undefined => {
      tick(state.wall)
      const approval = approvals.get(id)
      if (!approval || !stands(approval)) return undefined
      const isUndecided = approval.status === 'pending' || (approval.status === 'approved' && status === 'denied')
      if (!isUndecided) return undefined
      approvals.set(id, { ...approval, status })
      return status
    },
    listed: (): readonly string[] =>
      [...approvals.values()]
        .filter(({ expiresAt }) => state.wall < expiresAt)
        .map(({ id, status }) => `${id} ${status}`)
        .toReversed(),
  }
}

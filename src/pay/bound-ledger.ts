import { isStipendError, LedgerUnavailableError } from '../errors.js'
import { isLate, waitFor } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import type { Ledger, Reservation } from '../ports/ledger.js'
import type { Payment } from '../types.js'
import type { Emit } from './events.js'

/**
 * Puts a deadline on every call of a ledger: one that is stuck or fails fails its own calls with `LedgerUnavailableError`,
 * and holds up nothing else. A payment that it records after the deadline is released, since no key is used for it.
 */
export function boundLedger(ledger: Ledger, { emit }: { readonly emit: Emit }): Ledger {
  const { durable, history, setTime, audit } = ledger
  return Object.freeze({
    durable,
    reserve: (payment, limits, options) => {
      const reservation = start(() => ledger.reserve(payment, limits, options))
      const releaseLater = (): void => releaseLate(reservation, payment, { ledger, emit })
      return inTime(reservation, deadlines.ledger, releaseLater)
    },
    update: (id, update) => inTime(start(() => ledger.update(id, update))),
    get: (id) => inTime(start(() => ledger.get(id))),
    list: (filter) =>
      inTime(
        start(() => ledger.list(filter)),
        deadlines.ledgerList,
      ),
    history:
      history &&
      ((id) =>
        inTime(
          start(() => history.call(ledger, id)),
          deadlines.ledgerList,
        )),
    setTime: setTime && ((now, reason) => inTime(start(() => setTime.call(ledger, now, reason)))),
    audit:
      audit &&
      (() =>
        inTime(
          start(() => audit.call(ledger)),
          deadlines.ledgerList,
        )),
    usage: (limits, now) => inTime(start(() => ledger.usage(limits, now))),
    secret: (name, first) => inTime(start(() => ledger.secret(name, first))),
    requestApproval: (approval) => inTime(start(() => ledger.requestApproval(approval))),
    decideApproval: (id, status, now) => inTime(start(() => ledger.decideApproval(id, status, now))),
    listApprovals: (now) =>
      inTime(
        start(() => ledger.listApprovals(now)),
        deadlines.ledgerList,
      ),
    freeze: (freeze) => inTime(start(() => ledger.freeze(freeze))),
    frozen: () => inTime(start(() => ledger.frozen())),
    revokeSession: (id) => inTime(start(() => ledger.revokeSession(id))),
    revoked: (ids) => inTime(start(() => ledger.revoked(ids))),
    remember: (name, text) => inTime(start(() => ledger.remember(name, text))),
    recall: (name) => inTime(start(() => ledger.recall(name))),
  } satisfies { readonly [method in keyof Required<Ledger>]: Ledger[method] })
}

/** A ledger of the owner's own may throw where it should reject. */
async function start<value>(call: () => Promise<value>): Promise<value> {
  return call()
}

async function inTime<value>(
  answer: Promise<value>,
  ms: number = deadlines.ledger,
  onLate = (): void => {},
): Promise<value> {
  try {
    return await waitFor(answer, { ms, sentence: 'the ledger did not answer in time' })
  } catch (error) {
    if (isLate(error)) onLate()
    throw isStipendError(error) ? error : new LedgerUnavailableError(error)
  }
}

/**
 * Whoever asked was told that there is no record, and asks no key. Another call that has found the record since goes on
 * from it, which the ledger knows: then it refuses this.
 */
function releaseLate(
  reservation: Promise<Reservation>,
  payment: Payment,
  { ledger, emit }: { readonly ledger: Ledger; readonly emit: Emit },
): void {
  const release = async (): Promise<void> => {
    const { ok } = await reservation
    if (!ok) return
    const update = { status: 'released', note: 'the ledger recorded it too late', ifTerms: payment.terms } as const
    emit('payment.released', { payment: await ledger.update(payment.id, update) })
  }
  // A ledger that fails at this as well leaves the payment counting as spent, which is the safe side.
  release().catch(() => {})
}

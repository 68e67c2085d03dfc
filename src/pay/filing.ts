import { LedgerUnavailableError } from '../errors.js'
import { advancePayment } from '../ledger/lifecycle.js'
import { withBackOff } from '../lib/back-off.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import type { PaymentUpdate } from '../ports/ledger.js'
import type { Payment } from '../types.js'
import type { PayContext } from './context.js'

/** Writes what became of payments. */
export type Filing = {
  /** Writes an outcome of a payment, made under the name of a request; answers the payment as it then stands. */
  readonly file: (payment: Payment, update: PaymentUpdate, name: string) => Promise<Payment>
  /**
   * Writes what the ledger has not taken yet under a name, where an answer broke off: until that is on record it looks
   * delivered, and an identical request would be paid as another.
   *
   * @throws LedgerUnavailableError when the ledger still fails.
   */
  readonly catchUp: (name: string) => Promise<void>
}

type Outcome = { readonly write: () => Promise<Payment>; readonly isUndelivered: boolean }

/**
 * Writes outcomes, those of one payment one after another. Whoever waits for an answer that was bought is not held up by
 * a ledger that is slow or fails: it is asked on in the background, and until then the payment counts, and binds.
 */
export function createFiling({ ledger, emit }: Pick<PayContext, 'ledger' | 'emit'>): Filing {
  const latest = new WeakMap<Payment, Promise<unknown>>()
  const unwritten = new Map<string, readonly Outcome[]>()
  const close = (name: string, outcome: Outcome): void => {
    const left = (unwritten.get(name) ?? []).filter((one) => one !== outcome)
    if (left.length > 0) unwritten.set(name, left)
    else unwritten.delete(name)
  }
  return Object.freeze({
    file: (payment, update, name) => {
      const moved = advancePayment(payment, update)
      const write = async (): Promise<Payment> => {
        // It was written before an identical request.
        if (!unwritten.get(name)?.includes(outcome)) return moved
        const written = await ledger.update(payment.id, update)
        close(name, outcome)
        // Once it is on record: whoever is told of it earlier would know more than is left after a crash.
        emit(written.status === 'claimed' ? 'payment.settled' : 'payment.unknown', { payment: written })
        return written
      }
      const outcome = { write, isUndelivered: update.undelivered === true }
      unwritten.set(name, [...(unwritten.get(name) ?? []), outcome])
      const tell = (error: unknown): void => emit('payment.unrecorded', { payment: moved, error })
      const written = (latest.get(payment) ?? Promise.resolve()).then(write)
      const retried = written.catch((error: unknown) => {
        tell(error)
        return withBackOff(write).catch(tell)
      })
      latest.set(payment, retried)
      return within(deadlines.ledgerOutcome, written, 'the ledger is slow').catch(() => moved)
    },
    catchUp: async (name) => {
      const left = unwritten.get(name) ?? []
      if (!left.some(({ isUndelivered }) => isUndelivered)) return
      try {
        for (const { write } of left) await write()
      } catch (error) {
        throw new LedgerUnavailableError(error)
      }
    },
  } satisfies Filing)
}

import { EventEmitter } from 'eventemitter3'
import { ConfigurationError, type StipendError } from '../errors.js'
import { jsonSafe } from '../lib/json-safe.js'
import type { OptionNames } from '../lib/known-options.js'
import type { OutgoingTransfer } from '../ports/chain.js'
import type { Approval, Freeze, Network, Payment, Resource, SessionId, Usage } from '../types.js'

/** What a wallet tells its listeners. */
export type Events = {
  /** A payment was recorded and signed; it is about to leave. */
  readonly 'payment.authorized': { readonly payment: Payment }
  /** The server answered with what was paid for. */
  readonly 'payment.settled': { readonly payment: Payment }
  /** A payment left, and what became of it is not known. */
  readonly 'payment.unknown': { readonly payment: Payment }
  /**
   * What became of a payment could not be recorded: it counts as spent, and an identical request goes on from it. The
   * ledger is asked again in the background, and this is told once more if it never answers.
   */
  readonly 'payment.unrecorded': { readonly payment: Payment; readonly error: unknown }
  /** A payment was recorded, but the key was never used. */
  readonly 'payment.released': { readonly payment: Payment }
  /** A 402 was not paid. */
  readonly 'payment.denied': { readonly resource: Resource; readonly error: StipendError }
  /** A final block shows the payment's transfer. */
  readonly 'payment.confirmed': { readonly payment: Payment }
  /** A final block shows that the payment was not executed in time; it counts no more. */
  readonly 'payment.expired': { readonly payment: Payment }
  /** A final block shows that the payment was cancelled; it counts no more. */
  readonly 'payment.cancelled': { readonly payment: Payment }
  /** The owner said what became of the payment; see its `resolution`. */
  readonly 'payment.resolved': { readonly payment: Payment }
  /** A payment is executed, but what it is for has not come yet, such as on another network; its `note` says what it waits for. */
  readonly 'payment.waiting': { readonly payment: Payment }
  /** The payment's nonce was used for something else: look who else has the key. */
  readonly 'payment.diverted': { readonly payment: Payment; readonly transaction: string }
  /** Money left an account that no payment explains: the wallet is frozen, look who else has the key. */
  readonly 'transfer.unexplained': { readonly network: Network; readonly transfer: OutgoingTransfer }
  /** What left the account on a network could not be looked through; the next reconciliation tries again. */
  readonly 'transfers.unwatched': { readonly network: Network; readonly reason: string }
  /** A round of the background reconciliation failed; the next one comes all the same. */
  readonly 'reconciliation.failed': { readonly error: unknown }
  /** The wallet could not be topped up by itself, such as where the period is used up; it is tried again after a while. */
  readonly 'refill.failed': { readonly network: Network; readonly error: unknown }
  /** A payment waits for a person, or for its time. */
  readonly 'approval.requested': { readonly approval: Approval }
  /** A person decided on a payment. */
  readonly 'approval.decided': { readonly approval: Approval }
  /** A payment was made that its owner wants to hear of, or one of several that asked the same for different payees. */
  readonly 'payment.notified': { readonly payment: Payment }
  /** A limit is used to four fifths or more. */
  readonly 'limit.approached': { readonly usage: Usage }
  readonly 'wallet.frozen': { readonly freeze: Freeze }
  readonly 'session.revoked': { readonly session: SessionId }
  /** The owner replaced the policy; the instant in Unix milliseconds. */
  readonly 'policy.changed': { readonly at: number }
  readonly 'wallet.unfrozen': Readonly<Record<string, never>>
  /** The server's clock and ours differ by more than 30 s. */
  readonly 'clock.skewed': { readonly resource: Resource; readonly skewMs: number }
  /** Our clock is ahead of the time that has passed: nothing is signed, and no limit moves on, until it is confirmed. */
  readonly 'clock.jumped': { readonly aheadMs: number }
  /** The owner put the time of the ledger right, to an instant in Unix milliseconds. */
  readonly 'clock.set': { readonly at: number; readonly reason: string }
  /** Our clock agrees with the time that has passed again, or was confirmed. */
  readonly 'clock.confirmed': Readonly<Record<string, never>>
}

/** Tells listeners; can neither fail nor change what happens. */
export type Emit = <name extends keyof Events>(name: name, event: Events[name]) => void

/**
 * Calls a listener at each event of a name, and returns the function that stops it.
 *
 * @throws ConfigurationError when there is no event of that name.
 */
export type On = <name extends keyof Events>(name: name, listener: (event: Events[name]) => void) => () => void

const known: OptionNames<Events> = {
  'payment.authorized': true,
  'payment.settled': true,
  'payment.unknown': true,
  'payment.unrecorded': true,
  'payment.released': true,
  'payment.denied': true,
  'payment.confirmed': true,
  'payment.expired': true,
  'payment.cancelled': true,
  'payment.resolved': true,
  'payment.waiting': true,
  'payment.diverted': true,
  'transfer.unexplained': true,
  'transfers.unwatched': true,
  'reconciliation.failed': true,
  'refill.failed': true,
  'approval.requested': true,
  'approval.decided': true,
  'payment.notified': true,
  'limit.approached': true,
  'wallet.frozen': true,
  'session.revoked': true,
  'policy.changed': true,
  'wallet.unfrozen': true,
  'clock.skewed': true,
  'clock.jumped': true,
  'clock.set': true,
  'clock.confirmed': true,
}

/** Creates the two ends of a wallet's events. */
export function createEvents(): {
  readonly emit: Emit
  readonly on: On
  readonly hasListeners: (name: keyof Events) => boolean
} {
  const emitter = new EventEmitter()
  return {
    emit(name, event) {
      const listeners = emitter.listeners(name)
      if (listeners.length === 0) return
      const told = tellable(event)
      for (const listener of listeners) observe(listener, told)
    },
    on(name, listener) {
      if (!Object.hasOwn(known, name))
        throw new ConfigurationError(`Failed to listen to ${name}: there is no such event`, {
          details: [`There are ${Object.keys(known).join(', ')}.`],
        })
      emitter.on(name, listener)
      return () => {
        emitter.off(name, listener)
      }
    },
    hasListeners: (name) => emitter.listenerCount(name) > 0,
  }
}

/** Copies an event so that it and what it is about can be written as JSON. */
function tellable(event: object): object {
  const members = Object.entries(event).map(([name, value]) => [name, subjects.has(name) ? jsonSafe(value) : value])
  return jsonSafe(Object.fromEntries(members))
}

const subjects: ReadonlySet<string> = new Set(['payment', 'approval', 'usage', 'transfer'])

/** Runs a listener so that neither its throw nor its rejection reaches the payment. */
function observe(listener: (event: unknown) => unknown, event: unknown): void {
  try {
    const result = listener(event)
    if (result instanceof Promise) result.catch(() => {})
  } catch {
    // A listener observes; what goes wrong in it is its own affair.
  }
}

import { waitFor } from '../lib/deadline.js'
import { holdTurn } from '../lib/in-turn.js'
import type { Chain } from '../ports/chain.js'
import type { Network } from '../types.js'
import { deadlines } from '../lib/deadlines.js'

/** Waits for the turn of a name, and answers what ends it; it tells where somebody else has the turn before. */
export type TakeTurn = (name: string, signal?: AbortSignal, onWait?: () => void) => Promise<() => void>

/** Lets payments that take a number of the account go in turn with what the wallet sends on a chain itself. */
export function createAccountTurn(chains: readonly Chain[]): (network: Network) => TakeTurn {
  return (network) => async (_name, signal) => {
    const chain = chains.find((one) => one.network === network)
    return chain ? holdTurn(chain, { ms: deadlines.identicalCall, signal }) : () => {}
  }
}

/**
 * Lets payments that need a permit of one token go one after another. Neither the wait nor the turn is longer than the ledger
 * is asked for a permit that is free: whoever goes on then is kept apart from the others by its limits.
 */
export function createPermitTurn(): TakeTurn {
  const owners = new Map<string, object>()
  return async (name, signal) => {
    const owner = owners.get(name) ?? {}
    owners.set(name, owner)
    return holdTurn(owner, { ms: deadlines.permit, signal })
  }
}

/**
 * Lets what has one name go one after another. Of two identical requests at once, the second waits until the outcome of
 * the first is known: a client that gave up on the first without aborting it does not pay twice.
 */
export function createTurns(): TakeTurn {
  const last = new Map<string, Promise<unknown>>()
  return async (name, signal, onWait) => {
    const before = last.get(name)
    let end = (): void => {}
    const own = new Promise<void>((resolve) => {
      end = resolve
    })
    const turn: Promise<unknown> = Promise.all([before, own]).then(() => last.get(name) === turn && last.delete(name))
    last.set(name, turn)
    if (!before) return end
    onWait?.()
    try {
      // What waits longer goes on: the ledger still knows the payment that is under way.
      await waitFor(before, { ms: deadlines.identicalCall, signal }).catch(() => {})
      signal?.throwIfAborted()
      return end
    } catch (error) {
      end()
      throw error
    }
  }
}

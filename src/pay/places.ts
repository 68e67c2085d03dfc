import { ConfigurationError, PaymentDeniedError } from '../errors.js'
import { isLate, waitFor } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'

/** A place among the payments that are under way. */
export type Place = {
  /** Does without the place while something else is waited for, and takes one again. */
  readonly aside: <value>(work: () => Promise<value>) => Promise<value>
  /** Gives the place back, once and for all. */
  readonly leave: () => void
}

/** Waits for a place, in the order in which calls ask, and answers it. */
export type TakePlace = (signal?: AbortSignal) => Promise<Place>

/** Reads how many payments may be under way at once. */
export function readMaxInFlight(most: number = Number.POSITIVE_INFINITY): number {
  if (most === Number.POSITIVE_INFINITY || (Number.isSafeInteger(most) && most >= 1)) return most
  throw new ConfigurationError('Failed to read maxInFlight: expected a whole number of at least 1')
}

/** Lets so many payments be under way at once; the others wait, and sign nothing. */
export function createPlaces(most: number): TakePlace {
  let taken = 0
  const waiting: (() => void)[] = []

  const giveBack = (): void => {
    const next = waiting.shift()
    // It goes to the one that waits longest, so that nobody comes in between.
    if (next) next()
    else taken -= 1
  }
  const enter = async (signal: AbortSignal | undefined): Promise<void> => {
    if (taken < most) {
      taken += 1
      return
    }
    let come = (): void => {}
    const turn = new Promise<void>((resolve) => {
      come = resolve
    })
    waiting.push(come)
    try {
      await waitFor(turn, { ms: deadlines.place, sentence: 'too many payments are under way', signal })
      signal?.throwIfAborted()
    } catch (error) {
      const place = waiting.indexOf(come)
      if (place >= 0) waiting.splice(place, 1)
      else giveBack()
      throw isLate(error) ? tooMany(most) : error
    }
  }
  return async (signal) => {
    await enter(signal)
    let [isHeld, isOver] = [true, false]
    const step = (): void => {
      if (isHeld) giveBack()
      isHeld = false
    }
    return {
      aside: async (work) => {
        step()
        const value = await work()
        if (isOver) return value
        await enter(signal)
        isHeld = true
        if (isOver) step()
        return value
      },
      leave: () => {
        isOver = true
        step()
      },
    }
  }
}

/**
 * Has a place for whoever asks: what the wallet sends on a chain itself goes one after another as it is, and no server that is
 * slow to answer holds it up.
 */
export const anyPlace: TakePlace = createPlaces(Number.POSITIVE_INFINITY)

function tooMany(most: number): PaymentDeniedError {
  const reason = `${most} payments were under way all the while that this one waited; nothing was signed`
  return new PaymentDeniedError([{ rule: 'maxInFlight', reason }])
}

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Process } from './process.ts'

/** What can give up the call that is under way. */
export const caller = new AsyncLocalStorage<AbortSignal | undefined>()

/** Counts how many payments of one wallet are under way: such as are signed, or sent and not answered. */
export type Flights = {
  /** Counts while it works, or until its caller gives it up. */
  readonly during: <result>(work: () => Promise<result>, signal?: AbortSignal | null) => Promise<result>
}

export function createFlights(process: Pick<Process, 'mostInFlight'>): Flights {
  let now = 0
  return {
    during: async (work, signal = caller.getStore()) => {
      let isUnderWay = signal?.aborted !== true
      const end = (): void => {
        if (isUnderWay) now -= 1
        isUnderWay = false
      }
      if (isUnderWay) now += 1
      process.mostInFlight = Math.max(process.mostInFlight, now)
      signal?.addEventListener('abort', end, { once: true })
      try {
        return await work()
      } finally {
        signal?.removeEventListener('abort', end)
        end()
      }
    },
  }
}

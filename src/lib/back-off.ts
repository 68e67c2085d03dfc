import { sleep } from './deadline.js'

const firstWaitMs = 500
const maxWaitMs = 60_000
const maxTries = 16

/**
 * Tries until it succeeds, ever more slowly, for about ten minutes; keeps no process alive.
 *
 * @throws what the last try threw.
 */
export async function withBackOff<value>(work: () => Promise<value>): Promise<value> {
  for (let tries = 1, waitMs = firstWaitMs; ; tries += 1, waitMs = Math.min(waitMs * 2, maxWaitMs)) {
    await sleep(waitMs)
    try {
      return await work()
    } catch (error) {
      if (tries >= maxTries) throw error
    }
  }
}

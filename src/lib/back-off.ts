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

/** Lets everything else that waits go first, such as timers and answers of others. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0)
  })
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    // A number in browsers.
    if (typeof timer === 'object') timer.unref()
  })
}

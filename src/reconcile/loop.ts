import { ConfigurationError } from '../errors.js'
import { draw, type Random } from '../lib/random.js'

type Timing = {
  /** The time between two rounds, give or take a quarter. */
  readonly seconds: number
  readonly random: Random
}

/**
 * Runs rounds, which never reject, one after another until it is stopped. Rounds of many wallets drift apart, and the
 * timer keeps no process alive.
 *
 * @throws ConfigurationError when the time between rounds is not usable.
 */
export function startLoop(round: () => Promise<void>, { seconds, random }: Timing): () => void {
  if (!(seconds >= 1 && seconds <= 86_400)) {
    throw new ConfigurationError(`Failed to read reconcileEverySeconds: ${seconds} is not between 1 and 86400`)
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  let isStopped = false
  const schedule = (): void => {
    if (isStopped) return
    timer = setTimeout(() => void round().then(schedule), seconds * 1000 * jitter(random))
    timer.unref?.()
  }
  schedule()
  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}

/** From 0.75 to 1.25. */
function jitter(random: Random): number {
  const [high = 0, low = 0] = draw(random, 16)
  return 0.75 + (high * 256 + low) / 131_072
}

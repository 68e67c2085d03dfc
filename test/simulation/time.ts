/** Time that passes only where it is told to, and the timers of the code under test with it. */
export type Time = {
  /** True time in Unix milliseconds. */
  readonly now: () => number
  /** Lets time pass; what is due meanwhile happens in its order. */
  readonly pass: (milliseconds: number) => Promise<void>
  /** Waits for a promise. While nothing else happens, time passes up to the next timer. */
  readonly until: <value>(promise: Promise<value>) => Promise<value>
  /** Runs work that takes turns of the platform and no time: no timer is due meanwhile. */
  readonly during: <value>(work: () => Promise<value>) => Promise<value>
  /** Aborts after so many milliseconds. */
  readonly timeout: (milliseconds: number) => AbortSignal
  /** Gives the platform its own timers back. */
  readonly end: () => void
}

type Timer = { readonly at: number; readonly run: () => void; readonly unref: () => void; readonly ref: () => void }

const real = { setTimeout, clearTimeout, setImmediate, timeout: AbortSignal.timeout }
/** How often the platform gets a turn before nothing is left to happen by itself, and at most while work goes on. */
const [idleTurns, mostTurns] = [4, 1000]

/** Takes the place of the platform's timers until it ends: one at a time. */
export function startTime(start: number): Time {
  const timers = new Set<Timer>()
  let now = start
  /** How many wait for time to pass, and let it pass themselves. */
  let passing = 0
  let working = 0

  const set = (task: (...given: unknown[]) => void, milliseconds = 0, ...given: unknown[]): Timer => {
    const timer = { at: now + Math.max(0, milliseconds), run: () => task(...given), unref: () => {}, ref: () => {} }
    timers.add(timer)
    return timer
  }
  const next = (): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) if (!first || timer.at < first.at) first = timer
    return first
  }
  const fire = (timer: Timer): void => {
    timers.delete(timer)
    now = Math.max(now, timer.at)
    timer.run()
  }
  /** Lets all go on that can, or until something is over. */
  const idle = async (isOver: () => boolean = () => false): Promise<void> => {
    let quiet = 0
    for (let turn = 0; turn < mostTurns && quiet < idleTurns && !isOver(); turn += 1) {
      await new Promise<void>((resolve) => void real.setImmediate(resolve))
      quiet = working > 0 ? 0 : quiet + 1
    }
  }
  const timeout = (milliseconds: number): AbortSignal => {
    const stop = new AbortController()
    set(() => stop.abort(new DOMException('the time is over', 'TimeoutError')), milliseconds)
    return stop.signal
  }
  Object.assign(globalThis, { setTimeout: set, clearTimeout: (timer: Timer) => timers.delete(timer) })
  Object.assign(AbortSignal, { timeout })

  return {
    now: () => now,
    async pass(milliseconds) {
      const end = now + milliseconds
      passing += 1
      for (let timer = next(); timer && timer.at <= end; timer = next()) {
        fire(timer)
        await idle()
      }
      now = Math.max(now, end)
      await idle()
      passing -= 1
    },
    async until(promise) {
      let isOver = false
      const over = (): void => void (isOver = true)
      promise.then(over, over)
      for (;;) {
        await idle(() => isOver)
        if (isOver) return promise
        if (passing > 0) continue
        const timer = next()
        if (!timer) throw new Error('a call waits for what never comes')
        fire(timer)
      }
    },
    async during(work) {
      working += 1
      try {
        return await work()
      } finally {
        working -= 1
      }
    },
    timeout,
    end: () => {
      Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout })
      Object.assign(AbortSignal, { timeout: real.timeout })
    },
  }
}

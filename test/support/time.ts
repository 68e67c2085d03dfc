import { vi } from 'vitest'

/** Lets timers go off without the time that they take, until a promise has settled; all else takes its own time. */
export async function hurry<value>(work: () => Promise<value>): Promise<value> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const state = { isOver: false }
  const over = (): void => {
    state.isOver = true
  }
  try {
    const result = work()
    result.then(over, over)
    while (!state.isOver) {
      // First whatever needs no timer gets its turn.
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
      await vi.advanceTimersByTimeAsync(250)
    }
    return await result
  } finally {
    vi.useRealTimers()
  }
}

/** A promise that never settles. */
export function never(): Promise<never> {
  return new Promise(() => {})
}

/** A promise, and what fulfils it. */
export type Deferred<value> = { readonly promise: Promise<value>; readonly resolve: (value: value) => void }

/** Makes a promise that is fulfilled from outside. */
export function defer<value = void>(): Deferred<value> {
  let resolve = (_value: value): void => {}
  const promise = new Promise<value>((fulfil) => {
    resolve = fulfil
  })
  return { promise, resolve: (value) => resolve(value) }
}

/** Lets what is under way come as far as it comes without a timer. */
export async function settleDown(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate)
}

/** How long something is waited for, and who can give up waiting. */
export type Deadline = {
  /** In milliseconds. @default no limit */
  readonly ms?: number | undefined
  /** What it says when it is late. */
  readonly sentence?: string | undefined
  readonly signal?: AbortSignal | null | undefined
}

/** The longest time that a timer can run for: beyond it, one would fire at once. */
const maxTimerMs = 2 ** 31 - 1
const pending = Symbol('pending')

/**
 * Waits for a promise until its deadline, or until a signal is aborted; what comes later is dropped, its rejection too.
 * What has settled by now is the answer, and costs no timer.
 *
 * @throws DOMException `TimeoutError` when it is late, or the signal's reason.
 */
export async function waitFor<value>(promise: Promise<value>, { ms, sentence, signal }: Deadline): Promise<value> {
  const early = await Promise.race([promise, soon()])
  if (early !== pending) return early
  let timer: ReturnType<typeof setTimeout> | undefined
  let stop = (): void => {}
  const ended = new Promise<never>((_, reject) => {
    const expire = (): void => reject(new DOMException(sentence, 'TimeoutError'))
    if (ms !== undefined) timer = setTimeout(expire, Math.min(ms, maxTimerMs))
    stop = () => reject(signal?.reason)
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
  })
  try {
    return await Promise.race([promise, ended])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

/** Comes after all that has settled already, and before anything that takes time. */
function soon(): Promise<typeof pending> {
  return Promise.resolve()
    .then(() => undefined)
    .then(() => pending)
}

/** Waits for a promise, but not longer than this; a late answer is dropped. */
export function within<value>(ms: number, promise: Promise<value>, sentence: string): Promise<value> {
  return waitFor(promise, { ms, sentence })
}

/** Waits for a promise until a signal is aborted: whoever was asked may not heed it, or lose it. */
export function unlessAborted<value>(signal: AbortSignal | null | undefined, promise: Promise<value>): Promise<value> {
  return signal ? waitFor(promise, { signal }) : promise
}

/** Tells whether a wait ended because it was late. */
export function isLate(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError'
}

/** Waits for a time; until then the process goes on. */
export async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}

/** Waits for a time, and keeps no process alive for it. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer: { unref?: () => unknown } | number = setTimeout(resolve, milliseconds)
    // A number in browsers.
    if (typeof timer === 'object') timer.unref?.()
  })
}

/** Lets everything else that waits go first, such as timers and answers of others. */
export function nextTurn(): Promise<void> {
  return pause(0)
}

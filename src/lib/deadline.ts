/** Waits for a promise, but not longer than this; a late answer is dropped. */
export async function within<value>(milliseconds: number, promise: Promise<value>, sentence: string): Promise<value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException(sentence, 'TimeoutError')), milliseconds)
  })
  try {
    return await Promise.race([promise, expired])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for a time. */
export async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}

/** Waits for a promise until a signal is aborted: a fetch of the caller's own may not heed it, or lose it. */
export async function unlessAborted<value>(
  signal: AbortSignal | null | undefined,
  promise: Promise<value>,
): Promise<value> {
  if (!signal) return promise
  let stop = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
  })
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Waits for a promise, but not longer than this; answers `undefined` when it came too late. */
export async function within<value>(milliseconds: number, promise: Promise<value>): Promise<value | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const expired = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds)
  })
  try {
    return await Promise.race([promise, expired])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for some time, and keeps no process alive for it. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer: { unref?: () => unknown } | number = setTimeout(resolve, milliseconds)
    if (typeof timer === 'object') timer.unref?.()
  })
}

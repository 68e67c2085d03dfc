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

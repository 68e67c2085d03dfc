/** Where libraries put the error that theirs is about. */
const inner = ['cause', 'error', 'info', 'data', 'originalError'] as const
const maxDepth = 8

/**
 * Tells whether an error says that a person at a wallet has rejected a request: code 4001 of EIP-1193, or what ethers makes
 * of it, in the error itself or in those that it is about.
 */
export function isUserRejection(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > maxDepth) return false
  const code = read(error, 'code')
  if (code === 4001 || code === 'ACTION_REJECTED') return true
  return inner.some((name) => isUserRejection(read(error, name), depth + 1))
}

/** An error is somebody else's object, and may throw when it is read. */
function read(error: object, name: string): unknown {
  try {
    return Reflect.get(error, name)
  } catch {
    return undefined
  }
}

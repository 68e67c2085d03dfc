/** A code of five signs, by which alone errors are told apart: their words are in the server's language. */
const sqlState = /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/

/** The SQLSTATE of what PostgreSQL answered; an error that it did not answer has none, such as a lost connection. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, cause } = Object(error)
  if (typeof code === 'string' && sqlState.test(code)) return code
  return cause === undefined ? undefined : sqlStateOf(cause)
}

/** Tells whether a statement has failed and left nothing behind, since PostgreSQL itself says that it was at fault. */
export function isUndone(error: unknown): boolean {
  return /^(?:2[0-9B-F]|40|42|53|54|55|P0)/.test(sqlStateOf(error) ?? '')
}

/** Could not be serialized, deadlock, lock not available, shut down by an administrator; not connected yet. */
const passing: ReadonlySet<unknown> = new Set(['40001', '40P01', '55P03', '57P01', '57P03', '53300', 'ECONNREFUSED'])

/** Tells whether a statement has left nothing behind, and may succeed when it is sent again. */
export function isPassing(error: unknown): boolean {
  return passing.has(sqlStateOf(error) ?? Reflect.get(Object(error), 'code'))
}

/** Tells whether no answer came at all: a statement that was sent before may have been committed or not. */
export function isLost(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === undefined ? !isTooLate(error) : /^(?:08|57P0)/.test(state)
}

/** Tells whether the connection that brought an error can carry other statements. */
export function isSound(error: unknown): boolean {
  return !/^(?:|08.*|57P.*|25P.*|XX.*)$/.test(sqlStateOf(error) ?? '')
}

/** Tells whether it is of use to ask for a connection once more. */
export function isClosedForNow(error: unknown): boolean {
  return !isTooLate(error) && !/^(?:28|3D|42)/.test(sqlStateOf(error) ?? '')
}

/** Tells whether a statement needs a transaction of its own, since those of its connection are of the wrong kind. */
export function isWrongTransaction(error: unknown): boolean {
  return ['25004', '25006'].includes(sqlStateOf(error) ?? '')
}

function isTooLate(error: unknown): boolean {
  return Reflect.get(Object(error), 'name') === 'TimeoutError'
}

import { cleanCause } from '../lib/clean-cause.js'
import { toJSONValue } from '../lib/json-safe.js'

/** Marks the errors of every copy of the package; a class is told apart only within one. */
export const brand: unique symbol = Symbol.for('stipend.error')

/** Tells whether money can have left: never unless the key may have been used. */
export type Moved = 'no' | 'maybe'

type Options = {
  readonly details?: readonly string[] | undefined
  readonly cause?: unknown
}

/** The base of every error this library throws. */
export abstract class StipendError extends Error {
  /** The name of its class, also in a bundle that has shortened it. */
  abstract override readonly name: string
  /** A stable name to switch on. */
  abstract readonly code: string
  /** Whether money can have left the wallet because of this call. */
  readonly moved: Moved = 'no'
  /** Whether the same call, unchanged, may succeed later. */
  readonly retryable: boolean = false

  constructor(sentence: string, options: Options = {}) {
    super(
      [sentence, ...(options.details ?? []).map((line) => `  ${line}`)].join('\n'),
      // Others' errors hold requests, headers and URLs with keys in them.
      options.cause === undefined ? undefined : { cause: cleanCause(options.cause) },
    )
    Object.defineProperty(this, brand, { value: true })
  }

  /** Writes what it says and carries, a bigint as its digits; its cause and its stack stay here. */
  toJSON(): unknown {
    const { name, message } = this
    const { cause: _cause, response: _response, ...rest } = { ...this } as Readonly<Record<string, unknown>>
    return toJSONValue({ name, message, ...rest })
  }
}

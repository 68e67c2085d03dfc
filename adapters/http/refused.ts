import { type Moved, type Payment, StipendError } from 'stipend'

/** What a refusal of the service itself says besides its sentence. */
export type RefusedOptions = {
  /** The HTTP status it is answered with. */
  readonly status: number
  readonly details?: readonly string[] | undefined
  /** Where in what was sent, and what is wrong there. */
  readonly errors?: readonly Flaw[] | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The payment that was made all the same. */
  readonly payment?: Payment | undefined
  readonly cause?: unknown
}

/** One thing that is wrong with what was sent. */
export type Flaw = { readonly path: string; readonly problem: string }

/** Thrown when the service does not do what a request asks, before or beside what the wallet says. */
export class RefusedError extends StipendError {
  readonly name = 'RefusedError'
  readonly code: string
  override readonly moved: Moved
  readonly status: number
  readonly errors: readonly Flaw[] | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly payment: Payment | undefined

  constructor(code: string, sentence: string, options: RefusedOptions) {
    super(sentence, options)
    this.code = code
    this.moved = options.payment ? 'maybe' : 'no'
    this.status = options.status
    this.errors = options.errors
    this.headers = options.headers ?? {}
    this.payment = options.payment
  }
}

/** Refuses what was sent because one part of it is not usable. */
export function refuseInput(path: string, problem: string): RefusedError {
  const sentence = `Failed to read ${path}: ${problem}`
  return new RefusedError('input_invalid', sentence, { status: 400, errors: [{ path, problem }] })
}

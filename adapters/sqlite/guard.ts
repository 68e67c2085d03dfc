import { isStipendError, LedgerUnavailableError } from 'stipend'

/** Hands on what went wrong as an error of the package; a mistake of the caller's is what it is. */
export async function guard<value>(work: Promise<value>): Promise<value> {
  try {
    return await work
  } catch (error) {
    if (error instanceof TypeError || isStipendError(error)) throw error
    throw new LedgerUnavailableError(error)
  }
}

import { MalformedMessageError } from '../errors.js'

/** Creates the error for a message that breaks its format. */
export function malformed(reason: string): MalformedMessageError {
  return new MalformedMessageError(`Failed to read the 402: ${reason}; nothing was signed`)
}

/** Reads a word of a server that may be shown: printable ASCII, and little of it. */
export function readWord(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x20-\x7e]{1,64}$/.test(value) ? value : undefined
}

/** Reads an error code, such as `insufficient_funds`; prose is the server's and stays out. */
export function readCode(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9_.:-]{1,64}$/.test(value) ? value : undefined
}

/** Shows a value of a server in a message of ours. */
export function quote(value: unknown): string {
  if (typeof value === 'number' || value === null) return String(value)
  return readWord(value) === undefined ? 'a value that cannot be shown' : JSON.stringify(value)
}

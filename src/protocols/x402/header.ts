import { decodeBase64, encodeBase64 } from '../../lib/base64.js'
import { parseMessage } from './message.js'
import { malformed } from '../words.js'

const maxHeaderBytes = 16_384

/**
 * Reads a header that holds a message as base64 of JSON or, as some servers send it, as plain ASCII JSON.
 *
 * @throws MalformedMessageError
 */
export function readHeader(value: string, name: string): unknown {
  if (value.length > maxHeaderBytes) throw malformed(`${name} is longer than 16 KiB`)
  const json = value.startsWith('{') ? readAscii(value) : decodeBase64(value)
  if (json === undefined) throw malformed(`${name} is not one value in base64`)
  return parseMessage(json, name)
}

/** A header arrives as Latin-1, so any other character in it may not be the one that was sent. */
function readAscii(value: string): string | undefined {
  return /^[\x20-\x7e]*$/.test(value) ? value : undefined
}

/** Writes a message as a header holds it. */
export function writeHeader(message: Readonly<Record<string, unknown>>): string {
  return encodeBase64(JSON.stringify(message))
}

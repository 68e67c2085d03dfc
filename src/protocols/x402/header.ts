import { decodeBase64, encodeBase64 } from '../../lib/base64.js'
import type { MemoBounds } from '../../lib/memo.js'
import { parseMessage } from './message.js'
import { malformed } from '../words.js'

const maxHeaderBytes = 16_384
/** How much is remembered of the 402s that were read: most servers ask the same again and again. */
export const memoBounds: MemoBounds = { max: 128, maxLength: 8192 }

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

/** Writes a message as a header holds it, from its members as JSON; one that is undefined is left out. */
export function encodeMessage(members: Readonly<Record<string, string | undefined>>): string {
  const written = Object.entries(members).filter(([, json]) => json !== undefined)
  return encodeBase64(`{${written.map(([name, json]) => `"${name}":${json}`).join(',')}}`)
}

/** The JSON of what servers have sent, which is frozen when it is read and echoed with each payment. */
const echoes = new WeakMap<object, string>()

/** Writes a value as JSON, a frozen one only once. */
export function jsonOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return JSON.stringify(value)
  const known = echoes.get(value)
  if (known !== undefined) return known
  const json = JSON.stringify(value)
  echoes.set(value, json)
  return json
}

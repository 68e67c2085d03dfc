import { joinBytes } from '../lib/bytes.js'

const dash = 45

/**
 * Writes a form's bytes without their boundary, each part behind its length: each encoding draws a boundary of its own, and the
 * same form has to be the same request. Bytes that are no form are answered as they are.
 */
export function withoutBoundary(bytes: Uint8Array): Uint8Array {
  const encoder = new TextEncoder()
  // A form begins with what stands before each part, and ends with it and two dashes; RFC 2046 lets it have 72 characters.
  const end = new TextDecoder().decode(bytes.subarray(-80))
  const delimiter = encoder.encode(/(?:^|\r\n)(--[^\r\n]+)--(?:\r\n)?$/.exec(end)?.[1])
  const isAt = (at: number): boolean =>
    (at === 0 || (bytes[at - 2] === 13 && bytes[at - 1] === 10)) &&
    delimiter.every((byte, index) => bytes[at + index] === byte)
  if (delimiter.length === 0 || !isAt(0)) return bytes
  const parts: Uint8Array[] = []
  let from = 0
  const keep = (to: number): void => {
    parts.push(encoder.encode(`${to - from}:`), bytes.subarray(from, to))
  }
  for (let at = 0; at >= 0; at = bytes.indexOf(dash, at + 1)) {
    if (at < from || !isAt(at)) continue
    keep(at)
    from = at + delimiter.length
  }
  keep(bytes.length)
  return joinBytes(...parts)
}

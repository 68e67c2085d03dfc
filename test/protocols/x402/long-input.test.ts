import { describe, expect, test } from 'vitest'
import { MalformedMessageError, x402, x402V1 } from '../../../src/index.js'
import { decodeBase64 } from '../../../src/lib/base64.js'
import { parseJson } from '../../../src/protocols/json.js'

/** The largest body that is read at all is 64 KiB. */
const size = 65_000

/** Reading ends, with what it was meant for or a refusal of ours: nothing overflows, and no other error gets out. */
function endsWell(work: (text: string) => unknown, write: (size: number) => string): void {
  const text = write(size)
  try {
    work(text)
    expect(text.length).toBeGreaterThan(0)
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedMessageError)
  }
}

const fill = (piece: string) => (size: number) => piece.repeat(Math.floor(size / piece.length))

const shapes: readonly (readonly [string, (size: number) => string])[] = [
  ['digits', fill('9')],
  ['zeros', fill('0')],
  ['opening brackets', fill('[')],
  ['closed brackets', fill('[]')],
  ['quotes', fill('"')],
  ['backslashes', fill('\\')],
  ['backslashes in an open string', (size) => `"${fill('\\')(size)}`],
  ['escaped quotes in an open string', (size) => `"${fill('\\"')(size)}`],
  ['white space', fill(' ')],
  ['minus signs', fill('-')],
  ['exponents', fill('1e')],
  ['one number with many zeros before its digit', (size) => `0.${fill('0')(size)}1`],
  ['objects with a key each', fill('{"a":1},')],
  ['one object with many keys', (size) => `{${Array.from({ length: size / 10 }, (_, index) => `"${index}":1`)}}`],
  ['many short strings', (size) => `[${fill('"a",')(size)}"a"]`],
]

describe('a message of one piece repeated, as long as any that is read, ends in an answer or a refusal', () => {
  test.each(shapes)('of %s, as JSON', (_, write) => {
    endsWell((text) => parseJson(text, 'the text'), write)
  })

  test.each([
    ['equals signs', fill('=')],
    ['letters', fill('A')],
    ['letters and a bad one', (size: number) => `${fill('A')(size)}*`],
    ['padding inside', fill('AA==')],
  ])('of %s, as base64', (_, write) => {
    endsWell(decodeBase64, write)
  })

  test.each(shapes)('of %s, as the body and the header of a 402', (_, write) => {
    const withVersion = (size: number): string => `{"x402Version":1,"accepts":${write(size)}`
    endsWell((body) => x402V1().parse({ headers: new Headers(), body }), withVersion)
    const asHeader = (size: number): string => withVersion(Math.floor(size / 4))
    endsWell((text) => x402().parse({ headers: new Headers({ 'PAYMENT-REQUIRED': text }), body: text }), asHeader)
  })
})

import { describe, expect, test } from 'vitest'
import { x402, x402V1 } from '../../src/index.js'
import { decodeBase64 } from '../../src/protocols/base64.js'
import { parseJson } from '../../src/protocols/json.js'
import { outcome } from '../support/offers.ts'

const sizes = [15_000, 60_000] as const
/** Four times the input is four times the work where it is linear, and sixteen times where it is quadratic. */
const mostGrowth = 10
/** Below this a difference is noise; quadratic work on 60,000 characters takes far longer. */
const noiseMs = 1

/** Milliseconds of processor time, the best of some rounds: what else the machine does can only make a round slower. */
function bestOf(rounds: number, work: () => unknown): number {
  const times = Array.from({ length: rounds }, () => {
    const started = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(started)
    return (user + system) / 1000
  })
  return Math.min(...times)
}

function growsLinearly(work: (text: string) => unknown, write: (size: number) => string): void {
  const [small, large] = [write(sizes[0]), write(sizes[1])]
  const measure = (text: string): number => bestOf(5, () => outcome(() => work(text)))
  const isLinear = (): boolean => {
    const [short, long] = [measure(small), measure(large)]
    return long < noiseMs || long / short < mostGrowth
  }
  expect(Array.from({ length: 8 }, (_, round) => round).some(isLinear)).toBe(true)
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

describe('the work on a message grows no faster than the message', () => {
  test.each(shapes)('of %s, as JSON', (_, write) => {
    growsLinearly((text) => parseJson(text, 'the text'), write)
  })

  test.each([
    ['equals signs', fill('=')],
    ['letters', fill('A')],
    ['letters and a bad one', (size: number) => `${fill('A')(size)}*`],
    ['padding inside', fill('AA==')],
  ])('of %s, as base64', (_, write) => {
    growsLinearly(decodeBase64, write)
  })

  test.each(shapes)('of %s, as the body and the header of a 402', (_, write) => {
    const withVersion = (size: number): string => `{"x402Version":1,"accepts":${write(size)}`
    growsLinearly((body) => x402V1().parse({ headers: new Headers(), body }), withVersion)
    const asHeader = (size: number): string => withVersion(Math.floor(size / 4))
    growsLinearly((text) => x402().parse({ headers: new Headers({ 'PAYMENT-REQUIRED': text }), body: text }), asHeader)
  })
})

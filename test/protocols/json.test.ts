import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from '../../src/protocols/json.js'
import { isDeepFrozen, problemOf } from '../support/challenges.ts'

const read = (text: string): unknown => parseJson(text, 'the text')
const problem = (text: string): string => problemOf(() => read(text))
const nest = (depth: number, inner = '1'): string => `${'['.repeat(depth)}${inner}${']'.repeat(depth)}`

describe("a stranger's JSON", () => {
  test.each([
    ['an object', '{"a":{"b":[1,-2,0,0.5,1e3,true,false,null,"x"]}}'],
    ['white space', ' \t\r\n{ "a" : [ 1 , 2 ] } \n'],
    ['escapes', String.raw`{"a\u0062":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}`],
    ['characters beyond ASCII', '{"name":"USD₮0 😀"}'],
    ['the same key in two objects', '[{"a":1},{"a":2},{"b":{"a":3}}]'],
    ['a string as long as allowed', JSON.stringify('x'.repeat(2048))],
    ['the largest whole number', '9007199254740991'],
  ])('is read as JSON.parse reads it, with %s', (_what, text) => {
    expect(read(text)).toEqual(JSON.parse(text))
  })

  test('is frozen all the way down', () => {
    expect(isDeepFrozen(parseJson('{"a":[{"b":{}}]}', 'the text'))).toBe(true)
  })

  test.each([
    ['plain', '{"amount":"1","amount":"999"}'],
    ['escaped', String.raw`{"amount":"1","\u0061mount":"999"}`],
    ['deep', '{"accepts":[{"extra":{"amount":1,"b":[{}],"amount":2}}]}'],
  ])('with a key that comes twice in one object is refused: %s', (_what, text) => {
    expect(problem(text)).toMatch('has a key twice in one object')
  })

  test.each(['__proto__', 'constructor', 'prototype'])(
    'with a key %s is refused at every level, and changes nothing',
    (key) => {
      const texts = [
        `{"${key}":{"polluted":1}}`,
        `[{"a":{"${key}":{"polluted":1}}}]`,
        `{"extensions":{"a":{"${key}":1}}}`,
      ]
      const escaped = `{"${String.raw`\u00`}${key.charCodeAt(0).toString(16)}${key.slice(1)}":{"polluted":1}}`
      for (const text of [...texts, escaped]) expect(problem(text)).toMatch(`has a key "${key}"`)
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    },
  )

  test('may name such a key in a value', () => {
    expect(read('{"a":"__proto__"}')).toEqual({ a: '__proto__' })
  })

  test('nested deeper than eight is refused', () => {
    expect(read(nest(8))).toEqual(JSON.parse(nest(8)))
    expect(problem(nest(9))).toMatch('is nested too deeply')
    expect(problem(`{"accepts":[{"extra":${nest(6)}}]}`)).toMatch('is nested too deeply')
  })

  test.each([10_000, 1_000_000])('that is %i levels deep is refused at once and without a stack', (depth) => {
    const started = performance.now()
    expect(problem('['.repeat(depth))).toMatch(/is nested too deeply|is longer than 64 KiB/)
    expect(problem(nest(depth))).toMatch(/is nested too deeply|is longer than 64 KiB/)
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test.each([
    '1e400',
    '-1e400',
    '-0',
    '-0.0',
    '1e-400',
    '9007199254740992',
    '-9007199254740993',
    '9007199254740993.0',
    '1e300',
  ])('with the number %s, which a double does not hold, is refused', (number) =>
    expect(problem(`{"a":[${number}]}`)).toMatch('has a number that cannot be held exactly'),
  )

  test('with a string of over 2048 characters is refused, as a key too', () => {
    expect(problem(JSON.stringify('x'.repeat(2049)))).toMatch('has a string of over 2048 characters')
    expect(problem(JSON.stringify({ ['k'.repeat(2049)]: 1 }))).toMatch('has a string of over 2048 characters')
    expect(problem(`"${String.raw`\u0041`.repeat(2049)}"`)).toMatch('has a string of over 2048 characters')
    expect(read(`"${String.raw`\u0041`.repeat(2048)}"`)).toBe('A'.repeat(2048))
  })

  test('of over 64 KiB is refused', () => {
    expect(read('1'.padEnd(65_536))).toBe(1)
    expect(problem('1'.padEnd(65_537))).toMatch('is longer than 64 KiB')
  })

  test.each([
    ['raw', '"\ud83d"'],
    ['escaped', String.raw`"\ud83d"`],
    ['in a key', String.raw`{"\ude00":1}`],
  ])('with half a character is refused: %s', (_what, text) => expect(problem(text)).toMatch('has half a character'))

  test.each([
    ['nothing', ''],
    ['a byte order mark', '\ufeff{}'],
    ['a second value', '{} {}'],
    ['lines of JSON', '{"a":1}\n{"a":2}'],
    ['bytes after it', '{"a":1}x'],
    ['a NUL after it', '{"a":1}\0'],
    ['a comment', '{"a":1/**/}'],
    ['a trailing comma', '[1,]'],
    ['a single quote', "{'a':1}"],
    ['NaN', '[NaN]'],
    ['Infinity', '[-Infinity]'],
    ['a leading zero', '[01]'],
    ['a leading plus', '[+1]'],
    ['two numbers in one', '[1-2]'],
    ['a colon in a list', '["a":1]'],
    ['a colon alone', ':'],
    ['a key without quotes', '{a:1}'],
    ['an open string', '{"a":"b'],
    ['an open object', '{"a":1'],
    ['closing marks only', ']}'],
    ['marks that do not match', '[{]}'],
    ['a line break in a string', '"a\nb"'],
    ['an unknown escape', String.raw`"\x41"`],
    ['another kind of white space', '[\u00a01]'],
  ])('that is not JSON is refused: %s', (_what, text) => expect(problem(text)).toMatch('the text is not JSON'))

  test('is never quoted', () => {
    for (const key of ['a\u202eb', 'x'.repeat(65), 'a\nb', 'amount']) {
      const text = `{${JSON.stringify(key)}:1,${JSON.stringify(key)}:2}`
      expect(problem(text)).toMatch('has a key twice in one object')
    }
  })

  test('is read as JSON.parse reads it, or not at all', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'{}[]:,"\\01-.eEu tn') })
    fc.assert(
      fc.property(fc.oneof(fc.json({ maxDepth: 5 }), noise), (text) => {
        if (!problem(text).startsWith('nothing: ')) return
        const value = read(text)
        expect(value).toEqual(JSON.parse(text))
        expect(JSON.parse(JSON.stringify(value))).toEqual(value)
        expect(isDeepFrozen(value)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('is read in linear time, however it is made to be slow', () => {
    const fill = (piece: string): string => piece.repeat(Math.floor(65_000 / piece.length))
    const started = performance.now()
    for (const piece of ['"', '\\', '"\\', '1', '-', '1e', ' ', '[]', '{"a":1},', '"a",']) {
      problem(fill(piece))
      problem(`"${fill(piece)}`)
    }
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

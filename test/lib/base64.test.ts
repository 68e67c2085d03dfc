import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64, decodeBytes, encodeBase64, encodeBytes } from '../../src/lib/base64.js'

describe('base64', () => {
  test('of any text is what Buffer makes of it, and comes back in every spelling', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const bytes = Buffer.from(text)
        const [standard, urlSafe] = [bytes.toString('base64'), bytes.toString('base64url')]
        expect(encodeBase64(text)).toBe(standard)
        const padded = urlSafe.padEnd(Math.ceil(urlSafe.length / 4) * 4, '=')
        for (const spelling of [standard, urlSafe, padded, standard.replace(/=+$/, '')])
          expect(decodeBase64(spelling)).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  test('of any bytes is what Buffer makes of it, and comes back in that spelling alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const encoded = Buffer.from(bytes).toString('base64')
        expect(encodeBytes(bytes)).toBe(encoded)
        expect(decodeBytes(encoded)).toEqual(Uint8Array.from(bytes))
        for (const other of [`${encoded} `, `${encoded}=`, encoded.replace(/=+$/, '')])
          if (other !== encoded) expect(decodeBytes(other)).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['two values joined by a comma', 'e30=, e30='],
    ['two values after each other', 'e30=e30='],
    ['white space', 'e3 0='],
    ['a line break', 'e30=\n'],
    ['both alphabets at once', 'Pz8_Pz8/'],
    ['too much padding', 'e30=='],
    ['too little padding', 'eA='],
    ['padding alone', '='],
    ['padding where none belongs', 'e30x===='],
    ['one character more than a byte has', 'e30xe'],
    ['bits that no byte uses', 'e31='],
    ['characters that are none of it', 'e30*'],
    ['characters that only look like it', 'еeeе'],
  ])('that has %s is refused', (_what, text) => expect(decodeBase64(text)).toBeUndefined())

  test.each([
    ['a byte that is never in UTF-8', [0xff]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['half a character', [0xe2, 0x82]],
    ['half of a pair', [0xed, 0xa0, 0x80]],
  ])('of bytes that are not UTF-8 is refused: %s', (_what, bytes) => {
    expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toBeUndefined()
  })

  test('keeps a byte order mark, for the reader of the text to refuse', () => {
    expect(decodeBase64(Buffer.from('\ufeff{}').toString('base64'))).toBe('\ufeff{}')
  })

  test('of 100,000 characters is written and read', () => {
    const text = 'é'.repeat(100_000)
    expect(decodeBase64(encodeBase64(text))).toBe(text)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigurationError, formatUnits, formatUsd } from '../src/index.js'
import { askedOf, parseUnits, parseUsd, toMicroUsd } from '../src/money.js'

const micro = fc.bigInt({ min: 0n, max: 999_999_999_999_999_999_999n })
const amount = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n })
const asset = fc.record({ decimals: fc.nat(36), microUsd: fc.bigInt({ min: 0n, max: 10n ** 15n }) })

describe('what a payment adds to a limit', () => {
  test.each([
    ['microUsd', 70_000n],
    ['count', 1n],
    ['open', 1n],
    ['unknown', 1n],
  ] as const)('is, measured in %s, %d', (measure, asked) => {
    expect(askedOf({ measure }, { microUsd: 70_000n })).toBe(asked)
  })
})

describe('dollars', () => {
  test('that are formatted parse to the same amount', () => {
    fc.assert(
      fc.property(micro, (value) => {
        expect(parseUsd(formatUsd(value), 'amount')).toBe(value)
        expect(parseUsd(formatUsd(value).slice(1), 'amount')).toBe(value)
      }),
      { numRuns: 2000 },
    )
  })

  test('given as a number of at most six decimals parse to what it shows', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), (millionths) => {
        const value = millionths / 1_000_000
        if (String(value).includes('e')) return
        expect(parseUsd(value, 'amount')).toBe(BigInt(millionths))
      }),
    )
  })

  test.each([
    ['$0.10', 100_000n],
    ['0.1', 100_000n],
    [0.1, 100_000n],
    [1, 1_000_000n],
    ['0.000001', 1n],
    [0.000001, 1n],
    ['1.005', 1_005_000n],
    ['0', 0n],
    [-0, 0n],
    ['999999999999999.999999', 999_999_999_999_999_999_999n],
  ])('%j are exact', (value, expected) => {
    expect(parseUsd(value, 'amount')).toBe(expected)
  })

  test.each([
    ['a seventh decimal', '0.0000001'],
    ['an exponent', '1e3'],
    ['a sum that floats', 0.1 + 0.2],
    ['a number in exponent form', 1e21],
    ['a small number in exponent form', 1e-7],
    ['infinity', Infinity],
    ['NaN', Number.NaN],
    ['a minus sign', '-1'],
    ['a negative number', -0.5],
    ['a plus sign', '+1'],
    ['a thousands separator', '1,000'],
    ['an underscore', '1_000'],
    ['a decimal comma', '1,5'],
    ['a leading zero', '01'],
    ['no whole part', '.5'],
    ['no decimals after the point', '1.'],
    ['two points', '1.2.3'],
    ['spaces around it', ' 1 '],
    ['a line break', '1\n'],
    ['two dollar signs', '$$1'],
    ['a dollar sign behind it', '1$'],
    ['another currency', '\u20ac1'],
    ['full-width digits', '\uff11'],
    ['Arabic digits', '\u0661'],
    ['hexadecimal', '0x10'],
    ['nothing', ''],
    ['a word', 'unlimited'],
    ['more than fits', '1000000000000000'],
  ])('with %s are refused, and the option is named', (_, value) => {
    expect(() => parseUsd(value, 'dailyLimitUsd')).toThrow(ConfigurationError)
    expect(() => parseUsd(value, 'dailyLimitUsd')).toThrow(/dailyLimitUsd/)
  })

  test.each([
    [0n, '$0.00'],
    [1n, '$0.000001'],
    [10_000n, '$0.01'],
    [123_400n, '$0.1234'],
    [1_000_000n, '$1.00'],
    [1_500_000n, '$1.50'],
    [200_000_000n, '$200.00'],
    [-1_500_000n, '-$1.50'],
    [-1n, '-$0.000001'],
  ])('of %i millionths are written with at least two decimals', (value, text) => {
    expect(formatUsd(value)).toBe(text)
  })
})

describe('the price of an amount', () => {
  test('is never less than it is worth, and less than a millionth more', () => {
    fc.assert(
      fc.property(amount, asset, (value, one) => {
        const worth = value * one.microUsd
        const price = toMicroUsd(value, one) * 10n ** BigInt(one.decimals)
        expect(price >= worth && price - worth < 10n ** BigInt(one.decimals)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('never falls as the amount grows, and of two parts is never less than of the whole', () => {
    fc.assert(
      fc.property(amount, amount, asset, (one, other, token) => {
        const [low, high] = one < other ? [one, other] : [other, one]
        expect(toMicroUsd(low, token) <= toMicroUsd(high, token)).toBe(true)
        expect(toMicroUsd(one, token) + toMicroUsd(other, token) >= toMicroUsd(one + other, token)).toBe(true)
      }),
    )
  })

  test('is one millionth for the smallest unit of 18 decimals, and the amount itself for a dollar of six', () => {
    expect(toMicroUsd(1n, { decimals: 18, microUsd: 1_000_000n })).toBe(1n)
    expect(toMicroUsd(0n, { decimals: 18, microUsd: 1_000_000n })).toBe(0n)
    expect(toMicroUsd(10n ** 12n + 1n, { decimals: 18, microUsd: 1_000_000n })).toBe(2n)
    expect(toMicroUsd(10_000n, { decimals: 6, microUsd: 1_000_000n })).toBe(10_000n)
    expect(toMicroUsd(3n, { decimals: 0, microUsd: 2_500_000n })).toBe(7_500_000n)
  })
})

describe('units of a token', () => {
  test('are written so that they read back to the same amount', () => {
    fc.assert(
      fc.property(amount, fc.nat(36), (value, decimals) => {
        const text = formatUnits(value, { decimals, symbol: 'TOK' })
        expect(text).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])? TOK$/)
        const [whole = '', fraction = ''] = text.slice(0, -4).split('.')
        expect(BigInt(whole + fraction.padEnd(decimals, '0'))).toBe(value)
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    [10_000n, 6, '0.01 TOK'],
    [1_000_000n, 6, '1 TOK'],
    [0n, 6, '0 TOK'],
    [1n, 18, '0.000000000000000001 TOK'],
    [120n, 0, '120 TOK'],
  ])('%i of %i decimals are %s', (value, decimals, text) => {
    expect(formatUnits(value, { decimals, symbol: 'TOK' })).toBe(text)
  })
})

describe('whole tokens', () => {
  test.each([
    ['1', 6, 1_000_000n],
    ['1.50', 6, 1_500_000n],
    ['12.000001', 6, 12_000_001n],
    ['0', 6, 0n],
    ['7', 0, 7n],
    ['0.5', 1, 5n],
    ['1.000000000000000001', 18, 10n ** 18n + 1n],
  ])('%s of a token with %i decimals', (amount, decimals, units) => {
    expect(parseUnits(amount, { decimals, symbol: 'USDC' })).toBe(units)
  })

  test.each(['', '-1', '+1', '1e3', '01', '.5', '1.', '1,0', ' 1', '0.0000001', '0x1', '１'])(
    '%j is none',
    (amount) => {
      expect(() => parseUnits(amount, { decimals: 6, symbol: 'USDC' })).toThrow(
        expect.objectContaining({
          code: 'configuration_invalid',
          message: expect.stringContaining('an amount of USDC'),
        }),
      )
    },
  )
})

import { type Abi, encodeFunctionData, parseAbi, toFunctionSelector } from 'viem'
import { describe, expect, test } from 'vitest'
import { encodeArguments, readParameters, selectorOf, signatureOf } from '../../src/evm/abi-arguments.js'

const us = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const bytes32 = `0x${'ab'.repeat(32)}`
const reader = { readAddress: (address: string) => address }
const inputsOf = (text: string) => {
  const [item] = parseAbi([`function f(${text})`] as never) as Abi
  return readParameters(Object(item).inputs)
}

describe('the arguments of a call', () => {
  test.each<[string, readonly unknown[]]>([
    ['', []],
    ['uint256 a, address b', [5n, us]],
    ['uint8 a, uint128 b, uint256 c', [255n, (1n << 128n) - 1n, (1n << 256n) - 1n]],
    ['int8 a, int256 b, int24 c', [-128n, -1n, -887_270n]],
    ['bool a, bool b, bytes4 c, bytes32 d', [true, false, '0x12345678', bytes32]],
    ['string a', ['']],
    ['string a, uint256 b, string c', ['häagen dazs, and more than thirty-two bytes of it', 7n, 'b']],
    ['uint256[] a, address[] b', [[1n, 2n, 3n], []]],
    ['uint256[2] a, uint256 b', [[1n, 2n], 3n]],
    ['string[2] a, uint256 b', [['a', 'b'], 3n]],
    [
      'string[] a, uint8[2][] b',
      [
        ['a', ''],
        [
          [1n, 2n],
          [3n, 4n],
        ],
      ],
    ],
    ['(address a, uint24 b, uint256 c) p', [[us, 500n, 9n]]],
    ['uint256 x, (string a, uint256[] b, (bool c, string d) e) p', [1n, ['x', [2n], [true, 'y']]]],
    [
      '(uint256 a, string b)[] p, (uint256 a, bool b)[2] q',
      [
        [
          [1n, 'a'],
          [2n, 'b'],
        ],
        [
          [1n, true],
          [2n, false],
        ],
      ],
    ],
  ])('of (%s) are encoded as viem encodes them', (text, args) => {
    const abi = parseAbi([`function f(${text})`] as never) as Abi
    const inputs = inputsOf(text)
    const { hex } = encodeArguments(inputs, args, reader)
    const selector = selectorOf(signatureOf('f', inputs))
    expect(`${selector}${hex}`).toBe(encodeFunctionData({ abi, functionName: 'f', args: named(inputs, args) }))
    expect(selector).toBe(toFunctionSelector(Object(abi[0])))
  })

  test('can be digits, and be named', () => {
    const inputs = inputsOf('uint256 amount, (address to, int16 tick) params')
    const { argument } = encodeArguments(inputs, { amount: '12', params: { tick: '-3', to: us.toLowerCase() } }, reader)
    expect(argument).toEqual([12n, [us, -3n]])
  })

  test.each<[string, unknown]>([
    ['uint256 a', [5]],
    ['uint256 a', ['0x05']],
    ['uint256 a', ['1.5']],
    ['uint256 a', [-1n]],
    ['uint256 a', [1n << 256n]],
    ['uint8 a', [256n]],
    ['int8 a', [128n]],
    ['int8 a', [-129n]],
    ['uint256 a', []],
    ['uint256 a', [1n, 2n]],
    ['uint256 a', 'a'],
    ['uint256 a', { b: 1n }],
    ['uint256 a, uint256 b', { a: 1n }],
    ['uint256 a', { a: 1n, b: 1n }],
    ['uint256 a', Object.create({ a: 1n })],
    ['address a', ['0x05']],
    ['address a', [`${us.slice(0, -1)}c`]],
    ['address a', [5n]],
    ['bool a', [1n]],
    ['bytes4 a', ['0x1234567890']],
    ['bytes4 a', ['12345678']],
    ['string a', [5n]],
    ['string a', ['x'.repeat(1025)]],
    ['uint256[] a', [5n]],
    ['uint256[2] a', [[1n]]],
    ['uint256[] a', [Array.from({ length: 257 }, () => 1n)]],
    ['(uint256 a, bool b) p', [[1n]]],
  ])('of (%s) are refused where they are others: case %#', (text, args) => {
    expect(() => encodeArguments(inputsOf(text), args, reader)).toThrow(/Failed to read args/)
  })

  test.each([
    'bytes',
    'bytes[]',
    'function',
    'fixed128x18',
    'uint',
    'uint7',
    'uint264',
    'bytes33',
    'tuple',
    'uint256[0]',
    '',
  ])('of the type %s are refused as soon as an ABI has them', (type) => {
    expect(() => readParameters([{ type, name: 'a', ...(type === 'tuple' && { components: [] }) }])).toThrow(
      /Failed to read an ABI/,
    )
    expect(() => readParameters([{ type: 'tuple', name: 'p', components: [{ type, name: 'a' }] }])).toThrow(/an ABI/)
  })
})

/** viem takes structs by the names of their fields. */
function named(inputs: ReturnType<typeof inputsOf>, args: readonly unknown[]): readonly unknown[] {
  return args.map((one, index) => nameOne(inputs[index] as ReturnType<typeof inputsOf>[number], one))
}

function nameOne(input: ReturnType<typeof inputsOf>[number], value: unknown): unknown {
  const item = /^(tuple.*)\[\d*\]$/.exec(input.type)?.[1]
  if (item !== undefined) return (value as unknown[]).map((one) => nameOne({ ...input, type: item }, one))
  if (input.type !== 'tuple') return value
  const fields = input.components.map((field, index) => [field.name, nameOne(field, (value as unknown[])[index])])
  return Object.fromEntries(fields)
}

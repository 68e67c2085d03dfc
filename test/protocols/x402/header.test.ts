import { expect, test } from 'vitest'
import { jsonOf } from '../../../src/protocols/x402/header.js'

test('what is echoed is written as it is, frozen or not, as often as it is', () => {
  const frozen = Object.freeze({ url: 'https://api.example.com/' })
  expect([jsonOf(frozen), jsonOf(frozen)]).toEqual(
    Array.from({ length: 2 }, () => '{"url":"https://api.example.com/"}'),
  )
  const growing = { count: 1 }
  expect(jsonOf(growing)).toBe('{"count":1}')
  growing.count = 2
  expect(jsonOf(growing)).toBe('{"count":2}')
})

test.each([
  ['nothing', null, 'null'],
  ['a word', 'exact', '"exact"'],
  ['a number', 5, '5'],
  ['what is not there', undefined, undefined],
])('%s is written as JSON', (_what, value, json) => {
  expect(jsonOf(value)).toBe(json)
})

import { describe, expect, test } from 'vitest'
import { isPublicHost, isWithin } from '../../src/hosts/match.js'
import { parseAllowedHost } from '../../src/hosts/pattern.js'

describe('a pattern within another', () => {
  test.each([
    ['api.example.com', 'api.example.com', true],
    ['api.example.com', 'other.example.com', false],
    ['api.example.com', '*.example.com', true],
    ['example.com', '*.example.com', false],
    ['*.example.com', '*.example.com', true],
    ['*.api.example.com', '*.example.com', true],
    ['*.example.com', '*.api.example.com', false],
    ['*.other.com', '*.example.com', false],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'api.example.com', false],
    ['api.example.com:443', 'api.example.com', true],
    ['api.example.com:8443', 'api.example.com', false],
    ['api.example.com', 'api.example.com:8443', false],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:*', true],
    ['http://127.0.0.1:*', 'http://127.0.0.1:3000', false],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3001', false],
    ['https://127.0.0.1:3000', 'http://127.0.0.1:*', false],
    ['http://localhost:3000', 'http://127.0.0.1:*', false],
  ])('%s in %s: %s', (inner, outer, is) => {
    expect(isWithin(parseAllowedHost(inner), parseAllowedHost(outer))).toBe(is)
  })
})

describe('a public host', () => {
  test.each([
    ['https://api.example.com/', true],
    ['https://api.example.com./', true],
    ['http://api.example.com/', false],
    ['https://api..example.com/', false],
    ['https://.example.com/', false],
    ['https://printer/', false],
    ['https://printer.local/', false],
    ['https://10.0.0.1/', false],
    ['https://[::1]/', false],
  ])('%s: %s', (url, is) => {
    expect(isPublicHost(new URL(url))).toBe(is)
  })
})

test('a host name has 253 characters at most', () => {
  const long = `${`${'a'.repeat(49)}.`.repeat(5)}com`
  expect(long).toHaveLength(253)
  expect(parseAllowedHost(long).hostname).toBe(long)
  expect(() => parseAllowedHost(`b${long}`)).toThrow('not a host name')
})

test('a port is a number up to 65535', () => {
  expect(parseAllowedHost('api.example.com:65535').port).toBe('65535')
  for (const port of ['0', '65536', '99999', '08443', '1e3'])
    expect(() => parseAllowedHost(`api.example.com:${port}`)).toThrow(/port|host name/)
})

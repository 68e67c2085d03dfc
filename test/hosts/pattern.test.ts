import { describe, expect, test } from 'vitest'
import { allowHosts, ConfigurationError, denyHosts } from '../../src/index.js'
import { createRequest, outcome } from '../support/offers.ts'

/** What is no host pattern at all, each with the words that say why. */
const refused: readonly (readonly [string, RegExp])[] = [
  ['', /it is empty/],
  [' ', /not a host name/],
  ['*', /allowAnyHost/],
  ['*.', /empty label/],
  ['*..com', /empty label/],
  ['a.*.com', /can only stand first/],
  ['*example.com', /whole labels/],
  ['**.example.com', /whole labels/],
  ['*.*.example.com', /can only stand first/],
  ['.example.com', /empty label/],
  ['example.com.', /empty label/],
  ['example.com.:443', /empty label/],
  ['a..example.com', /empty label/],
  ['-a.example.com', /not a host name/],
  ['a-.example.com', /not a host name/],
  ['api.example.com/', /has a path/],
  ['api.example.com/path', /has a path/],
  ['api.example.com?', /has a path/],
  ['api.example.com#', /has a path/],
  ['api\\.example.com', /has a path/],
  ['u@api.example.com', /user name/],
  [' api.example.com', /not a host name/],
  ['api.example.com ', /not a host name/],
  ['api.example.com\n', /not a host name|not ASCII/],
  ['api.example.com\t', /not a host name|not ASCII/],
  ['api.example.com,b.example.com', /not a host name/],
  ['(a|b).example.com', /not a host name/],
  ['a+.example.com', /not a host name/],
  ['[a-z].example.com', /not a host name|address/],
  ['^api.example.com$', /not a host name/],
  ['api%2eexample.com', /not a host name/],
  ['api.example.com:', /port is not one/],
  ['api.example.com:0', /port is not one/],
  ['api.example.com:0443', /port is not one/],
  ['api.example.com:65536', /port is not one/],
  ['api.example.com:*', /any port/],
  ['api.example.com:8x', /port is not one/],
  ['api.example.com:-1', /port is not one/],
  ['api.example.com:443:443', /port is not one/],
  [':443', /it is empty/],
  ['https://api.example.com', /only a loopback origin/],
  ['http://api.example.com', /only a loopback origin/],
  ['http://10.0.0.1', /only a loopback origin/],
  ['http://localhost.evil.test', /only a loopback origin/],
  ['http://localhost/', /only a loopback origin/],
  ['ftp://localhost', /only a loopback origin/],
  ['http://u@localhost', /only a loopback origin/],
  ['http://*.localhost', /only a loopback origin/],
  ['http://localhost:0', /port is not one/],
  ['http://localhost:65536', /port is not one/],
  ['http://localhost:', /port is not one/],
  [`${'a'.repeat(64)}.example.com`, /not a host name/],
  [`${'a.'.repeat(130)}com`, /not a host name/],
]

/** What would give leave to pay strangers, or whoever a local network has under that name. */
const risky: readonly (readonly [string, RegExp])[] = [
  ['com', /no dot/],
  ['localhost', /this machine/],
  ['foo.localhost', /this machine/],
  ['*.com', /too much/],
  ['*.co.uk', /strangers/],
  ['*.CO.UK', /strangers/],
  ['*.github.io', /strangers/],
  ['*.vercel.app', /strangers/],
  ['*.nip.io', /strangers/],
  ['*.10.0.0.1.nip.io', /strangers/],
  ['*.com.is', /strangers/],
  ['*.gouv.ci', /strangers/],
  ['*.execute-api.eu-west-1.amazonaws.com', /strangers/],
  ['*.westeurope.cloudapp.azure.com', /strangers/],
  ['10.0.0.1', /address/],
  ['127.0.0.1', /address/],
  ['127.1', /address/],
  ['0x7f.1', /address/],
  ['1.0x1', /address/],
  ['*.0.0.1', /address/],
  ['[::1]', /address/],
]

describe('allowHosts', () => {
  test.each(risky)('refuses the pattern %j when it is loaded', (pattern, problem) => {
    expect(() => allowHosts(['api.example.com', pattern])).toThrow(problem)
  })

  test('refuses an empty list, which would look like a policy', () => {
    expect(() => allowHosts([])).toThrow(ConfigurationError)
  })
})

describe('denyHosts', () => {
  test('may be as wide as it likes', () => {
    const rule = denyHosts(['localhost', '*.com', '*.co.uk', '*.nip.io', '10.0.0.1', '0x7f.1', '[0:0::1]'])
    const urls = [
      'https://a.com/',
      'https://a.b.co.uk/',
      'https://10.0.0.1.nip.io/',
      'http://10.0.0.1/',
      'https://127.0.0.1/',
    ]
    for (const url of [...urls, 'http://localhost:3000/', 'http://[::1]/', 'http://2130706433/']) {
      expect(rule.judge(createRequest(url)).type).toBe('deny')
    }
    expect(rule.judge(createRequest('https://a.org/')).type).toBe('allow')
  })
})

describe.each([
  ['allowHosts', allowHosts],
  ['denyHosts', denyHosts],
])('%s', (name, createRule) => {
  test.each(refused)('refuses the pattern %j when it is loaded', (pattern, problem) => {
    const error = outcome(() => createRule(['api.example.com', pattern]))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(String(error)).toMatch(problem)
    expect(String(error)).toContain(JSON.stringify(pattern))
  })

  test('refuses a name in another script, and says how to write it', () => {
    expect(() => createRule(['b\u00fccher.example'])).toThrow('write xn--bcher-kva.example')
    expect(() => createRule(['\u0430pi.example.com'])).toThrow(/write xn--/)
  })

  test('refuses what is no list of strings', () => {
    for (const patterns of [
      'api.example.com',
      undefined,
      null,
      { 0: 'api.example.com', length: 1 },
      [1],
      [null],
      [['api.example.com']],
    ]) {
      expect(() => createRule(patterns as unknown as readonly string[])).toThrow(ConfigurationError)
    }
  })

  test('takes every way to write a host', () => {
    const patterns = [
      'a.co',
      'API.example.com',
      'a-b.example.com:8443',
      '*.example.com',
      '*.a.example.com:1',
      'xn--bcher-kva.example',
    ]
    const loopback = ['http://localhost', 'http://127.0.0.1:*', 'https://[::1]:8443', 'HTTP://LOCALHOST:3000']
    expect(createRule([...patterns, ...loopback]).name).toBe(name)
  })
})

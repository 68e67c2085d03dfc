import { describe, expect, test } from 'vitest'
import { allowAnyHost, allowHosts, denyHosts, type Rule } from '../../../src/index.js'
import { guardPolicy } from '../../../src/policy/engine.js'
import { createRequest } from '../../support/offers.ts'

const judge = (rule: Rule, url: string): string => `${url} ${rule.judge(createRequest(url)).type}`

function expectAll(rule: Rule, type: 'allow' | 'deny', urls: readonly string[]): void {
  for (const url of urls) expect(judge(rule, url)).toBe(`${url} ${type}`)
}

describe('denyHosts', () => {
  test('denies its host on every scheme and port, however the URL is spelt', () => {
    const urls = [
      'https://evil.test/',
      'http://evil.test/',
      'https://evil.test:8443/',
      'https://EVIL.test/',
      'https://u:p@evil.test/',
    ]
    expectAll(denyHosts(['evil.test']), 'deny', [
      ...urls,
      'https:evil.test',
      'https://\uff45vil.test/',
      'wss://evil.test/',
    ])
  })

  test('denies its host with a trailing dot, which is the same host', () => {
    expectAll(denyHosts(['evil.test', '*.bad.test', 'port.test:8443']), 'deny', [
      'https://evil.test./',
      'https://a.bad.test./',
      'https://port.test.:8443/',
    ])
  })

  test('denies only the port that it names', () => {
    expectAll(denyHosts(['evil.test:8443']), 'deny', ['https://evil.test:8443/', 'http://evil.test:8443/'])
    expectAll(denyHosts(['evil.test:8443']), 'allow', ['https://evil.test/'])
    expectAll(denyHosts(['evil.test:443']), 'deny', ['https://evil.test/'])
  })

  test('denies what is below a wildcard, and not the name itself', () => {
    expectAll(denyHosts(['*.evil.test']), 'deny', ['https://a.evil.test/', 'https://a.b.evil.test:1/'])
    expectAll(denyHosts(['*.evil.test']), 'allow', ['https://evil.test/', 'https://notevil.test/'])
  })

  test('denies loopback origins, on every port unless one is named', () => {
    expectAll(denyHosts(['http://127.0.0.1:*']), 'deny', [
      'http://127.0.0.1/',
      'http://127.0.0.1:3000/',
      'https://127.0.0.1/',
    ])
    expectAll(denyHosts(['http://localhost:3000']), 'deny', ['http://localhost:3000/'])
    expectAll(denyHosts(['http://localhost:3000']), 'allow', ['http://localhost:3001/'])
  })

  test('wins over every rule that allows, whatever their order', async () => {
    const rules = [allowAnyHost(), allowHosts(['*.example.com']), denyHosts(['api.example.com'])]
    for (const policy of [rules, rules.toReversed()]) {
      for (const url of ['https://api.example.com/', 'https://api.example.com./']) {
        expect((await guardPolicy(policy).evaluate(createRequest(url))).type).toBe('deny')
      }
      expect((await guardPolicy(policy).evaluate(createRequest('https://b.example.com/'))).type).toBe('allow')
    }
  })

  test('gives no leave to pay what it does not deny', async () => {
    expect((await guardPolicy([denyHosts(['evil.test'])]).evaluate(createRequest())).type).toBe('deny')
  })
})

describe('allowAnyHost', () => {
  test('allows public names over https, on any port', () => {
    const urls = [
      'https://api.example.com/',
      'https://api.example.com:8443/',
      'https://b\u00fccher.example/',
      'https://127.example.com/',
    ]
    expectAll(allowAnyHost(), 'allow', urls)
  })

  test('denies http, other schemes and a user in the URL', () => {
    const urls = [
      'http://api.example.com/',
      'http://api.example.com:443/',
      'ftp://api.example.com/',
      'wss://api.example.com/',
    ]
    const others = [
      'data:,x',
      'file:///etc/passwd',
      'blob:https://api.example.com/1',
      'javascript:1',
      'https://u@api.example.com/',
    ]
    expectAll(allowAnyHost(), 'deny', [...urls, ...others])
  })

  test('denies addresses, in each of the spellings that a URL parser folds', () => {
    const loopback = [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '0',
      '0x7f000001',
      '\u2460\u2461\u2466.\u24ea.\u24ea.\u2460',
    ]
    const reserved = [
      '10.0.0.1',
      '172.16.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '169.254.169.254',
      '198.18.0.1',
      '224.0.0.1',
      '240.0.0.1',
      '8.8.8.8',
    ]
    const six = [
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
      '[fe80::1]',
      '[fe90::1]',
      '[fd00::1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
      '[2606:4700::1]',
    ]
    expectAll(
      allowAnyHost(),
      'deny',
      [...loopback, ...reserved, ...six].map((host) => `https://${host}/`),
    )
  })

  test('denies names of this machine and of local networks', () => {
    const hosts = [
      'localhost',
      'localhost.',
      'foo.localhost',
      'foo.localhost.',
      'printer.local',
      'db.internal',
      'metadata.google.internal',
    ]
    const others = [
      'router.lan',
      'nas.home',
      'nas.home.arpa',
      'intranet',
      'api.example.com.',
      'x.onion',
      'a.test',
      'a.invalid',
      'metadata',
    ]
    expectAll(
      allowAnyHost(),
      'deny',
      [...hosts, ...others].map((host) => `https://${host}/`),
    )
  })

  test('denies names that stand for whatever address they contain', () => {
    const hosts = [
      '127.0.0.1.nip.io',
      '10-0-0-1.nip.io',
      'nip.io',
      'a.127.0.0.1.sslip.io',
      'sslip.io',
      '7f000001.NIP.io',
    ]
    expectAll(
      allowAnyHost(),
      'deny',
      hosts.map((host) => `https://${host}/`),
    )
    expectAll(allowAnyHost(), 'allow', ['https://notnip.io/', 'https://nip.io.example.com/'])
  })
})

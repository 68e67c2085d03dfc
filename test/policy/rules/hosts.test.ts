import { describe, expect, test } from 'vitest'
import { allowHosts, type Rule } from '../../../src/index.js'
import { createRequest } from '../../support/offers.ts'

/** Says what a rule decides of a URL, as the URL parser reads it. */
const judge = (rule: Rule, url: string): string => rule.judge(createRequest(url)).type

function allows(pattern: string, ...urls: readonly string[]): void {
  for (const url of urls) expect(`${url} ${judge(allowHosts([pattern]), url)}`).toBe(`${url} allow`)
}

function denies(pattern: string, ...urls: readonly string[]): void {
  for (const url of urls) expect(`${url} ${judge(allowHosts([pattern]), url)}`).toBe(`${url} deny`)
}

describe('a host pattern', () => {
  const host = 'api.example.com'

  test('allows its host over https, whatever the path, query and fragment', () => {
    allows(
      host,
      'https://api.example.com',
      'https://api.example.com/a?b=c#d',
      'https://api.example.com/%2e%2e/@evil.test',
    )
  })

  test('denies plain http, and every other scheme', () => {
    denies(
      host,
      'http://api.example.com/',
      'http://api.example.com:443/',
      'ws://api.example.com/',
      'ftp://api.example.com/',
    )
    denies(host, 'data:text/plain,api.example.com', 'blob:https://api.example.com/1', 'file:///api.example.com')
    denies(
      host,
      'javascript:fetch("https://api.example.com")',
      'file://api.example.com/etc',
      'custom://api.example.com/',
    )
  })

  test('denies a user or a password in the URL, on whichever host', () => {
    denies(host, 'https://api.example.com@evil.test/', 'https://u:p@api.example.com/', 'https://u@api.example.com/')
    denies(
      host,
      'https://:p@api.example.com/',
      'https://api.example.com:443@evil.test/',
      'https://evil.test@api.example.com/',
    )
  })

  test('denies hosts that only begin, end or look like it', () => {
    denies(host, 'https://api.example.com.evil.test/', 'https://evil-api.example.com/', 'https://example.com/')
    denies(
      host,
      'https://xapi.example.com/',
      'https://api.example.comx/',
      'https://api-example.com/',
      'https://a.api.example.com/',
    )
    denies(
      host,
      'https://evil.test/api.example.com',
      'https://evil.test/?api.example.com',
      'https://evil.test/#@api.example.com',
    )
    denies(
      host,
      'https://evil.test\\@api.example.com/',
      'https://evil.test#@api.example.com/',
      'https://evil.test?@api.example.com/',
    )
  })

  test('denies its own name with a trailing dot, which would count in a budget of its own', () => {
    denies(host, 'https://api.example.com./', 'https://api.example.com.:443/')
    denies('*.example.com', 'https://api.example.com./')
  })

  test('allows only its port, of which 443 is the default', () => {
    allows(host, 'https://api.example.com:443/')
    denies(host, 'https://api.example.com:8443/', 'https://api.example.com:0/', 'https://api.example.com:80/')
    allows('api.example.com:443', 'https://api.example.com/')
    allows('api.example.com:8443', 'https://api.example.com:8443/')
    denies(
      'api.example.com:8443',
      'https://api.example.com/',
      'https://api.example.com:84/',
      'https://api.example.com:443/',
    )
    denies('*.example.com:8443', 'https://api.example.com/')
  })

  test('is the same in either case', () => {
    allows(host, 'https://API.Example.COM/', 'HTTPS://api.example.com/')
    allows('API.Example.Com', 'https://api.example.com/')
  })

  test('is not fooled by letters of other scripts, and allows an international name by its ASCII form', () => {
    denies(host, 'https://\u0430pi.example.com/', 'https://api.ex\u0430mple.com/', 'https://api.example.c\u043em/')
    allows('xn--bcher-kva.example', 'https://b\u00fccher.example/', 'https://B\u00dcCHER.example/')
    denies('bucher.example', 'https://b\u00fccher.example/')
  })

  test('judges the host that the URL parser folds to, and only that', () => {
    allows(
      host,
      'https://\uff41\uff50\uff49.example.com/',
      'https://api\u3002example\u3002com/',
      'https://a\u00adpi.example.com/',
    )
    allows(host, 'https://a\u200bpi.example.com/', 'https://api.exa\tmple.com/', 'https://api%2eexample.com/')
    denies(
      host,
      'https://api.example.com\n.evil.test/',
      'https://api.example.com\r\n.evil.test/',
      'https://api.example.com\u3002evil.test/',
    )
  })

  test('judges odd spellings of a URL by where they lead', () => {
    allows(
      host,
      'https:\\\\api.example.com\\@evil.test',
      'https:/api.example.com/',
      'https:api.example.com/',
      ' https://api.example.com/ ',
    )
    denies(host, 'https:/evil.test/api.example.com', 'https:evil.test', 'https:\\\\evil.test\\@api.example.com')
  })

  test('denies what no URL parser reads', () => {
    const rule = allowHosts([host])
    const { offer, labels, now, resource } = createRequest()
    for (const url of [
      'https://api.example.com%2f@x y/',
      'https://api%00.example.com/',
      '//api.example.com/',
      '',
      `https://${'a'.repeat(300)}`,
    ]) {
      const decide = () => rule.judge({ offer, labels, now, resource: { ...resource, url } }).type
      let decision: string
      try {
        decision = decide()
      } catch {
        decision = 'throws'
      }
      expect(['deny', 'throws']).toContain(decision)
    }
  })

  test('looks at the URL that answered, and at no claim beside it', () => {
    const { resource, ...request } = createRequest('https://evil.test/')
    const lying = { ...resource, host: 'api.example.com', origin: 'https://api.example.com' }
    expect(allowHosts([host]).judge({ ...request, resource: lying }).type).toBe('deny')
  })

  test('denies a resource whose host or origin is not that of its URL, which would count in the budget of another', () => {
    const { resource, ...request } = createRequest('https://api.example.com/')
    for (const lie of [{ host: 'api.example.com:1' }, { host: 'other.test' }, { origin: 'https://other.test' }]) {
      const decision = allowHosts([host]).judge({ ...request, resource: { ...resource, ...lie } })
      expect(decision).toEqual({ type: 'deny', reason: 'its URL and its host are not the same' })
    }
  })

  test('says why a URL is never paid', () => {
    const reasonOf = (url: string) => ({ reason: '', ...allowHosts([host]).judge(createRequest(url)) }).reason
    expect(reasonOf('http://api.example.com/')).toBe('api.example.com is asked over plain http; only https is paid')
    expect(reasonOf('ftp://api.example.com/')).toBe('ftp: is not paid; only https is')
    expect(reasonOf('https://u:p@api.example.com/')).toBe('a URL with a user name or a password is not paid')
    expect(reasonOf('https://api.example.com./')).toBe('api.example.com. is not a whole host name')
  })

  test('says which host it denies', () => {
    const reason = 'evil.test:8443 is not an allowed host'
    expect(allowHosts([host]).judge(createRequest('https://evil.test:8443/'))).toEqual({ type: 'deny', reason })
  })
})

describe('a wildcard pattern', () => {
  test('allows any depth below its name', () => {
    allows('*.example.com', 'https://a.example.com/', 'https://a.b.example.com/', 'https://A.B.C.example.com/')
  })

  test('denies the name itself, what only ends like it, and empty labels', () => {
    denies('*.example.com', 'https://example.com/', 'https://evilexample.com/', 'https://evil-example.com/')
    denies('*.example.com', 'https://.example.com/', 'https://a..example.com/', 'https://a.example.com.evil.test/')
    denies('*.example.com', 'https://example.com.evil/', 'https://u@a.example.com/', 'http://a.example.com/')
  })
})

describe('a loopback pattern', () => {
  test('allows that origin only, over http too', () => {
    allows('http://127.0.0.1:8080', 'http://127.0.0.1:8080/', 'http://127.1:8080/', 'http://2130706433:8080/')
    denies(
      'http://127.0.0.1:8080',
      'http://127.0.0.1:8081/',
      'https://127.0.0.1:8080/',
      'http://localhost:8080/',
      'http://127.0.0.2:8080/',
    )
    allows('http://localhost', 'http://localhost/', 'http://localhost:80/')
    denies(
      'http://localhost',
      'http://localhost:3000/',
      'http://foo.localhost/',
      'http://localhost./',
      'http://localhost.evil.test/',
    )
    allows('https://localhost', 'https://localhost:443/')
    allows('http://[::1]:3000', 'http://[::1]:3000/', 'http://[0:0:0:0:0:0:0:1]:3000/')
    denies('http://[::1]:3000', 'http://[::2]:3000/', 'http://[::ffff:127.0.0.1]:3000/')
  })

  test('allows every port where it says so', () => {
    allows('http://127.0.0.1:*', 'http://127.0.0.1/', 'http://127.0.0.1:1/', 'http://127.0.0.1:65535/')
    denies('http://127.0.0.1:*', 'http://127.0.0.2/', 'https://127.0.0.1/', 'http://u@127.0.0.1/')
  })
})

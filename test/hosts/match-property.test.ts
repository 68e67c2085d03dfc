import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allowAnyHost, allowHosts, denyHosts } from '../../src/index.js'
import { createRequest, outcome } from '../support/offers.ts'

const listed = ['api.example.com', 'shop.example.org:8443', '*.example.net'] as const
const allowing = allowHosts([...listed])
const denying = denyHosts([...listed])

/** Hosts that are listed, and hosts that nearly are. */
const near = fc.constantFrom(
  ...[
    'api.example.com',
    'shop.example.org',
    'example.net',
    'a.example.net',
    'a.b.example.net',
    'evil.test',
    'localhost',
  ],
  ...[
    '\uff41pi.example.com',
    '\u0430pi.example.com',
    'api\u3002example.com',
    'API.EXAMPLE.COM',
    'api.example.com.',
    'a.example.net.',
  ],
  ...[
    'a..example.net',
    '.example.net',
    'xexample.net',
    '127.1',
    '[::1]',
    'api.example.com.evil.test',
    'api%2eexample.com',
  ],
)
const piece = fc.constantFrom(
  '',
  '@',
  ':',
  '/',
  '\\',
  '.',
  '#',
  '?',
  '%00',
  '%2f',
  '\t',
  '\n',
  '\u200b',
  ':443',
  ':8443',
  ':0',
  'u:p@',
  'evil.test',
)
const scheme = fc.constantFrom(
  'https://',
  'http://',
  'https:',
  'https:/',
  'https:\\\\',
  'HTTPS://',
  'ftp://',
  'file://',
  'blob:https://',
  'data:',
  '',
)
const tricky = fc.tuple(scheme, piece, near, piece, near, piece).map((parts) => parts.join(''))
const plain = fc.tuple(scheme, near, piece).map((parts) => parts.join(''))
const url = fc.oneof(plain, tricky, fc.webUrl({ withQueryParameters: true, withFragments: true }))

/** What a TCP connection and its TLS would be made to, worked out apart from the rules. */
function isListed({ protocol, hostname, port, username, password }: URL): boolean {
  if (protocol !== 'https:' || username !== '' || password !== '') return false
  if (hostname === 'api.example.com') return port === ''
  if (hostname === 'shop.example.org') return port === '8443'
  const [last, second, third, ...more] = hostname.split('.').toReversed()
  return (
    last === 'net' &&
    second === 'example' &&
    port === '' &&
    [third, ...more].every((one) => one !== undefined && one !== '')
  )
}

describe('for any URL at all', () => {
  test('what is allowed is connected to a listed host, and every listed host is allowed', () => {
    fc.assert(
      fc.property(url, (text) => {
        const parsed = outcome(() => new URL(text))
        if (parsed instanceof Error) return
        const decision = outcome(() => allowing.judge(createRequest(text)))
        const isAllowed = !(decision instanceof Error) && decision.type === 'allow'
        expect(`${text} ${isAllowed}`).toBe(`${text} ${isListed(parsed)}`)
      }),
      { numRuns: 10_000 },
    )
  })

  test('what is denied by a list is never allowed by the same list', () => {
    fc.assert(
      fc.property(url, (text) => {
        if (outcome(() => new URL(text)) instanceof Error) return
        const isDenied = denying.judge(createRequest(text)).type === 'deny'
        const isAllowed = allowing.judge(createRequest(text)).type === 'allow'
        expect(isAllowed && !isDenied).toBe(false)
      }),
      { numRuns: 5000 },
    )
  })

  test('what any-host allows is a name with a dot, over https, of no user', () => {
    const rule = allowAnyHost()
    fc.assert(
      fc.property(
        fc.oneof(
          url,
          fc.tuple(scheme, fc.ipV4Extended()).map((parts) => parts.join('')),
          fc.ipV6().map((ip) => `https://[${ip}]/`),
        ),
        (text) => {
          const parsed = outcome(() => new URL(text))
          if (parsed instanceof Error || rule.judge(createRequest(text)).type === 'deny') return
          expect(parsed.protocol).toBe('https:')
          expect(parsed.username + parsed.password).toBe('')
          expect(parsed.hostname).toMatch(/^[a-z0-9_.~!$&'()*+,;=-]+\.[a-z0-9-]*[a-z-][a-z0-9-]*$/)
        },
      ),
      { numRuns: 5000 },
    )
  })
})

import { expect, test } from 'vitest'
import { domainOf } from '../../src/hosts/registered-domain.js'

test.each([
  ['example.com', 'example.com'],
  ['a.b.example.com:8443', 'example.com'],
  ['shop.example.co.uk', 'example.co.uk'],
  ['127.0.0.1:3000', '127.0.0.1'],
  ['10.20.30.40', '10.20.30.40'],
  ['[::1]:3000', '[::1]'],
  ['[2001:db8::1]', '[2001:db8::1]'],
  ['localhost', 'localhost'],
])('the domain of %s is %s', (host, domain) => {
  expect(domainOf(host)).toBe(domain)
})

import { allowHosts, ConfigurationError, policyFromJSON } from 'stipend'
import { isPublicSuffix } from 'stipend/public-suffixes'
import { describe, expect, test } from 'vitest'

/** Names of strangers that no short list has. */
const shared = ['*.kobe.jp', '*.notion.site', '*.mm', '*.webflow.io', '*.k12.ca.us']

describe('the whole Public Suffix List', () => {
  test.each(shared)('refuses the pattern %j, which reaches names of strangers', (pattern) => {
    expect(() => allowHosts([pattern], { isPublicSuffix })).toThrow(ConfigurationError)
    expect(() => policyFromJSON([{ type: 'allowHosts', hosts: [pattern] }], { isPublicSuffix })).toThrow('policy[0]')
    const document = { type: 'X402_ALLOWED_DOMAINS', rules: { domains: [pattern] } }
    expect(() => policyFromJSON([document], { isPublicSuffix })).toThrow('policy[0]')
  })

  test('takes what belongs to one owner, and each name of a stranger by itself', () => {
    const hosts = [
      '*.example.com',
      '*.shop.example.co.uk',
      'agent.notion.site',
      '*.agent.notion.site',
      'http://localhost:*',
    ]
    expect(policyFromJSON([{ type: 'allowHosts', hosts }], { isPublicSuffix }).toJSON()).toEqual([
      { type: 'allowHosts', hosts },
    ])
  })
})

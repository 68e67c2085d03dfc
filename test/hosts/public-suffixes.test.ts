import { allowHosts, ConfigurationError, policyFromJSON } from 'stipend'
import { isPublicSuffix } from 'stipend/public-suffixes'
import { describe, expect, test } from 'vitest'
import { createRequest } from '../support/offers.ts'

/** Names of strangers that no short list has. */
const shared = ['*.kobe.jp', '*.notion.site', '*.mm', '*.webflow.io', '*.k12.ca.us']

describe('the whole Public Suffix List', () => {
  test.each(shared)('refuses the pattern %j, which reaches names of strangers', (pattern) => {
    expect(() => allowHosts([pattern], { isPublicSuffix })).toThrow(ConfigurationError)
    expect(() => policyFromJSON([{ type: 'allowHosts', hosts: [pattern] }], { isPublicSuffix })).toThrow('policy[0]')
    const document = { type: 'X402_ALLOWED_DOMAINS', rules: { domains: [pattern] } }
    expect(() => policyFromJSON([document], { isPublicSuffix })).toThrow('policy[0]')
  })

  test.each([
    ['*.scw.cloud', 'https://console.scw.cloud/', 'https://stranger.s3.fr-par.scw.cloud/'],
    ['*.amazonaws.com.cn', 'https://sts.amazonaws.com.cn/', 'https://stranger.s3.cn-north-1.amazonaws.com.cn/'],
    ['*.linode.com:8443', 'https://api.linode.com:8443/', 'https://stranger.nodebalancer.linode.com:8443/'],
  ])('lets %j pay no name of a stranger that lies deep below it', async (pattern, own, strangers) => {
    const rule = allowHosts([pattern], { isPublicSuffix })
    const read = policyFromJSON([{ type: 'allowHosts', hosts: [pattern] }], { isPublicSuffix })
    expect([own, strangers].map((url) => rule.judge(createRequest(url)).type)).toEqual(['allow', 'deny'])
    expect((await read.evaluate(createRequest(strangers))).type).toBe('deny')
    const named = allowHosts([pattern, strangers.slice('https://'.length, -1)], { isPublicSuffix })
    expect(named.judge(createRequest(strangers)).type).toBe('allow')
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

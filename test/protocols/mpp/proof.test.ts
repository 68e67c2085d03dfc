import { describe, expect, test } from 'vitest'
import { readProofChallenge } from '../../../src/protocols/mpp/proof.js'
import { encodeUrl } from '../../support/mpp-server.ts'

const now = Date.UTC(2030, 0, 15, 12)
const currency = '0x20c0000000000000000000000000000000000000'
const request = { amount: '0', currency, methodDetails: { chainId: 42431 } }
const challenge = {
  ...{ id: 'one', realm: 'api.example.com', method: 'tempo', intent: 'charge' },
  request: encodeUrl(request),
  expires: '2030-01-15T12:05:00Z',
}
const asking = (different: object) => ({ request: encodeUrl({ ...request, ...different }) })

describe('a challenge that asks for no money', () => {
  test('is read with all that is repeated', () => {
    expect(readProofChallenge(challenge, now)).toMatchObject({
      ...{ network: 'eip155:42431', currency, id: 'one', realm: 'api.example.com', header: 'Authorization' },
      recipient: `0x${'0'.repeat(40)}`,
      echo: JSON.stringify(challenge),
    })
    const own = { ...challenge, header: 'Payment-Authorization', ...asking({ recipient: currency }) }
    expect(readProofChallenge(own, now)).toMatchObject({ header: 'Payment-Authorization', recipient: currency })
  })

  test.each<[string, Readonly<Record<string, string>>]>([
    ['by another method', { method: 'evm' }],
    ['for another intent', { intent: 'session' }],
    ['without an id', { id: '' }],
    ['without a realm', { realm: '' }],
    ['for money', asking({ amount: '1' })],
    ['of something unreadable', { request: 'e' }],
    ['for somebody else as well', asking({ methodDetails: { chainId: 42431, splits: [{}] } })],
    ['on a chain without a number', asking({ methodDetails: {} })],
    ['in a header that is not known', { header: 'Cookie' }],
    ['that is longer than is kept', { opaque: 'x'.repeat(4096) }],
    ['that ends now', { expires: '2030-01-15T12:00:00Z' }],
    ['that has ended', { expires: '2030-01-15T11:59:00Z' }],
    ['whose end cannot be read', { expires: 'soon' }],
  ])('%s is none', (_what, different) => {
    expect(readProofChallenge({ ...challenge, ...different }, now)).toBeUndefined()
  })
})

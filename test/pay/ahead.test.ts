import { describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet, exactEvm, type Scheme } from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'

describe('what is signed before a server has asked', () => {
  test('is nothing by a scheme of which two signatures could be executed', async () => {
    const trips: boolean[] = []
    const shop = paidResource()
    // A token that takes each nonce as often as it is signed.
    const scheme = { ...exactEvm(), atMostOnce: false } as Scheme
    const wallet = createAgentWallet({
      keyStore: testKeyStore(),
      policy: [allowHosts(['shop.example.com'])],
      schemes: [scheme],
      payAhead: true,
      fetch: (input, init) => {
        const request = new Request(input, init)
        trips.push(request.headers.has('payment-signature'))
        return shop(request)
      },
    })
    for (let count = 0; count < 2; count += 1) {
      expect((await wallet.fetch('https://shop.example.com/')).status).toBe(200)
    }
    expect(trips).toEqual([false, true, false, true])
  })
})

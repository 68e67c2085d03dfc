import { describe, expect, test } from 'vitest'
import { allowHosts, type Ledger, memoryLedger, spendingLimit } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'

describe('an identical request whose payment ends while the ledger is asked', () => {
  test('is not paid anew under another nonce, nor past the person who has to be asked', async () => {
    const inner = memoryLedger()
    let latencyMs = 0
    const ledger: Ledger = {
      ...inner,
      reserve: async (...given) => {
        const answer = await inner.reserve(...given)
        scene.now += latencyMs
        return answer
      },
    }
    const { open, scene, keyStore, fetch } = openShop({ ledger })
    const lossy: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (response.status !== 402) throw new TypeError('connection lost')
      return response
    }
    const policy = [
      allowHosts(['shop.example.com']),
      spendingLimit({ perPaymentUsd: 1, dailyLimitUsd: '0.01', onExceed: 'approve' }),
    ]
    const wallet = open({ fetch: lossy, policy })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_outcome_unknown' })
    // The shop lets an authorization live for a minute; ten seconds before its end it is not sent any more.
    scene.now += 50_000 - 1
    latencyMs = 2
    expect(await rejection(wallet.fetch(url))).toMatchObject({ moved: 'maybe' })
    expect(new Set(keyStore.signed.map(({ message }) => message['nonce'])).size).toBe(1)
    expect(await ledger.list()).toHaveLength(1)
    // Only once it binds no longer is the same request another purchase, which a person has to be asked for.
    scene.now += 3_600_000
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'approval_required' })
  })
})

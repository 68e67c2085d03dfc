import { describe, expect, test } from 'vitest'
import type { Chain } from '../../../src/evm/index.js'
import { getPayment, type KeyStore, memoryLedger } from '../../../src/index.js'
import { testKeyStore } from '../../../src/testing/index.js'
import { issueChallenge } from '../../support/mpp-server.ts'
import { openTempoShop as setUp, start, url } from '../../support/tempo-shop.ts'
import { rejection } from '../../support/wallets.ts'

describe('one purchase on Tempo', () => {
  test.each(['endless-402', 'settle-then-402'] as const)(
    'whose payment is answered with another challenge (%s) is signed once',
    async (fault) => {
      const { server, wallet } = setUp({ fault })
      expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_rejected', moved: 'maybe' })
      expect([wallet.signedCharges.length, server.transfers.length]).toEqual([1, 1])
    },
  )

  test('whose answer was lost is the same transfer when it is sent again, with its own challenge', async () => {
    const { server, wallet, time } = setUp({ fault: 'settle-then-break' })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ moved: 'maybe' })
    time.now += 5_000
    expect(getPayment(await wallet.fetch(url))?.status).toBe('claimed')
    expect(server.transfers[1]).toEqual(server.transfers[0])
    expect(server.challenges[1]).toEqual(server.challenges[0])
    expect([server.settled.size, (await wallet.payments.list()).length]).toEqual([1, 1])
  })

  test('whose time is over is not signed with another, also for the same challenge, before a chain shows that it is dead', async () => {
    const fixed: Record<string, string> = { id: String(issueChallenge({})['id']) }
    for (const challenge of [undefined, fixed]) {
      const { server, wallet, time } = setUp({ fault: 'settle-then-break', challenge })
      await rejection(wallet.fetch(url))
      time.now += 60_000
      const error = await rejection(wallet.fetch(url))
      expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
      expect(wallet.signedCharges).toHaveLength(1)
      expect(server.settled.size).toBeLessThan(2)
    }
  })

  test('is signed for the first price only: another that is asked for next is not', async () => {
    let asked = 0
    const amount = (): string => String(10_000 + asked++ * 10_000)
    const { server, wallet } = setUp({ amount, fault: 'endless-402' })
    await rejection(wallet.fetch(url))
    expect(await rejection(wallet.fetch(url))).toMatchObject({ moved: 'maybe' })
    expect(new Set(server.transfers.map((one) => one.amount))).toEqual(new Set([10_000n]))
  })

  test('has a challenge to itself: another that is asked by the same is not signed', async () => {
    const { server, wallet } = setUp({ expires: () => new Date(start + 60_000).toISOString() })
    await wallet.fetch(url)
    const error = await rejection(wallet.fetch(`${url}/other`))
    expect(String(error)).toContain('purchase of the challenge')
    expect([wallet.signedCharges.length, server.settled.size]).toEqual([1, 1])
  })

  test('is signed anew, with a challenge and a time of its own, once a final block shows that the first is dead', async () => {
    const dead = new Set<string>()
    const chain: Chain = {
      network: 'eip155:42431',
      examine: async ({ id }) => (dead.has(id) ? { type: 'expired' } : { type: 'open', reason: 'it is not final' }),
    }
    const { server, wallet, time } = setUp({ fault: 'settle-then-402' }, { chains: [chain], ledger: memoryLedger() })
    await rejection(wallet.fetch(url))
    time.now += 60_000
    for (const { id } of await wallet.payments.list()) dead.add(id)
    await wallet.reconcile()
    await rejection(wallet.fetch(url))
    const [first, second] = server.transfers
    expect([server.transfers.length, second?.memo === first?.memo]).toEqual([2, false])
    expect(second?.validBefore).toBe(start / 1000 + 85)
  })

  test('that its signer signs as another is not sent', async () => {
    const store = testKeyStore()
    const other = testKeyStore({ key: `0x${'6b'.repeat(32)}` })
    const signer = await store.getSigner('eip155:42431')
    const stranger = await other.getSigner('eip155:42431')
    const keyStore: KeyStore = {
      getSigner: async () => ({ ...signer, signCharge: Object(stranger).signCharge }) as never,
    }
    const { server, wallet } = setUp({}, { keyStore })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect(server.transfers).toEqual([])
  })
})

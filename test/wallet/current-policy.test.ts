import { describe, expect, test } from 'vitest'
import { allowHosts, type Ledger, memoryLedger, spendingLimit } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'

describe('a policy that is replaced', () => {
  test('holds from the next judgement on, for sessions and for what waits for approval too', async () => {
    const { open, scene, keyStore, ledger } = openShop({ price: 2_000_000n })
    const tiers = [allowHosts(['shop.example.com']), spendingLimit({ instantMaxUsd: 1, dailyLimitUsd: 10 })]
    const wallet = open({ policy: tiers })
    const session = wallet.session({})
    expect(await rejection(session.fetch(url))).toMatchObject({ code: 'approval_required' })
    const [asked] = await wallet.approvals.list()
    await wallet.approvals.approve(asked?.id ?? 'apr_')
    const told: number[] = []
    wallet.on('policy.changed', ({ at }) => told.push(at))
    await wallet.setPolicy([allowHosts(['other.example.com'])])
    expect(await rejection(session.fetch(url))).toMatchObject({ code: 'payment_denied' })
    expect(told).toEqual([scene.now])
    expect(JSON.parse((await ledger.recall('policy')) ?? '')).toEqual({
      at: scene.now,
      policy: [{ type: 'allowHosts', hosts: ['other.example.com'] }],
    })
    await wallet.setPolicy(tiers)
    expect((await session.fetch(url)).status).toBe(200)
    expect(keyStore.signed).toHaveLength(1)
  })

  test.each([
    ['allows the host no more', [allowHosts(['other.example.com'])], 'payment_denied'],
    ['has less to spend', [allowHosts(['shop.example.com']), spendingLimit({ dailyLimitUsd: 1 })], 'limit_exceeded'],
  ])('holds for a payment that a person is being asked about, when it %s', async (_what, policy, code) => {
    const { open, keyStore } = openShop({ price: 2_000_000n })
    const tiers = [allowHosts(['shop.example.com']), spendingLimit({ instantMaxUsd: 1, dailyLimitUsd: 10 })]
    const replaceFirst = async (): Promise<boolean> => {
      await wallet.setPolicy(policy)
      return true
    }
    const wallet = open({ policy: tiers, onApproval: replaceFirst })
    expect(await rejection(wallet.session({}).fetch(url))).toMatchObject({ code, moved: 'no' })
    expect(keyStore.signed).toHaveLength(0)
  })

  test('stays when the new one is none, or when it cannot be recorded', async () => {
    const inner = memoryLedger()
    const ledger: Ledger = { ...inner, remember: () => Promise.reject(new Error('disk full')) }
    const wallet = openShop({ ledger }).open()
    expect(await rejection(wallet.setPolicy('allow' as never))).toMatchObject({ code: 'configuration_invalid' })
    expect(await rejection(wallet.setPolicy([]))).toMatchObject({ code: 'ledger_unavailable' })
    expect((await wallet.fetch(url)).status).toBe(200)
  })
})

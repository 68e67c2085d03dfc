import { describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet, getPayment, type PayingFetch, spendingLimit } from '../../src/index.js'
import { mock402, type Mock402Fault, testKeyStore } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

const url = 'https://api.example.com/report'
const goesOn = 'The same call made again goes on from it and does not pay twice, unless it is repeatable.'

function open(
  limits: Parameters<typeof spendingLimit>[0] = { dailyLimitUsd: 5 },
  faults: readonly Mock402Fault[] = [],
) {
  const shop = mock402({ price: '$0.02', faults })
  const policy = [allowHosts(['api.example.com']), spendingLimit(limits)]
  return { shop, wallet: createAgentWallet({ keyStore: testKeyStore(), policy, fetch: shop }) }
}

const messageOf = async (fetch: PayingFetch): Promise<string> => ((await rejection(fetch(url))) as Error).message

describe('what is thrown says what to do', () => {
  test('where a person has to say yes', async () => {
    const { wallet } = open({ instantMaxUsd: 0.01 })
    expect(await messageOf(wallet.fetch)).toContain('goes on after wallet.approvals.approve(id)')
  })

  test('where a payment waits for its time', async () => {
    const { wallet } = open({ instantMaxUsd: 0.01, delayMaxUsd: 1, delaySeconds: 300 })
    expect(await messageOf(wallet.fetch)).toMatch(
      /same call goes on from then; wallet\.approvals\.deny\(id\) cancels it/,
    )
  })

  test('where the wallet is frozen', async () => {
    const { wallet } = open()
    await wallet.freeze('too much')
    expect(await messageOf(wallet.fetch)).toContain('wallet.unfreeze()')
  })

  test('where the session is revoked', async () => {
    const { wallet } = open()
    const session = wallet.session({})
    await wallet.revokeSession(session)
    expect(await messageOf(session.fetch)).toContain('The owner can make another.')
  })

  test.each<Mock402Fault>(['settle-then-402', 'settle-then-drop', 'settle-then-redirect'])(
    'where a payment is out, at %s',
    async (fault) => expect(await messageOf(open({ dailyLimitUsd: 5 }, [fault]).wallet.fetch)).toContain(goesOn),
  )

  test('where an answer came that is no good', async () => {
    const { wallet } = open({ dailyLimitUsd: 5 }, ['settle-then-500'])
    expect(getPayment(await wallet.fetch(url))?.next).toContain(goesOn)
  })

  test('and a repeatable call, which the sentence leaves out, pays each time', async () => {
    const { wallet, shop } = open({ dailyLimitUsd: 5 }, ['settle-then-500'])
    for (const _ of [1, 2]) await wallet.fetch(url, { payment: { repeatable: true } })
    expect(shop.settled).toBe(40_000n)
  })
})

describe('whether the same call may succeed later', () => {
  test('is said of a limit over time, and not of one that every such payment is beyond', async () => {
    const overTime = await rejection(open({ dailyLimitUsd: 0.01 }).wallet.fetch(url))
    const perPayment = await rejection(open({ perPaymentUsd: 0.01 }).wallet.fetch(url))
    expect([overTime, perPayment]).toMatchObject([{ retryable: true }, { retryable: false }])
  })
})

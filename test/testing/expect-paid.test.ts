import { describe, expect, test } from 'vitest'
import { allowHosts, type AgentWallet, createAgentWallet } from '../../src/index.js'
import {
  type ExpectedPayments,
  expectNothingPaid,
  expectPaid,
  mock402,
  type PaymentsHolder,
  testClock,
  testKeyStore,
  testRandom,
} from '../../src/testing/index.js'

const url = 'https://shop.example/report'

async function walletThatPaid(times: number): Promise<AgentWallet> {
  const shop = mock402({ price: '$0.02' })
  const wallet = createAgentWallet({ keyStore: testKeyStore(), policy: [allowHosts(['shop.example'])], fetch: shop })
  for (let round = 0; round < times; round += 1) await wallet.fetch(`${url}?round=${round}`)
  return wallet
}

describe('what is expected of a wallet', () => {
  test('holds when it is so', async () => {
    const wallet = await walletThatPaid(2)
    await expectPaid(wallet)
    await expectPaid(wallet, { times: 2, totalUsd: '$0.04', host: 'shop.example', status: 'claimed' })
    expect(await expectNothingPaid(await walletThatPaid(0))).toBeUndefined()
  })

  test.each([
    [{ times: 1 }, /^expected 1 payments, but it has made one of \$0\.02 to shop\.example \(claimed\), one of/],
    [{ totalUsd: 0.02 }, /^expected payments of \$0\.02 in all/],
    [{ host: 'other.example' }, /^expected payments to other\.example only/],
    [{ status: 'unknown' as const }, /^expected payments that are unknown/],
  ])('says what is otherwise: %j', async (expected, message) => {
    await expect(expectPaid(await walletThatPaid(2), expected)).rejects.toThrow(message)
  })

  test('is of all its payments, however many there are', async () => {
    const wallet = await walletThatPaid(101)
    await expect(expectPaid(wallet, { times: 101, totalUsd: '$2.02' })).resolves.toBeUndefined()
  })

  test('is not left unlooked at for a misspelling', async () => {
    const wallet = await walletThatPaid(1)
    await expect(expectPaid(wallet, { time: 2 } as ExpectedPayments)).rejects.toThrow('Did you mean times?')
    await expect(expectPaid(wallet, 2 as ExpectedPayments)).rejects.toThrow(
      'Failed to read expectPaid: expected options',
    )
  })

  test.each([
    ['a fetch', () => undefined],
    ['nothing', undefined],
  ])('is asked of a wallet or a session, not of %s', async (_, holder) => {
    const sentence = 'expected a wallet or a session, whose payments are looked at'
    await expect(expectPaid(holder as unknown as PaymentsHolder)).rejects.toThrow(sentence)
    await expect(expectNothingPaid(holder as unknown as PaymentsHolder)).rejects.toThrow(sentence)
  })

  test('says that nothing was paid, and what was', async () => {
    await expect(expectPaid(await walletThatPaid(0))).rejects.toThrow('expected a payment, but it has made none')
    await expect(expectNothingPaid(await walletThatPaid(1))).rejects.toThrow('expected no payment, but it has made one')
  })
})

describe('a clock for tests', () => {
  test('stands still until it is told to go on', () => {
    const clock = testClock(1000)
    expect([clock(), clock(), clock.monotonic()]).toEqual([1000, 1000, 0])
    clock.advance(1.5)
    expect([clock(), clock.monotonic()]).toEqual([2500, 1500])
  })
})

describe('chance for tests', () => {
  test('is the same for the same seed', () => {
    const [one, same, other] = [testRandom(1), testRandom(1), testRandom(2)]
    expect(one(8)).toEqual(same(8))
    expect(one(8)).not.toEqual(other(8))
    expect(one.below(3)).toBe(same.below(3))
    expect(['a', 'b']).toContain(one.pick(['a', 'b']))
  })
})

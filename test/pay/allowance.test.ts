import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Allowance,
  allowHosts,
  type Approval,
  createAgentWallet,
  type Ledger,
  memoryLedger,
  pinPayee,
  type Rule,
  spendingLimit,
} from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { type LedgerMaker, ledgerMakers } from '../support/ledgers.ts'
import { rejection } from '../support/wallets.ts'

const [first, second] = [`0x${'1'.repeat(40)}`, `0x${'2'.repeat(40)}`] as const
const shop = 'https://shop.example.com/report'
const usd = (amount: number): bigint => BigInt(amount) * 1_000_000n
const hosts = allowHosts(['shop.example.com'])
/** A person is asked over $2, and over $10 an hour. */
const soft = spendingLimit({ instantMaxUsd: 2, hourlyLimitUsd: 10, onExceed: 'approve' })

type Options = {
  readonly rules?: readonly Rule[]
  readonly ledger?: Ledger
  readonly onApproval?: (approval: Approval) => boolean | Promise<boolean>
}

/** Wallets over one ledger, at a shop whose payee, price and clock the test sets. */
function setUp({ rules = [hosts, soft, pinPayee()], ledger = memoryLedger(), onApproval }: Options = {}) {
  const scene = { now: Date.UTC(2026, 0, 1), payTo: first as `0x${string}`, price: usd(1) }
  const clock = (): number => scene.now
  const keyStore = testKeyStore()
  const fetch: typeof globalThis.fetch = (input, init) =>
    paidResource({ amount: scene.price, payTo: scene.payTo, clock })(new Request(input, init))
  const wallet = createAgentWallet({ keyStore, ledger, clock, policy: rules, fetch, onApproval })
  const buy = (key: string, price: bigint, payTo = scene.payTo): Promise<Response> => {
    Object.assign(scene, { price, payTo })
    return wallet.fetch(shop, { payment: { key } })
  }
  const waiting = async (): Promise<Approval> => {
    const [newest] = (await wallet.approvals.list()).filter(({ status }) => status === 'pending')
    if (!newest) throw new Error('nobody is asked for anything')
    return newest
  }
  const approve = async (): Promise<void> => {
    await wallet.approvals.approve((await waiting()).id)
  }
  return { scene, keyStore, wallet, buy, waiting, approve }
}

/** What is let through, by its name. */
const namesOf = (allows: readonly Allowance[] = []): readonly string[] =>
  allows.map((one) => (one.type === 'rule' ? 'rule' : one.name)).toSorted()

describe('a question', () => {
  test('lists all that a yes would let through: limits, what is remembered, and rules', async () => {
    const ask: Rule = {
      name: 'ask',
      judge: () => ({ type: 'allow', hold: { kind: 'approval', reason: 'the owner wants to see it' } }),
    }
    const { buy, keyStore } = setUp({ rules: [hosts, soft, pinPayee()] })
    await buy('one', usd(1))
    expect(keyStore.signed).toHaveLength(1)
    const all = setUp({ rules: [hosts, soft, pinPayee(), ask], onApproval: () => true })
    await all.buy('one', usd(1))
    const seen: Approval[] = []
    all.wallet.on('approval.requested', ({ approval }) => seen.push(approval))
    expect((await all.buy('two', usd(12), second)).status).toBe(200)
    expect(seen).toHaveLength(1)
    expect(seen[0]?.reason.split('; ')).toEqual([
      'the owner wants to see it',
      `payee of https://shop.example.com is now ${second}, and was ${first}`,
      expect.stringContaining('hourly limit of $10.00: $1.00 spent, $12.00 asked'),
      expect.stringContaining('most without approval of $2.00: $12.00 asked'),
    ])
    expect(seen[0]?.allows).toEqual([
      { type: 'rule', reason: 'the owner wants to see it' },
      expect.objectContaining({ type: 'pin', remembered: first, value: second }),
      expect.objectContaining({ type: 'limit', name: 'hourly limit', max: usd(10) }),
      expect.objectContaining({ type: 'limit', name: 'most without approval', max: usd(2) }),
    ])
  })

  test('is not put for what a limit forbids beyond which nobody can be asked', async () => {
    const hard = spendingLimit({ perPaymentUsd: 5, scope: 'host' })
    const { buy, wallet } = setUp({ rules: [hosts, soft, hard, pinPayee()] })
    await buy('one', usd(1))
    expect(await rejection(buy('two', usd(6), second))).toMatchObject({ code: 'limit_exceeded' })
    expect(await wallet.approvals.list()).toEqual([])
  })

  test('is put again where a yes in this process came while something else came in the way, and not for ever', async () => {
    let [asked, bought] = [0, 0]
    const onApproval = async ({ allows }: Approval): Promise<boolean> => {
      asked += 1
      if (!namesOf(allows).includes('hourly limit')) {
        const { price, payTo } = scene
        for (; bought < 9; bought += 1) await buy(`other ${bought}`, usd(1))
        Object.assign(scene, { price, payTo })
      }
      return true
    }
    const { buy, scene, keyStore } = setUp({ onApproval })
    expect((await buy('one', usd(3))).status).toBe(200)
    expect(asked).toBe(2)
    expect(keyStore.signed).toHaveLength(10)
  })
})

describe.each(Object.keys(ledgerMakers))('a yes, in %s', (kind) => {
  let maker: LedgerMaker | undefined
  beforeAll(async () => {
    maker = await ledgerMakers[kind]?.()
  }, 60_000)
  afterAll(() => maker?.stop())
  const setUpHere = (): ReturnType<typeof setUp> => setUp({ ledger: maker?.create() ?? memoryLedger() })

  test('to an amount replaces no payee that has come to be remembered since', async () => {
    const { buy, approve, waiting, keyStore } = setUpHere()
    await rejection(buy('large', usd(3), second))
    expect(namesOf((await waiting()).allows)).toEqual(['most without approval'])
    await approve()
    await buy('small', usd(1), first)
    const error = await rejection(buy('large', usd(3), second))
    expect(error).toMatchObject({ code: 'approval_required' })
    expect(namesOf((await waiting()).allows)).toEqual(['most without approval', 'payee of https://shop.example.com'])
    expect(keyStore.signed).toHaveLength(1)
    expect((await buy('after', usd(1), first)).status).toBe(200)
    await approve()
    expect((await buy('large', usd(3), second)).status).toBe(200)
  })

  test('to another payee opens no limit that was reached since', async () => {
    const { buy, approve, waiting, keyStore } = setUpHere()
    await buy('small', usd(2), first)
    await rejection(buy('other', usd(2), second))
    expect(namesOf((await waiting()).allows)).toEqual(['payee of https://shop.example.com'])
    await approve()
    for (const key of ['a', 'b', 'c', 'd']) await buy(key, usd(2), first)
    expect(await rejection(buy('other', usd(2), second))).toMatchObject({ code: 'approval_required' })
    expect(namesOf((await waiting()).allows)).toEqual(['hourly limit', 'payee of https://shop.example.com'])
    expect(keyStore.signed).toHaveLength(5)
  })

  test('covers less than the person was told of, and is used once', async () => {
    const { buy, approve, scene, keyStore, wallet } = setUpHere()
    await buy('small', usd(2), first)
    for (const key of ['a', 'b', 'c', 'd']) await buy(key, usd(2), first)
    await rejection(buy('large', usd(3), first))
    await approve()
    scene.now += 2 * 3_600_000
    await rejection(buy('large', usd(3), second))
    expect(keyStore.signed).toHaveLength(5)
    expect((await buy('large', usd(3), first)).status).toBe(200)
    expect((await wallet.approvals.list()).map(({ status }) => status).toSorted()).toEqual(['pending', 'used'])
  })
})

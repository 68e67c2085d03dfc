import { describe, expect, test } from 'vitest'
import { memoryLedger } from '../../src/index.js'
import { devnetUsdc, sendPayment } from '../support/solana/index.ts'
import { rejection } from '../support/wallets.ts'
import {
  chain,
  shop,
  parties,
  setUpUnsent,
  misplace,
  createAgent,
  pay,
  finalize,
  passTime,
  day,
  examine,
  outlive,
  expired,
  open,
} from '../support/solana-unsent.ts'

/** Puts the last signed payment into a block. */
const land = (): Promise<string> => sendPayment(chain, shop.transactions.at(-1) ?? '', parties.feePayer)

setUpUnsent()

describe('a payment on Solana that was signed by a node', () => {
  test('that lags a hundred blocks is not released, and not signed anew, while a block can have it', async () => {
    misplace('client', { blocks: -100 })
    const wallet = createAgent()
    await pay(wallet)
    finalize(100)
    passTime(120_000)
    expect(await wallet.reconcile()).toMatchObject({ expired: [], open: [{ status: 'unknown' }] })
    expect(await rejection(wallet.fetch(shop.url, { payment: { key: 'report' } }))).toMatchObject({
      code: 'payment_outcome_unknown',
    })
    expect(wallet.signed).toHaveLength(1)
    finalize(118)
    await land()
    expect(await chain.tokenBalance(parties.payTo, devnetUsdc)).toBe(1000n)
  })

  test('that names a height long ago is not released before its blockhash is final', async () => {
    misplace('client', { blocks: -1_000_000, slots: 0 })
    const payment = await pay()
    passTime(day)
    for (const blocks of [-32, -10, -1, 0, 100, 148]) {
      finalize(blocks)
      expect(await examine(payment), `${blocks} blocks later`).toMatchObject({ type: 'open' })
    }
    outlive()
    expect(await examine(payment)).toEqual(expired)
  })

  test('that names a height long ago is not released because the wall clock was behind, either', async () => {
    misplace('client', { blocks: -1_000_000, slots: 0 })
    passTime(-115_000)
    const payment = await pay()
    expect(await examine(payment)).toEqual(open('signed too short a time ago'))
    outlive()
    expect(await examine(payment)).toEqual(expired)
  })

  test('that names a height and a slot long ago is not released before its blockhash is final, either', async () => {
    chain.tick(300)
    passTime(120_000)
    misplace('client', { blocks: -1_000_000, slots: -300 })
    const payment = await pay()
    expect(await examine(payment)).toEqual(open('signed too short a time ago'))
    outlive()
    expect(await examine(payment)).toEqual(expired)
  })

  test('that names a slot yet to come is not released although it was executed', async () => {
    misplace('client', { slots: 100 })
    const payment = await pay()
    const transaction = await land()
    outlive()
    expect(await examine(payment)).toMatchObject({ type: 'executed', transaction })
  })

  test('that names a slot yet to come is not released by nodes that have forgotten what was before it', async () => {
    misplace('client', { slots: 100 })
    const payment = await pay()
    await land()
    chain.tick(50)
    chain.pruneHistory()
    outlive()
    expect(await examine(payment)).toEqual(open('no longer has all of the history'))
  })

  test('that names a slot of no block is not released', async () => {
    misplace('client', { slots: 1_000_000 })
    const payment = await pay()
    outlive()
    expect(await examine(payment)).toMatchObject({ type: 'open' })
  })
})

describe('a payment on Solana is not released', () => {
  test('by a wall clock that has jumped forward', async () => {
    const payment = await pay()
    finalize(183)
    passTime(365 * day)
    expect(await examine(payment)).toEqual(open('signed too short a time ago'))
  })

  test('by a blockhash alone that is not valid at a final block: that is not yet', async () => {
    const payment = await pay()
    passTime(day)
    chain.lie('getBlockTime', (truth) => Number(truth) + day)
    expect(await examine(payment)).toEqual(open('can still be executed'))
  })

  test('within ninety seconds by the time of final blocks, whatever else nodes say', async () => {
    const payment = await pay()
    outlive()
    const started = Math.ceil(payment.createdAt / 1000)
    const of =
      (seconds: number) =>
      (_truth: unknown, [slot]: readonly unknown[]) =>
        slot === chain.blockAt('finalized').slot ? started + seconds : started
    const end = chain.lie('getBlockTime', of(89))
    expect(await examine(payment)).toEqual(open('signed too short a time ago'))
    end()
    chain.lie('getBlockTime', of(91))
    expect(await examine(payment)).toEqual(expired)
  })

  test('before 182 blocks are final on top of where it was signed, however long they take', async () => {
    const payment = await pay()
    chain.lie('getBlockTime', (truth, [slot]) => Number(truth) + (slot === chain.blockAt('finalized').slot ? 900 : 0))
    finalize(181)
    expect(await examine(payment)).toEqual(open('can still be executed'))
    finalize(183)
    expect(await examine(payment)).toEqual(expired)
  })
})

describe('a payment on Solana is released', () => {
  test('by a process that was started after it was signed', async () => {
    const ledger = memoryLedger()
    const payment = await pay(createAgent(ledger))
    outlive()
    expect(await createAgent(ledger).reconcile()).toMatchObject({ expired: [{ id: payment.id }] })
  })

  test('by a process whose wall clock is behind', async () => {
    const payment = await pay()
    outlive()
    passTime(-day)
    expect(await examine(payment)).toEqual(expired)
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryLedger, type Payment } from '../../../src/index.js'
import { changedNode } from '../../support/changed-node.ts'
import { pathUsd, startTempo, type TempoNode } from '../../support/tempo.ts'
import { openTempoPayer, url } from '../../support/tempo-payer.ts'
import { payee, type TempoServerOptions } from '../../support/tempo-server.ts'
import { rejection } from '../../support/wallets.ts'

let node: TempoNode

beforeAll(async () => {
  node = await startTempo()
})
afterAll(() => node?.stop())

const setUp = (server?: TempoServerOptions, options?: Parameters<typeof openTempoPayer>[2]) =>
  openTempoPayer(node, server, options)

async function expire({ terms }: Payment): Promise<void> {
  await node.pass(Math.max(1, terms.validBefore - Math.floor(node.clock() / 1000)))
  await node.finalize()
}

describe('what Tempo shows of a payment', () => {
  test('is nothing while its block is not final, and then its transfer, which whoever paid its fee named', async () => {
    const { chain, buy } = await setUp()
    const { payment, transfer } = await buy()
    expect(await chain.examine(payment)).toEqual({ type: 'open', reason: 'it can still be executed' })
    const transaction = await node.send(await node.sponsor(transfer))
    expect(await chain.examine(payment)).toMatchObject({ type: 'open' })
    await node.finalize()
    expect(await chain.examine(payment)).toEqual({ type: 'executed', transaction, amount: 10_000n })
  })

  test('is executed once, however often its fee is signed for, and in whatever token', async () => {
    const { chain, buy, payer } = await setUp()
    const { payment, transfer } = await buy()
    const before = await node.balanceOf(payee)
    for (const token of [undefined, '0x20c0000000000000000000000000000000000001' as const, undefined])
      await node.send(await node.sponsor(transfer, token)).catch(() => undefined)
    await node.finalize()
    expect([(await node.balanceOf(payee)) - before, await node.balanceOf(payer)]).toEqual([10_000n, 990_000n])
    expect(await chain.examine(payment)).toMatchObject({ type: 'executed' })
  })

  test('is its end once a final block is of that time, and none before has it; and then it is not executed', async () => {
    const { chain, buy, payer } = await setUp()
    const { payment, transfer } = await buy()
    const { validBefore } = payment.terms
    await node.mineAt(validBefore - 1)
    await node.mineAt(validBefore)
    await node.mineAt(validBefore)
    expect(await chain.examine(payment)).toEqual({ type: 'open', reason: 'it can still be executed' })
    await node.mineAt(validBefore)
    expect(await chain.examine(payment)).toEqual({ type: 'expired' })
    await node.send(await node.sponsor(transfer)).catch(() => undefined)
    expect(await node.balanceOf(payer)).toBe(1_000_000n)
  })

  test('can rely on it: a block of that time does not take it', async () => {
    const shared = node
    // What no block takes stays in the way of all that is sent to the node later.
    node = await startTempo()
    try {
      const { buy, payer } = await setUp()
      const { payment, transfer } = await buy()
      await node.mineAt(payment.terms.validBefore, await node.sponsor(transfer))
      expect(await node.balanceOf(payer)).toBe(1_000_000n)
    } finally {
      await node.stop()
      node = shared
    }
  })

  test('is its transfer in its last second, and long after', async () => {
    const { chain, buy } = await setUp()
    const { payment, transfer } = await buy()
    const transaction = await node.mineAt(payment.terms.validBefore - 1, await node.sponsor(transfer))
    await node.pass(7200)
    await node.finalize()
    expect(await node.statusOf(transaction ?? '0x')).toBe('0x1')
    expect(await chain.examine(payment)).toEqual({ type: 'executed', transaction, amount: 10_000n })
  })

  test('is not the transfer of another payment of the same amount to the same payee', async () => {
    const { chain, buy } = await setUp()
    const [one, other] = [await buy(), await buy('/other')]
    const transaction = await node.send(await node.sponsor(other.transfer))
    await expire(other.payment)
    expect(await chain.examine(one.payment)).toEqual({ type: 'expired' })
    expect(await chain.examine(other.payment)).toEqual({ type: 'executed', transaction, amount: 10_000n })
  })

  test('is its end where it failed in a block', async () => {
    const { chain, buy } = await setUp({ amount: '900000' })
    const [one, other] = [await buy(), await buy('/other')]
    await node.send(await node.sponsor(one.transfer))
    const transaction = await node.send(await node.sponsor(other.transfer))
    await expire(other.payment)
    expect(await node.statusOf(transaction)).toBe('0x0')
    expect(await chain.examine(one.payment)).toMatchObject({ type: 'executed' })
    expect(await chain.examine(other.payment)).toEqual({ type: 'expired' })
  })
})

describe('a payment on Tempo', () => {
  const feeManager = '0xfeec000000000000000000000000000000000000'

  test('explains, besides its transfer, the fee that its payer pays, up to what that can be', async () => {
    const { chain, buy } = await setUp({ methodDetails: { feePayer: undefined } })
    const { payment } = await buy()
    const fee = { transaction: '0x1', asset: pathUsd, to: feeManager, amount: 30_000n, nonces: [] }
    expect(chain.explains?.(payment, fee)).toBe(true)
    for (const other of [{ amount: 30_001n }, { to: payee }, { asset: payee }])
      expect(chain.explains?.(payment, { ...fee, ...other })).not.toBe(true)
  })

  test('explains no fee where its server pays that', async () => {
    const { chain, buy } = await setUp()
    const { payment } = await buy()
    const fee = { transaction: '0x1', asset: pathUsd, to: feeManager, amount: 1n, nonces: [] }
    expect(chain.explains?.(payment, fee)).not.toBe(true)
  })
})

describe('a wallet that pays on Tempo, and looks what became of it', () => {
  const statuses = async (wallet: { readonly payments: { list(): Promise<readonly Payment[]> } }) =>
    (await wallet.payments.list()).map(({ status }) => status).toSorted()

  test('confirms what was executed, and counts no more what was not', async () => {
    const { wallet, buy } = await setUp()
    const [one, other] = [await buy(), await buy('/other')]
    await node.send(await node.sponsor(other.transfer))
    await wallet.reconcile()
    expect(await statuses(wallet)).toEqual(['claimed', 'claimed'])
    await expire(one.payment)
    await wallet.reconcile()
    expect(await statuses(wallet)).toEqual(['confirmed', 'expired'])
  })

  test('does not pay twice where it crashed after signing: what it signs again is the same transfer', async () => {
    const ledger = memoryLedger()
    const { wallet: crashed, restart, shop, payer } = await setUp({ fault: 'settle-then-break' }, { ledger })
    await rejection(crashed.fetch(url))
    const wallet = restart()
    await wallet.fetch(url)
    expect([shop.signed.length, new Set(shop.signed).size]).toEqual([2, 1])
    for (const one of shop.signed) await node.send(await node.sponsor(one)).catch(() => undefined)
    await node.finalize()
    await wallet.reconcile()
    expect([await node.balanceOf(payer), await statuses(wallet)]).toEqual([990_000n, ['confirmed']])
  })

  test('knows by its memo a transfer that became final after it was looked for', async () => {
    const late = changedNode(node, async (call, ask) => {
      const [filter] = (call.params ?? []) as readonly unknown[]
      const isForPayment = call.method === 'eth_getLogs' && typeof Object(filter).topics?.[0] === 'string'
      return isForPayment ? [] : ask()
    })
    const { wallet, buy } = await setUp({}, { clients: [late] })
    await node.send(await node.sponsor((await buy()).transfer))
    await node.finalize()
    await wallet.reconcile()
    expect([await statuses(wallet), await wallet.frozen()]).toEqual([['claimed'], undefined])
  })

  test('knows the fee that it paid itself, and is frozen by a transfer that is none of its own', async () => {
    const server = { methodDetails: { feePayer: undefined } }
    const { wallet, shop, buy, key } = await setUp(server)
    const transaction = await node.send((await buy()).transfer)
    await node.finalize()
    await wallet.reconcile()
    expect(await node.statusOf(transaction)).toBe('0x1')
    expect([await statuses(wallet), await wallet.frozen()]).toEqual([['confirmed'], undefined])
    expect(shop.transfers).toMatchObject([{ isSponsored: false }])
    await node.fund(payee, 1n, key)
    await node.finalize()
    await wallet.reconcile()
    expect(await wallet.frozen()).toMatchObject({
      reason: expect.stringContaining('money left that no payment explains'),
    })
  })

  test('counts on with the fee that it paid for a transfer that failed, says so, and is not frozen by it', async () => {
    const { wallet, buy, payer } = await setUp({ amount: '600000', methodDetails: { feePayer: undefined } })
    const [one, other] = [await buy('/1'), await buy('/2')]
    await node.send(one.transfer)
    const left = await node.balanceOf(payer)
    const failed = await node.send(other.transfer)
    expect([await node.statusOf(failed), (await node.balanceOf(payer)) < left]).toEqual(['0x0', true])
    await node.finalize()
    await wallet.reconcile()
    expect([await statuses(wallet), await wallet.frozen()]).toEqual([['claimed', 'confirmed'], undefined])
    await expire(other.payment)
    await wallet.reconcile()
    const known = await wallet.payments.get(other.payment.id)
    expect(known).toMatchObject({ status: 'claimed', microUsd: 630_000n, note: expect.stringContaining(failed) })
    expect([await statuses(wallet), await wallet.frozen()]).toEqual([['claimed', 'confirmed'], undefined])
  })

  test('is not frozen by such a fee that is found after its owner resolved the payment', async () => {
    const { wallet, buy } = await setUp({ amount: '600000', methodDetails: { feePayer: undefined } })
    const [one, other] = [await buy('/1'), await buy('/2')]
    await node.send(one.transfer)
    await node.send(other.transfer)
    // The payment ends for sure a while after its last block.
    await node.pass(200)
    await node.finalize()
    await wallet.resolve(other.payment.id, { as: 'not-paid', reason: 'it failed in its block' })
    await wallet.reconcile()
    expect([await statuses(wallet), await wallet.frozen()]).toEqual([['confirmed', 'released'], undefined])
  })

  test('is frozen by a transfer beside the fee of one that failed', async () => {
    const { wallet, buy, key } = await setUp({ amount: '600000', methodDetails: { feePayer: undefined } })
    const [one, other] = [await buy('/1'), await buy('/2')]
    await node.send(one.transfer)
    await node.send(other.transfer)
    await node.fund(payee, 1n, key)
    await node.finalize()
    await wallet.reconcile()
    expect(await wallet.frozen()).toMatchObject({ reason: expect.stringContaining('that no payment explains') })
  })
})

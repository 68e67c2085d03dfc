import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evm, type Rpc } from '../../src/evm/index.js'
import type { Payment } from '../../src/index.js'
import { lying } from '../support/evm-scene.ts'
import { type Permit2Scene, startPermit2Scene } from '../support/permit2-scene.ts'
import { rejection } from '../support/wallets.ts'

let scene: Permit2Scene
let node: Rpc

beforeAll(async () => {
  scene = await startPermit2Scene()
  node = scene.chain.publicClient
})
afterAll(() => scene?.chain.stop())

const unused = (): string => `0x${'0'.repeat(64)}`

describe('what an EVM chain shows of a payment by Permit2', () => {
  test('is nothing while its block is not final, and then its transfer, which used up its allowance', async () => {
    const before = await scene.chain.allowanceOf(scene.payer.address)
    const payment = await scene.createPermit()
    const transaction = await scene.settle(payment)
    expect(await scene.examine(payment)).toMatchObject({ type: 'open' })
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'executed', transaction, amount: payment.amount })
    expect(await scene.chain.allowanceOf(scene.payer.address)).toBe(before - payment.amount)
  })

  test('is its own transfer, and not that of another payment of the same price to the same payee', async () => {
    const [one, other] = [await scene.createPermit(), await scene.createPermit()]
    const transaction = await scene.settle(one)
    const second = await scene.settle(other)
    await scene.finalize()
    expect(await scene.examine(other)).toEqual({ type: 'executed', transaction: second, amount: other.amount })
    expect(await scene.examine(one)).toEqual({ type: 'executed', transaction, amount: one.amount })
  })

  test('is its transfer, although a contract of the facilitator settled it', async () => {
    const payment = await scene.createPermit()
    const transaction = await scene.settle(payment, { isWrapped: true })
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'executed', transaction, amount: payment.amount })
  })

  test('is nothing in the last second in which Permit2 takes it, and its end in the next', async () => {
    const payment = await scene.createPermit()
    const { validBefore } = payment.terms
    await scene.mineAt(validBefore - 1)
    await scene.mineAt(validBefore)
    await scene.admin.mine({ blocks: 63 })
    expect(await scene.examine(payment)).toEqual({ type: 'open', reason: 'it can still be executed' })
    await scene.admin.mine({ blocks: 1 })
    expect(await scene.examine(payment)).toEqual({ type: 'expired' })
    expect(await rejection(scene.settle(payment))).toBeDefined()
  })

  test('is executed in its last second, and not once more', async () => {
    const payment = await scene.createPermit()
    await scene.admin.setNextBlockTimestamp({ timestamp: BigInt(payment.terms.validBefore - 1) })
    const transaction = await scene.settle(payment)
    expect(await rejection(scene.settle(payment))).toBeDefined()
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'executed', transaction, amount: payment.amount })
  })

  test('is a cancellation when its owner made its nonce unusable, and nothing was paid by it', async () => {
    const payTo = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
    await scene.settle(await scene.createPermit({ payTo }))
    const payment = await scene.createPermit({ payTo })
    const transaction = await scene.invalidate(payment)
    expect(await scene.examine(payment)).toMatchObject({ type: 'open' })
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'cancelled', transaction })
    expect(await rejection(scene.settle(payment))).toBeDefined()
  })

  test('is its transfer when its owner made its nonce unusable after that', async () => {
    const payment = await scene.createPermit()
    const transaction = await scene.settle(payment)
    await scene.invalidate(payment)
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'executed', transaction, amount: payment.amount })
  })

  test('is no cancellation where a transfer that does not say its nonce could be its own', async () => {
    const payment = await scene.createPermit()
    await scene.execute(await scene.createPayment())
    await scene.invalidate(payment)
    await scene.finalize()
    expect(await scene.examine(payment)).toMatchObject({ type: 'open' })
  })

  test('is no cancellation of what was signed anew, which has logs from before', async () => {
    const payment = await scene.createPermit({ presentations: 2 })
    await scene.invalidate(payment)
    await scene.finalize()
    expect(await scene.examine(payment)).toMatchObject({ type: 'open' })
  })

  test('is a diversion when its nonce moved another value', async () => {
    const payment = await scene.createPermit()
    const transaction = await scene.settle({ ...payment, amount: 9_999n })
    await scene.mineAt(payment.terms.validBefore)
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'diverted', transaction })
  })

  test('is not released by one node of two that claims that its nonce is unused', async () => {
    const payment = await scene.createPermit()
    await scene.settle(payment)
    await scene.mineAt(payment.terms.validBefore)
    await scene.finalize()
    const liar = lying(node, 'eth_call', unused)
    expect(await scene.examine(payment, { clients: [liar, node] })).toMatchObject({ type: 'executed' })
    expect(await scene.examine(payment, { clients: [liar, { request: async () => undefined }] })).toMatchObject({
      type: 'open',
    })
  })

  test('is told of every transfer that left, by the nonce that its transaction names', async () => {
    const { timestamp } = await scene.chain.publicClient.getBlock()
    const payments: Payment[] = [await scene.createPermit(), await scene.createPermit()]
    const [one, other] = payments
    if (!one || !other) throw new Error('nothing was signed')
    const transactions = [await scene.settle(one), await scene.settle(other, { isWrapped: true })]
    await scene.finalize()
    const chain = evm({ network: 'eip155:84532', clients: [node] })
    const search = { account: scene.payer.address, assets: [one.asset], since: Number(timestamp) * 1000 }
    const seen = await chain.outgoing?.(search)
    if (seen?.type !== 'seen') throw new Error('nothing was seen')
    const own = seen.transfers.filter(({ transaction }) => transactions.includes(transaction as `0x${string}`))
    expect(own.map(({ nonces }) => nonces)).toEqual(payments.map(({ terms }) => [terms.nonce]))
  })
})

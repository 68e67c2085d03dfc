import type { Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Rpc } from '../../../src/evm/index.js'
import type { Payment } from '../../../src/index.js'
import { changedNode } from '../../support/changed-node.ts'
import { guard, holdingNode } from '../../support/holding-node.ts'
import { startTempo, type TempoNode } from '../../support/tempo.ts'
import { openTempoPayer } from '../../support/tempo-payer.ts'
import { payee } from '../../support/tempo-server.ts'

let node: TempoNode

beforeAll(async () => {
  node = await startTempo()
})
afterAll(() => node?.stop())

const setUp = (client: Rpc) => openTempoPayer(node, {}, { clients: [client] })

async function expire({ terms }: Payment): Promise<void> {
  await node.pass(Math.max(1, terms.validBefore - Math.floor(node.clock() / 1000)))
  await node.finalize()
}

describe('a payment on Tempo that was executed long before its end', () => {
  test('is its transfer also where a chain takes it minutes before its end', async () => {
    let executedAt = 0n
    // As of T11 a transfer can be taken five minutes ahead, by a wallet whose clock is ahead.
    const early = changedNode(node, async (call, ask) => {
      const block = Object(await ask())
      const isEarly = call.method === 'eth_getBlockByNumber' && BigInt(block.number) <= executedAt
      return isEarly ? { ...block, timestamp: `0x${(BigInt(block.timestamp) - 270n).toString(16)}` } : block
    })
    const { chain, buy } = await setUp(early)
    const { payment, transfer } = await buy()
    const transaction = await node.send(await node.sponsor(transfer))
    executedAt = BigInt(String(await node.request({ method: 'eth_blockNumber' })))
    await expire(payment)
    expect(await chain.examine(payment)).toEqual({ type: 'executed', transaction, amount: 10_000n })
  })
})

describe('a payment on Tempo that its payee has arranged not to take', () => {
  test('is executed, since it has left, and its payee can have it later', async () => {
    const { chain, buy } = await setUp(holdingNode(node))
    const [one, other] = [await buy(), await buy('/other')]
    const transaction = await node.send(await node.sponsor(one.transfer))
    await node.finalize()
    expect(await chain.examine(one.payment)).toEqual({ type: 'executed', transaction, amount: 10_000n })
    await expire(other.payment)
    expect(await chain.examine(one.payment)).toEqual({ type: 'executed', transaction, amount: 10_000n })
    expect(await chain.examine(other.payment)).toEqual({ type: 'expired' })
  })

  test('is not that of another payer, or of another amount', async () => {
    const { chain, buy } = await setUp(holdingNode(node))
    const { payment, transfer } = await buy()
    await node.send(await node.sponsor(transfer))
    await expire(payment)
    const stranger = { ...payment, terms: { ...payment.terms, payer: payee } }
    expect(await chain.examine(stranger)).toEqual({ type: 'expired' })
    expect(await chain.examine({ ...payment, amount: 9_999n })).toEqual({ type: 'expired' })
  })

  test('counts, and freezes no wallet, also where it is found among what left before it is looked for', async () => {
    let isLate = true
    const holding = holdingNode(node)
    const client = changedNode(holding, async (call, ask) => {
      const [filter] = (call.params ?? []) as readonly unknown[]
      return isLate && call.method === 'eth_getLogs' && Object(filter).address === guard ? [] : ask()
    })
    const { wallet, buy } = await setUp(client)
    const { payment, transfer } = await buy()
    await node.send(await node.sponsor(transfer))
    await node.finalize()
    await wallet.reconcile()
    expect([(await wallet.payments.list()).map(({ status }) => status), await wallet.frozen()]).toEqual([
      ['claimed'],
      undefined,
    ])
    isLate = false
    await expire(payment)
    await wallet.reconcile()
    expect([(await wallet.payments.list()).map(({ status }) => status), await wallet.frozen()]).toEqual([
      ['confirmed'],
      undefined,
    ])
  })

  test('explains one such transfer: another that names it too freezes the wallet', async () => {
    const { wallet, buy, key } = await setUp(holdingNode(node))
    const { payment, transfer } = await buy()
    await node.send(await node.sponsor(transfer))
    await node.finalize()
    await wallet.reconcile()
    expect(await wallet.frozen()).toBeUndefined()
    await node.fund(payee, payment.amount, key, payment.terms.details?.['memo'] as Hex)
    await node.finalize()
    await wallet.reconcile()
    expect(await wallet.frozen()).toMatchObject({ reason: expect.stringContaining('that no payment explains') })
  })
})

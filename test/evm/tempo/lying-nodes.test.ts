import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Rpc } from '../../../src/evm/index.js'
import type { Payment } from '../../../src/index.js'
import { changedNode } from '../../support/changed-node.ts'
import { startTempo, type TempoNode } from '../../support/tempo.ts'
import { openTempoPayer } from '../../support/tempo-payer.ts'
import type { TempoServerOptions } from '../../support/tempo-server.ts'

let node: TempoNode

beforeAll(async () => {
  node = await startTempo()
})
afterAll(() => node?.stop())

const setUp = (server?: TempoServerOptions, options?: Parameters<typeof openTempoPayer>[2]) =>
  openTempoPayer(node, server, options)

const changed = ({ transactions }: Readonly<Record<string, unknown>>, change: object): readonly object[] =>
  [transactions].flat().map((one) => ({ ...Object(one), ...change }))

async function expire({ terms }: Payment): Promise<void> {
  await node.pass(Math.max(1, terms.validBefore - Math.floor(node.clock() / 1000)))
  await node.finalize()
}

describe('nodes of Tempo that lie', () => {
  const without = (method: string, answer: unknown, real: Rpc = node): Rpc =>
    changedNode(real, async (call, ask) => (call.method === method ? answer : ask()))
  /** Changes the blocks that are asked for with all of their transactions. */
  const withBlocks = (change: (block: Readonly<Record<string, unknown>>) => unknown, real: Rpc = node): Rpc =>
    changedNode(real, async (call, ask) => {
      const [, isWhole] = (call.params ?? []) as readonly unknown[]
      const answer = await ask()
      return call.method === 'eth_getBlockByNumber' && isWhole === true ? change(Object(answer)) : answer
    })
  const logless = (): Rpc => without('eth_getLogs', [])
  const liar = (): Rpc => withBlocks((block) => ({ ...block, transactions: [] }), logless())

  test('cannot release a payment that was executed, where one tells it', async () => {
    const { chain, buy } = await setUp({}, { clients: [liar(), node] })
    const { payment, transfer } = await buy()
    await node.send(await node.sponsor(transfer))
    await expire(payment)
    expect(await chain.examine(payment)).toMatchObject({ type: 'executed' })
  })

  test('cannot release a payment by themselves', async () => {
    const silent = without('eth_getLogs', { error: 'no logs of that time' })
    const { chain, buy } = await setUp({}, { clients: [liar(), silent] })
    const { payment, transfer } = await buy()
    await node.send(await node.sponsor(transfer))
    await expire(payment)
    expect(await chain.examine(payment)).toMatchObject({ type: 'open' })
  })

  test('or whose logs lag behind their blocks, are read by their blocks', async () => {
    const lagging = changedNode(node, async (call, ask) => {
      if (call.method !== 'eth_getLogs') return ask()
      const latest = BigInt(String(await node.request({ method: 'eth_blockNumber' })))
      const logs = (await ask()) as readonly { readonly blockNumber: string }[]
      return logs.filter(({ blockNumber }) => BigInt(blockNumber) <= latest - 6n)
    })
    const { wallet, buy } = await setUp({}, { clients: [lagging] })
    const { payment, transfer } = await buy()
    const transaction = await node.mineAt(payment.terms.validBefore - 1, await node.sponsor(transfer))
    await expire(payment)
    await wallet.reconcile()
    expect(await wallet.payments.list()).toMatchObject([{ status: 'confirmed', receipt: { transaction } }])
  })

  test.each<readonly [string, () => Rpc]>([
    ['receipts', () => without('eth_getTransactionReceipt', null, logless())],
    ['blocks', () => withBlocks(() => null, logless())],
    ['transactions', () => withBlocks((block) => ({ ...block, transactions: null }), logless())],
    [
      'contents of transactions',
      () => withBlocks((block) => ({ ...block, transactions: [`0x${'1'.repeat(64)}`] }), logless()),
    ],
    ['senders', () => withBlocks((block) => ({ ...block, transactions: changed(block, { from: null }) }), logless())],
    ['calls', () => withBlocks((block) => ({ ...block, transactions: changed(block, { calls: null }) }), logless())],
    ['data', () => withBlocks((block) => ({ ...block, transactions: changed(block, { calls: [{}] }) }), logless())],
    ['right blocks', () => withBlocks((block) => ({ ...block, number: '0x1', transactions: [] }), logless())],
  ])('or that no longer have the %s of long ago, are not believed that it was not executed', async (_, broken) => {
    const { chain, buy } = await setUp({}, { clients: [broken()] })
    const { payment, transfer } = await buy()
    await node.send(await node.sponsor(transfer))
    await expire(payment)
    expect(await chain.examine(payment)).toMatchObject({ type: 'open', reason: expect.stringContaining('no longer') })
  })

  test('or that call the data of a call otherwise, are read all the same', async () => {
    const renamed = withBlocks(
      (block) => ({
        ...block,
        transactions: [block['transactions']].flat().map((one) => ({
          ...Object(one),
          calls: [Object(one).calls].flat().map((call) => ({ to: Object(call).to, data: Object(call).input })),
        })),
      }),
      logless(),
    )
    const { chain, buy } = await setUp({}, { clients: [renamed] })
    const { payment, transfer } = await buy()
    await node.send(await node.sponsor(transfer))
    await expire(payment)
    expect(await chain.examine(payment)).toMatchObject({ type: 'executed' })
  })

  test('are not believed where they answer with logs that nobody asked for', async () => {
    const all = changedNode(node, async (call, ask) => {
      if (call.method !== 'eth_getLogs') return ask()
      const [filter] = call.params as readonly [Readonly<Record<string, unknown>>]
      return node.request({ method: 'eth_getLogs', params: [{ ...filter, topics: [] }] })
    })
    const { chain, buy } = await setUp({}, { clients: [all] })
    const [one, other] = [await buy(), await buy('/other')]
    await node.send(await node.sponsor(other.transfer))
    await expire(other.payment)
    expect(await chain.examine(one.payment)).toEqual({ type: 'expired' })
  })
})

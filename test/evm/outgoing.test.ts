import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evm, type EvmOptions, type Outgoing, type OutgoingSearch, type Rpc } from '../../src/evm/index.js'
import { lying, type Scene, startScene } from '../support/evm-scene.ts'

const network = 'eip155:84532'
let scene: Scene
let node: Rpc
beforeAll(async () => {
  scene = await startScene()
  node = scene.chain.publicClient
})
afterAll(() => scene?.chain.stop())

/** Looks for what left the payer, from the latest block on unless told otherwise. */
async function search(
  options: Partial<EvmOptions> = {},
  different: Partial<OutgoingSearch> = {},
): Promise<Outgoing | undefined> {
  const { asset } = await scene.createPayment()
  const chain = evm({ network, clients: [node], ...options })
  return chain.outgoing?.({ account: scene.payer.address, assets: [asset], since: 0, ...different })
}

async function height(): Promise<string> {
  return String((await scene.chain.publicClient.getBlock()).number)
}

const broken: Rpc = { request: () => Promise.reject(new Error('503')) }
const noLogs = (truth: Rpc): Rpc => lying(truth, 'eth_getLogs', () => [])
const moreLogs = (truth: Rpc): Rpc =>
  lying(truth, 'eth_getLogs', (logs) => {
    const [log] = logs as readonly object[]
    return [...(logs as readonly object[]), { ...log, logIndex: '0x99', transactionHash: `0x${'ee'.repeat(32)}` }]
  })

describe('what left an account on an EVM chain', () => {
  test('is seen with the nonces of its transaction, once its block is final, and not again after that', async () => {
    const checkpoint = await height()
    await scene.finalize()
    const payment = await scene.createPayment()
    const transaction = await scene.execute(payment)
    const before = await search({}, { checkpoint })
    expect(before).toMatchObject({ type: 'seen', transfers: [] })
    await scene.finalize()
    const transfer = {
      transaction,
      asset: payment.asset.address.toLowerCase(),
      to: payment.payTo.toLowerCase(),
      amount: payment.amount,
      nonces: [payment.terms.nonce],
    }
    const after = await search({}, { checkpoint })
    expect(after).toMatchObject({ type: 'seen', transfers: [transfer] })
    if (after?.type !== 'seen') throw new Error('nothing was seen')
    expect(await search({}, { checkpoint: after.checkpoint })).toMatchObject({
      transfers: [],
      checkpoint: after.checkpoint,
    })
  })

  test('is not what others paid, nor what came in, nor a token that is not asked for', async () => {
    const checkpoint = await height()
    await scene.chain.mint(scene.payer.address, 5n)
    await scene.execute(await scene.createPayment())
    await scene.finalize()
    const { asset } = await scene.createPayment()
    const other = { ...asset, address: '0x000000000000000000000000000000000000bEEF' }
    expect(await search({}, { checkpoint })).toMatchObject({ transfers: [{ amount: 10_000n }] })
    expect(await search({}, { checkpoint, assets: [other] })).toMatchObject({ transfers: [] })
    expect(await search({}, { checkpoint, account: other.address })).toMatchObject({ transfers: [] })
  })

  test('is first looked for from the block of an instant on, and never from the beginning', async () => {
    await scene.execute(await scene.createPayment())
    await scene.admin.mine({ blocks: 3, interval: 10 })
    const { number, timestamp } = await scene.chain.publicClient.getBlock()
    await scene.execute(await scene.createPayment())
    await scene.finalize()
    const asked: unknown[] = []
    const watched = lying(node, 'eth_getLogs', (truth, params) => {
      asked.push(Reflect.get(Object(Reflect.get(Object(params), 0)), 'fromBlock'))
      return truth
    })
    const seen = await search({ clients: [watched] }, { since: Number(timestamp) * 1000 })
    expect(seen).toMatchObject({ type: 'seen', transfers: [{ amount: 10_000n }] })
    expect(asked).toEqual([`0x${number.toString(16)}`])
  })

  test('is looked for in steps of 5,000 blocks, a million at most, and the next search goes on from there', async () => {
    const spans: bigint[] = []
    const endless: Rpc = {
      request: async ({ method, params }) => {
        const [first] = Array.isArray(params) ? params : []
        if (method === 'eth_chainId') return '0x14a34'
        if (method === 'eth_getLogs') {
          spans.push(BigInt(first.toBlock) - BigInt(first.fromBlock) + 1n)
          return []
        }
        const number = first === 'finalized' ? '0xffffffff' : first
        return { number, hash: `0x${'ab'.repeat(32)}`, timestamp: number }
      },
    }
    const seen = await search({ clients: [endless] }, { checkpoint: '1000' })
    expect(seen).toMatchObject({ type: 'seen', transfers: [], checkpoint: '1001000', until: 1_001_000 })
    expect(spans).toEqual(Array.from({ length: 200 }, () => 5000n))
  })
})

describe('what two nodes say left an account', () => {
  test.each<{ readonly what: string; readonly lie: (truth: Rpc) => Rpc }>([
    { what: 'hides it', lie: noLogs },
    { what: 'makes more of it up', lie: moreLogs },
    { what: 'answers with nonsense', lie: (truth) => lying(truth, 'eth_getLogs', () => 'none') },
    { what: 'fails', lie: () => broken },
    { what: 'is of another chain', lie: (truth) => lying(truth, 'eth_chainId', () => '0x1') },
  ])('is nothing yet when one of them $what, and the third decides', async ({ lie }) => {
    const checkpoint = await height()
    await scene.execute(await scene.createPayment())
    await scene.finalize()
    const liar = lie(node)
    for (const clients of [
      [liar, node],
      [node, liar],
    ]) {
      expect(await search({ clients }, { checkpoint })).toMatchObject({ type: 'open' })
    }
    const clients = [liar, node, { ...node }]
    expect(await search({ clients }, { checkpoint })).toMatchObject({ type: 'seen', transfers: [{ amount: 10_000n }] })
  })

  test('is all of it up to the block that is final to both', async () => {
    const checkpoint = await height()
    await scene.execute(await scene.createPayment())
    await scene.finalize()
    const final = await scene.chain.publicClient.getBlock({ blockTag: 'finalized' })
    await scene.admin.mine({ blocks: 10 })
    const behind: Rpc = {
      request: (call) => {
        const [name] = Array.isArray(call.params) ? call.params : []
        const isFinal = call.method === 'eth_getBlockByNumber' && name === 'finalized'
        return node.request(isFinal ? { ...call, params: [`0x${final.number.toString(16)}`, false] } : call)
      },
    }
    expect(await search({ clients: [behind, node] }, { checkpoint })).toMatchObject({
      type: 'seen',
      checkpoint: String(final.number),
      until: Number(final.timestamp),
      transfers: [{ amount: 10_000n }],
    })
  })
})

describe('the time of an EVM chain', () => {
  const late = (block: unknown): unknown => ({ ...Object(block), timestamp: '0xffffffff' })
  test('is that of its final block, by the word of a quorum', async () => {
    const { timestamp } = await scene.chain.publicClient.getBlock({ blockTag: 'finalized' })
    const timeBy = (clients: readonly Rpc[]) => evm({ network, clients }).time?.()
    expect(await timeBy([node])).toBe(Number(timestamp))
    expect(await timeBy([lying(node, 'eth_getBlockByNumber', late), node])).toBe(Number(timestamp))
    expect(await timeBy([broken, node])).toBeUndefined()
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evm, type Rpc } from '../../src/evm/index.js'
import { exactEvm, type Payment } from '../../src/index.js'
import { lying, type Scene, startScene } from '../support/evm-scene.ts'

let scene: Scene
let node: Rpc

beforeAll(async () => {
  scene = await startScene()
  node = scene.chain.publicClient
})
afterAll(() => scene?.chain.stop())

const silent: Rpc = { request: () => new Promise(() => {}) }
const broken: Rpc = { request: () => Promise.reject(new Error('503')) }
const unused = (): string => `0x${'0'.repeat(64)}`

describe('an EVM chain', () => {
  test.each([
    ['of none', []],
    ['of a URL', ['https://mainnet.base.org']],
    ['of no list', 'https://mainnet.base.org'],
  ])('says how its clients are made, instead of %s', (_, clients) => {
    expect(() => evm({ network: 'eip155:8453', clients: clients as unknown as readonly Rpc[] })).toThrow(
      /^Failed to read clients: .*\n.*createPublicClient\(\{ transport: http\(url\) \}\)/,
    )
  })
})

describe('what an EVM chain shows of a payment', () => {
  test('is nothing while its block is not final, and then its transfer', async () => {
    const payment = await scene.createPayment()
    const transaction = await scene.execute(payment)
    expect(await scene.examine(payment)).toMatchObject({ type: 'open' })
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'executed', transaction, amount: payment.amount })
  })

  test('is nothing in the last second in which it can be executed, and its end in the next', async () => {
    const payment = await scene.createPayment()
    const { validBefore } = payment.terms
    await scene.mineAt(validBefore - 1)
    await scene.mineAt(validBefore)
    await scene.admin.mine({ blocks: 63 })
    expect(await finalTime()).toBe(validBefore - 1)
    expect(await scene.examine(payment)).toEqual({ type: 'open', reason: 'it can still be executed' })
    await scene.admin.mine({ blocks: 1 })
    expect(await finalTime()).toBe(validBefore)
    expect(await scene.examine(payment)).toEqual({ type: 'expired' })
  })

  test('is nothing when only blocks that are not final are past its time', async () => {
    const payment = await scene.createPayment()
    await scene.mineAt(payment.terms.validBefore + 60)
    expect(await scene.examine(payment)).toMatchObject({ type: 'open' })
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'expired' })
  })

  test('is its transfer, although it was executed in time and is looked up long after', async () => {
    const payment = await scene.createPayment()
    await scene.execute(payment)
    await scene.mineAt(payment.terms.validBefore + 3600)
    await scene.finalize()
    expect(await scene.examine(payment)).toMatchObject({ type: 'executed' })
  })

  test('is its transfer, although it was signed anew long after it was executed', async () => {
    const payment = await scene.createPayment()
    const transaction = await scene.execute(payment)
    await scene.admin.mine({ blocks: 2000, interval: 2 })
    const { timestamp } = await scene.chain.publicClient.getBlock()
    const terms = { ...payment.terms, validBefore: Number(timestamp) + 60 }
    await scene.finalize()
    const renewed = { ...payment, terms, createdAt: Number(timestamp) * 1000 }
    expect(await scene.examine(renewed)).toEqual({ type: 'executed', transaction, amount: payment.amount })
  })

  test('is a cancellation, and not a transfer, when its nonce was cancelled', async () => {
    const payment = await scene.createPayment()
    const transaction = await scene.cancel(payment)
    expect(await scene.examine(payment)).toMatchObject({ type: 'open' })
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'cancelled', transaction })
  })

  test.each([
    { what: 'another value', signed: { amount: 9_999n } },
    { what: 'another payee', signed: { payTo: '0x000000000000000000000000000000000000bEEF' } },
  ])('is a diversion when its nonce moved $what', async ({ signed }) => {
    const payment = await scene.createPayment()
    const transaction = await scene.execute(payment, signed)
    await scene.mineAt(payment.terms.validBefore)
    await scene.finalize()
    expect(await scene.examine(payment)).toEqual({ type: 'diverted', transaction })
  })

  test.each([
    { what: 'price', signed: { amount: 9_999n } },
    { what: 'payee', signed: { payTo: '0x000000000000000000000000000000000000bEEF' } },
  ])('is its transfer also by another $what that was signed with its nonce before', async ({ signed }) => {
    const payment = await scene.createPayment()
    const { amount, payTo } = { ...payment, ...signed }
    const transaction = await scene.execute(payment, signed)
    await scene.finalize()
    const repriced = { ...payment, earlier: [{ amount, payTo }] }
    expect(await scene.examine(repriced)).toEqual({ type: 'executed', transaction, amount })
  })

  test('is nothing when the node is of another chain', async () => {
    const payment = await expiredPayment()
    const elsewhere = lying(node, 'eth_chainId', () => '0x2105')
    expect(await scene.examine(payment, { clients: [elsewhere] })).toMatchObject({
      reason: 'a node is of another chain',
    })
    expect(await scene.examine(payment, { clients: [node, elsewhere] })).toMatchObject({ type: 'open' })
  })

  test('is nothing when the payment is of another network or moves otherwise', async () => {
    const payment = await expiredPayment()
    const asset = { ...payment.asset, transfer: 'permit2' as const }
    expect(await scene.examine({ ...payment, asset })).toMatchObject({ type: 'open' })
    expect(await scene.examine(payment, { network: 'eip155:8453' })).toMatchObject({ type: 'open' })
  })

  test('is read at the final block, and not at the latest', async () => {
    const payment = await expiredPayment()
    const blocks: unknown[] = []
    const watched = lying(node, 'eth_call', (truth, params) => {
      blocks.push(Reflect.get(Object(params), 1))
      return truth
    })
    await scene.examine(payment, { clients: [watched] })
    const final = await scene.chain.publicClient.getBlock({ blockTag: 'finalized' })
    expect(blocks).toEqual([{ blockHash: final.hash }])
  })
})

describe('a quorum of two nodes', () => {
  const late = (block: unknown): unknown => ({ ...Object(block), timestamp: '0xffffffff' })
  const other = (block: unknown): unknown => ({ ...Object(block), hash: `0x${'ab'.repeat(32)}` })
  test.each<{ readonly what: string; readonly lie: (truth: Rpc) => Rpc }>([
    { what: 'claims a later time', lie: (truth) => lying(truth, 'eth_getBlockByNumber', late) },
    { what: 'calls its latest block final', lie: latestIsFinal },
    { what: 'claims that the nonce is unused', lie: (truth) => lying(truth, 'eth_call', unused) },
  ])('does not release a payment that can still be executed when one of them $what', async ({ lie }) => {
    const payment = await scene.createPayment()
    const clients = [lie(node), node]
    await scene.mineAt(payment.terms.validBefore)
    expect(await scene.examine(payment, { clients })).toMatchObject({ type: 'open' })
    expect(await scene.examine(payment, { clients: clients.toReversed() })).toMatchObject({ type: 'open' })
  })

  test('counts an executed payment, although one of them claims that it never was', async () => {
    const payment = await scene.createPayment()
    await scene.execute(payment)
    await scene.mineAt(payment.terms.validBefore)
    await scene.finalize()
    const liar = lying(node, 'eth_call', unused)
    expect(await scene.examine(payment, { clients: [liar] })).toEqual({ type: 'expired' })
    expect(await scene.examine(payment, { clients: [liar, node] })).toMatchObject({ type: 'executed' })
    expect(await scene.examine(payment, { clients: [liar, broken] })).toMatchObject({ type: 'open' })
  })

  test('does not release a payment when the two are on different chains of blocks', async () => {
    const payment = await expiredPayment()
    const forked = lying(lying(node, 'eth_getBlockByNumber', other), 'eth_call', unused)
    const truthful = lying(node, 'eth_call', unused)
    const forkedCall: Rpc = {
      request: (call) => (call.method === 'eth_call' ? Promise.resolve(unused()) : forked.request(call)),
    }
    expect(await scene.examine(payment, { clients: [truthful, forkedCall] })).toMatchObject({ type: 'open' })
    expect(await scene.examine(payment, { clients: [truthful, { ...node }] })).toEqual({ type: 'expired' })
  })

  test('releases a payment when the two are at different heights of one chain', async () => {
    const payment = await expiredPayment()
    await scene.finalize()
    const behind: Rpc = {
      request: async (call) => {
        const [name] = Array.isArray(call.params) ? call.params : []
        if (call.method !== 'eth_getBlockByNumber' || name !== 'finalized') return node.request(call)
        const { number } = await scene.chain.publicClient.getBlock({ blockTag: 'finalized' })
        return node.request({ ...call, params: [`0x${(number - 10n).toString(16)}`, false] })
      },
    }
    expect(await scene.examine(payment, { clients: [behind, node] })).toEqual({ type: 'expired' })
  })

  test.each([
    { what: 'hangs', client: silent },
    { what: 'fails', client: broken },
    { what: 'answers nonsense', client: { request: async () => 'yes' } },
    { what: 'answers nothing', client: { request: async () => undefined } },
  ])('releases nothing when one of them $what', async ({ client }) => {
    const payment = await expiredPayment()
    const options = { clients: [client, node], timeoutSeconds: 0.5 }
    expect(await scene.examine(payment, options)).toMatchObject({ type: 'open' })
    expect(await scene.examine(payment, { ...options, quorum: 1 })).toEqual({ type: 'expired' })
  })

  test('believes a cancellation of both only', async () => {
    const payment = await scene.createPayment()
    await scene.cancel(payment)
    await scene.finalize()
    expect(await scene.examine(payment, { clients: [node, { ...node }] })).toMatchObject({ type: 'cancelled' })
    expect(await scene.examine(payment, { clients: [node, broken] })).toMatchObject({ type: 'open' })
  })
})

describe('the options of evm', () => {
  test.each([
    { what: 'no clients', options: { clients: [] } },
    { what: 'a quorum beyond the clients', options: { clients: [broken], quorum: 2 } },
    { what: 'one client given twice', options: { clients: [broken, broken] } },
    { what: 'no time to answer in', options: { clients: [broken], timeoutSeconds: 0 } },
    { what: 'a network of another family', options: { clients: [broken], network: 'solana:mainnet' as const } },
  ])('refuse $what', ({ options }) => {
    expect(() => evm({ network: 'eip155:84532', ...options })).toThrow(
      expect.objectContaining({ code: 'configuration_invalid' }),
    )
  })

  test('have a cancellation only with a gas payer', () => {
    expect(evm({ network: 'eip155:84532', clients: [broken] }).cancel).toBeUndefined()
    expect(exactEvm().cancellation).toBeDefined()
  })
})

function latestIsFinal(truth: Rpc): Rpc {
  return {
    request: (call) => {
      const [name] = Array.isArray(call.params) ? call.params : []
      return truth.request(name === 'finalized' ? { ...call, params: ['latest', false] } : call)
    },
  }
}

async function finalTime(): Promise<number> {
  return Number((await scene.chain.publicClient.getBlock({ blockTag: 'finalized' })).timestamp)
}

async function expiredPayment(): Promise<Payment> {
  const payment = await scene.createPayment()
  await scene.mineAt(payment.terms.validBefore)
  await scene.finalize()
  return payment
}

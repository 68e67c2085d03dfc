import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Evidence } from '../../src/evm/index.js'
import type { Payment } from '../../src/index.js'
import { solana, type SolanaOptions } from '../../src/solana/index.js'
import { outcome } from '../support/offers.ts'
import { createPayment } from '../support/payments.ts'
import { createSolanaAgent } from '../support/solana-agent.ts'
import { entryFor, type SolanaShop, startShop } from '../support/solana-shop.ts'
import {
  createParties,
  type Parties,
  RpcError,
  sendPayment,
  signPayment,
  solanaDevnet,
  startSolana,
  type TestSolana,
} from '../support/solana/index.ts'

const mainnet = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d'
const canStill = { type: 'open', reason: 'it can still be executed' }
/** Blocks until the newest one is final. */
const finality = 32

let chain: TestSolana
let parties: Parties
let shop: SolanaShop

beforeEach(async () => {
  chain = await startSolana({ mining: 'manual' })
  parties = await createParties(chain)
  shop = await startShop([entryFor(parties)])
})
afterEach(async () => {
  await shop?.close()
  await chain?.close()
})

/** Signs a payment that nobody sends. */
async function pay(): Promise<Payment> {
  const wallet = createSolanaAgent(chain, parties.payer)
  await wallet.fetch(shop.url)
  const [payment] = await wallet.payments.list()
  if (!payment) throw new Error('nothing was paid')
  return payment
}

/** Puts the last signed payment into a block. */
const land = (): Promise<string> => sendPayment(chain, shop.transactions.at(-1) ?? '', parties.feePayer)

const examine = (payment: Payment, options: Partial<SolanaOptions> = {}): Promise<Evidence> =>
  solana({
    network: solanaDevnet,
    rpcs: [`${chain.url}/one`],
    ...options,
  }).examine(payment)

const two = (): Partial<SolanaOptions> => ({ rpcs: [`${chain.url}/one`, `${chain.url}/two`] })
const heightOf = ({ terms }: Payment): number => Number(terms.details?.['blockHeight'])
/** Adds blocks until the newest final one has a height. */
const finalize = (height: number): void => chain.tick(height + finality - chain.blockAt('processed').height)
/** Makes as many blocks final as it takes until no block can have the payment any more, and time has passed too. */
const outlive = (payment: Payment): void => finalize(heightOf(payment) + 300)

describe('what Solana shows of a payment', () => {
  test('is nothing while its block is processed or confirmed, and then its transfer', async () => {
    const payment = await pay()
    const transaction = await land()
    for (const blocks of [0, 1, 30]) {
      chain.tick(blocks)
      expect(await examine(payment)).toEqual(canStill)
    }
    chain.tick(1)
    expect(await examine(payment)).toEqual({ type: 'executed', transaction, amount: 1000n })
  })

  test('is nothing 32 blocks after its blockhash has died, and its end one block later', async () => {
    const payment = await pay()
    chain.lie('getBlockTime', (truth, [slot]) => Number(truth) + (slot === chain.blockAt('finalized').slot ? 60 : 0))
    finalize(heightOf(payment) + 182)
    expect(await examine(payment)).toEqual(canStill)
    chain.tick()
    expect(await examine(payment)).toEqual({ type: 'expired' })
    await land()
    expect(chain.landed()).toEqual([])
  })

  test('is its transfer, although it landed in the last block that could have it', async () => {
    const payment = await pay()
    chain.tick(heightOf(payment) + 151 - chain.blockAt('processed').height)
    const transaction = await land()
    expect(chain.landed()).toHaveLength(1)
    outlive(payment)
    expect(await examine(payment)).toEqual({ type: 'executed', transaction, amount: 1000n })
  })

  test('is nothing and then its end when it is in a block and failed', async () => {
    const payment = await pay()
    await sendPayment(chain, await signPayment(chain, parties, { amount: 999_500n }), parties.feePayer)
    await land()
    expect(chain.landed()).toMatchObject([{}, { outcome: { error: { InstructionError: [2, { Custom: 1 }] } } }])
    chain.tick(finality)
    expect(await examine(payment)).toEqual(canStill)
    outlive(payment)
    expect(await examine(payment)).toEqual({ type: 'expired' })
  })

  test('is not the transfer of another message with the same memo', async () => {
    const payment = await pay()
    const memo = payment.terms.details?.['memo'] ?? ''
    await sendPayment(chain, await signPayment(chain, parties, { amount: 1001n, memo }), parties.feePayer)
    outlive(payment)
    expect(chain.landed()).toHaveLength(1)
    expect(await examine(payment)).toEqual({ type: 'expired' })
  })

  test('is found behind a thousand later ones, whose memos are others', async () => {
    const payment = await pay()
    const transaction = await land()
    outlive(payment)
    const { slot } = chain.blockAt('finalized')
    const later = Array.from({ length: 1000 }, () => ({ signature: '2'.repeat(88), slot, memo: '[1] x' }))
    chain.lie('getSignaturesForAddress', (_truth, [, config]) =>
      Object(config).before ? [{ signature: transaction, slot: chain.landed()[0]?.block.slot, memo: null }] : later,
    )
    expect(await examine(payment)).toMatchObject({ type: 'executed', transaction })
  })

  test('is asked of final blocks only', async () => {
    const payment = await pay()
    await land()
    outlive(payment)
    const commitments: unknown[] = []
    for (const method of ['getEpochInfo', 'isBlockhashValid', 'getSignaturesForAddress', 'getTransaction']) {
      chain.lie(method, (truth, params) => {
        commitments.push(Reflect.get(Object(params.at(-1)), 'commitment'))
        return truth
      })
    }
    await examine(payment)
    expect(new Set(commitments)).toEqual(new Set(['finalized']))
    expect(commitments).toHaveLength(5)
  })

  test.each([
    ['of EVM', createPayment()],
    ['with no details', createPayment({ asset: { ...createPayment().asset, network: solanaDevnet } })],
  ])('is nothing when the payment is one %s', async (_what, payment) => {
    expect(await examine(payment)).toMatchObject({ type: 'open', reason: expect.stringContaining('no payment of') })
  })

  test('is nothing when the payment is of another network', async () => {
    const payment = await pay()
    outlive(payment)
    const network = `solana:${mainnet.slice(0, 32)}` as const
    expect(await examine(payment, { network })).toMatchObject({ type: 'open' })
  })
})

describe('a node that cannot say', () => {
  const refuse = (): never => {
    throw new RpcError(-32011, 'Transaction history is not available from this node')
  }
  const faults: readonly (readonly [string, () => unknown, string])[] = [
    ['is down', () => chain.goDown(), 'a node could not be reached'],
    ['is of another chain', () => chain.lie('getGenesisHash', () => mainnet), 'a node is of another chain'],
    ['has no history', () => chain.lie('getSignaturesForAddress', refuse), 'no usable answer'],
    ['has forgotten its history', () => chain.pruneHistory(), 'no longer has all of the history'],
    ['does not say how far back it goes', () => chain.lie('getFirstAvailableBlock', refuse), 'no usable answer'],
    [
      'names a height that is none',
      () => chain.lie('getEpochInfo', () => ({ absoluteSlot: 1, blockHeight: 1e300 })),
      'no usable',
    ],
    [
      'answers for another account',
      () => chain.lie('getSignaturesForAddress', () => [{ signature: '../x', slot: 1 }]),
      'no usable',
    ],
    ['lists what it does not have', () => chain.lie('getSignaturesForAddress', listUnknown), 'does not have'],
    ['lists too much to look through', () => chain.lie('getSignaturesForAddress', listEndless), 'too many'],
  ]
  test.each(faults)('releases nothing when it %s', async (_what, break_, reason) => {
    const payment = await pay()
    outlive(payment)
    break_()
    expect(await examine(payment)).toEqual({ type: 'open', reason: expect.stringContaining(reason) })
  })

  test('releases nothing that was executed, when it has forgotten that', async () => {
    const payment = await pay()
    await land()
    outlive(payment)
    chain.pruneHistory()
    expect(await examine(payment)).toMatchObject({ type: 'open' })
  })

  test('confirms nothing with a transaction that is not ours, whatever it calls it', async () => {
    const payment = await pay()
    await land()
    const other = await signPayment(chain, parties)
    outlive(payment)
    chain.lie('getTransaction', (truth) => ({ ...Object(truth), transaction: [other, 'base64'] }))
    expect(await examine(payment)).toEqual({ type: 'expired' })
  })

  test('confirms nothing with a message of ours that we have not signed', async () => {
    const payment = await pay()
    await land()
    outlive(payment)
    const forged = Buffer.from(shop.transactions[0] ?? '', 'base64')
      .fill(0, 65, 129)
      .toString('base64')
    chain.lie('getTransaction', (truth) => ({ ...Object(truth), transaction: [forged, 'base64'] }))
    expect(await examine(payment)).toMatchObject({ type: 'open', reason: expect.stringContaining('not signed') })
  })
})

function listUnknown(): unknown {
  return [{ signature: '3'.repeat(88), slot: chain.blockAt('finalized').slot, memo: null }]
}

function listEndless(): unknown {
  const { slot } = chain.blockAt('finalized')
  return Array.from({ length: 1000 }, () => ({ signature: '3'.repeat(88), slot, memo: '[1] x' }))
}

describe('a quorum of two nodes', () => {
  const higher = (info: unknown): unknown => ({ ...Object(info), blockHeight: Object(info).blockHeight + 1000 })
  const lies: readonly (readonly [string, () => unknown])[] = [
    ['names too great a height', () => chain.lie('getEpochInfo', higher, { tag: 'one' })],
    ['is down', () => chain.goDown({ tag: 'one' })],
    ['is of another chain', () => chain.lie('getGenesisHash', () => mainnet, { tag: 'one' })],
  ]
  test.each(lies)('does not release what can still be executed when one of them %s', async (_what, lie) => {
    const payment = await pay()
    lie()
    const { rpcs = [] } = two()
    expect(await examine(payment, { rpcs })).toMatchObject({ type: 'open' })
    expect(await examine(payment, { rpcs: rpcs.toReversed() })).toMatchObject({ type: 'open' })
  })

  test('counts what was executed, although one of them hides it', async () => {
    const payment = await pay()
    const transaction = await land()
    outlive(payment)
    chain.lie('getSignaturesForAddress', () => [], { tag: 'one' })
    expect(await examine(payment, two())).toMatchObject({ type: 'executed', transaction })
    // Alone, it would have been believed.
    expect(await examine(payment)).toEqual({ type: 'expired' })
  })

  test('releases what both of them say is over', async () => {
    const payment = await pay()
    outlive(payment)
    expect(await examine(payment, two())).toEqual({ type: 'expired' })
  })

  test('of one is enough only where the owner says so', async () => {
    const payment = await pay()
    outlive(payment)
    chain.goDown({ tag: 'two' })
    expect(await examine(payment, two())).toMatchObject({ type: 'open' })
    expect(await examine(payment, { ...two(), quorum: 1 })).toEqual({ type: 'expired' })
  })
})

describe('the time of a Solana chain', () => {
  const timeOf = (options: Partial<SolanaOptions> = {}): Promise<number | undefined> | undefined =>
    solana({ network: solanaDevnet, rpcs: [`${chain.url}/one`, `${chain.url}/two`], ...options }).time?.()

  test('is that of its newest final block', async () => {
    chain.tick(5)
    expect(await timeOf()).toBe(chain.blockAt('finalized').time)
  })

  test('is not wound forward by one of two nodes, and not said by one alone', async () => {
    const end = chain.lie('getBlockTime', () => 4e9, { tag: 'one' })
    expect(await timeOf()).toBe(chain.blockAt('finalized').time)
    end()
    chain.lie('getBlockTime', () => null, { tag: 'one' })
    expect(await timeOf()).toBeUndefined()
    expect(await timeOf({ quorum: 1 })).toBe(chain.blockAt('finalized').time)
  })
})

describe('the options of a Solana chain', () => {
  test.each<readonly [string, Partial<SolanaOptions>]>([
    ['no node', { rpcs: [] }],
    ['one node twice', { rpcs: ['https://a.example', 'https://a.example/'] }],
    ['a quorum of more nodes than there are', { rpcs: ['https://a.example'], quorum: 2 }],
    ['a quorum of none', { rpcs: ['https://a.example'], quorum: 0 }],
    ['a network that is none', { rpcs: ['https://a.example'], network: 'eip155:1' }],
    ['a time without an end', { rpcs: ['https://a.example'], timeoutSeconds: Number.POSITIVE_INFINITY }],
  ])('are refused with %s', (_what, options) => {
    const create = () => solana({ network: solanaDevnet, rpcs: [], ...options })
    expect(outcome(create)).toMatchObject({ code: 'configuration_invalid' })
  })
})

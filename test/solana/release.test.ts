import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Evidence } from '../../src/evm/index.js'
import { type AgentWallet, memoryLedger, type Payment } from '../../src/index.js'
import { solana, type SolanaOptions } from '../../src/solana/index.js'
import { createSolanaAgent, schemeFor } from '../support/solana-agent.ts'
import { entryFor, type SolanaShop, startShop } from '../support/solana-shop.ts'
import {
  createParties,
  devnetUsdc,
  type Parties,
  RpcError,
  sendPayment,
  solanaDevnet,
  startSolana,
  type TestSolana,
} from '../support/solana/index.ts'
import { rejection } from '../support/wallets.ts'

type Info = { readonly absoluteSlot: number; readonly blockHeight: number }
type InContext = { readonly context: { readonly slot: number }; readonly value: unknown }
type Entry = { readonly slot: number }

const day = 86_400_000
const expired = { type: 'expired' }
const open = (reason: string): unknown => ({ type: 'open', reason: expect.stringContaining(reason) })
const refuse = (): never => {
  throw new RpcError(-32005, 'Node is behind by 42 slots')
}

let chain: TestSolana
let parties: Parties
let shop: SolanaShop
let now: number
/** The height of the newest block when the payment was signed. */
let signedAt: number

beforeEach(async () => {
  chain = await startSolana({ mining: 'manual' })
  parties = await createParties(chain)
  now = Date.now()
  shop = await startShop([entryFor(parties)], () => new Response('out of order', { status: 500 }), clock)
})
afterEach(async () => {
  await shop?.close()
  await chain?.close()
})

const clock = (): number => now
const rpcs = (): readonly string[] => [`${chain.url}/one`, `${chain.url}/two`]
const examine = (payment: Payment, options: Partial<SolanaOptions> = {}): Promise<Evidence> =>
  solana({ network: solanaDevnet, rpcs: rpcs(), clock, ...options }).examine(payment)
/** What the nodes say, whichever of them comes first; it has to be the same. */
async function examineBothWays(payment: Payment): Promise<Evidence> {
  const evidence = await examine(payment)
  expect((await examine(payment, { rpcs: rpcs().toReversed() })).type).toBe(evidence.type)
  return evidence
}

const createAgent = (ledger = memoryLedger()): AgentWallet & { readonly signed: readonly Uint8Array[] } =>
  createSolanaAgent(chain, parties.payer, {
    clock,
    ledger,
    schemes: [schemeFor(chain, { clock })],
    chains: [solana({ network: solanaDevnet, rpcs: rpcs(), clock })],
  })

/** Signs a payment that nobody sends. */
async function pay(wallet = createAgent()): Promise<Payment> {
  await wallet.fetch(shop.url, { payment: { key: 'report' } })
  signedAt = chain.blockAt('processed').height
  const [payment] = await wallet.payments.list()
  if (!payment) throw new Error('nothing was paid')
  return payment
}

/** Puts the last signed payment into a block. */
const land = (): Promise<string> => sendPayment(chain, shop.transactions.at(-1) ?? '', parties.feePayer)
/** Makes blocks until the newest final one is so many above the one that was the newest at signing. */
const finalize = (blocks: number): void => chain.tick(signedAt + blocks + 32 - chain.blockAt('processed').height)
/** Well over two minutes of blocks: far more than a message can live. */
const outlive = (): void => finalize(400)

/** Has the node that the scheme signs by name a height and a slot that are so many too great. */
function misplace(tag: string, { blocks = 0, slots = blocks }: { readonly blocks?: number; readonly slots?: number }) {
  const ends = [
    chain.lie(
      'getEpochInfo',
      (truth) => {
        const { blockHeight, absoluteSlot } = truth as Info
        return { ...Object(truth), blockHeight: blockHeight + blocks, absoluteSlot: absoluteSlot + slots }
      },
      { tag },
    ),
    chain.lie(
      'getLatestBlockhash',
      (truth) => {
        const { context, value } = truth as InContext
        const { lastValidBlockHeight, ...rest } = value as { readonly lastValidBlockHeight: number }
        return {
          context: { slot: context.slot + slots },
          value: { ...rest, lastValidBlockHeight: lastValidBlockHeight + blocks },
        }
      },
      { tag },
    ),
  ]
  return () => ends.forEach((end) => end())
}

describe('a payment on Solana that was signed by a node', () => {
  test('that lags a hundred blocks is not released, and not signed anew, while a block can have it', async () => {
    misplace('client', { blocks: -100 })
    const wallet = createAgent()
    await pay(wallet)
    finalize(100)
    now += 120_000
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
    now += day
    for (const blocks of [-32, -10, -1, 0, 100, 148]) {
      finalize(blocks)
      expect(await examine(payment), `${blocks} blocks later`).toMatchObject({ type: 'open' })
    }
    outlive()
    expect(await examine(payment)).toEqual(expired)
  })

  test('that names a height long ago is not released because the wall clock was behind, either', async () => {
    misplace('client', { blocks: -1_000_000, slots: 0 })
    now -= 115_000
    const payment = await pay()
    expect(await examine(payment)).toEqual(open('signed too short a time ago'))
    outlive()
    expect(await examine(payment)).toEqual(expired)
  })

  test('that names a height and a slot long ago is not released before its blockhash is final, either', async () => {
    chain.tick(300)
    now += 120_000
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
    now += 365 * day
    expect(await examine(payment)).toEqual(open('signed too short a time ago'))
  })

  test('by a blockhash alone that is not valid at a final block: that is not yet', async () => {
    const payment = await pay()
    now += day
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
    now -= day
    expect(await examine(payment)).toEqual(expired)
  })
})

describe('a quorum of two nodes does not release a payment on Solana', () => {
  const dead = (truth: unknown): unknown => ({ ...Object(truth), value: false })
  const valid = (truth: unknown): unknown => ({ ...Object(truth), value: true })
  const shift = (slots: number) => (truth: unknown) => {
    const { context, value } = truth as InContext
    return { context: { slot: context.slot + slots }, value }
  }
  const tag = 'one'
  const lies: readonly (readonly [string, () => unknown, string])[] = [
    ['says that its blockhash is valid', () => chain.lie('isBlockhashValid', valid, { tag }), 'can still be executed'],
    ['does not say what is of its blockhash', () => chain.lie('isBlockhashValid', refuse, { tag }), 'no usable answer'],
    [
      'says what is of its blockhash in a word',
      () => chain.lie('isBlockhashValid', () => 'no', { tag }),
      'no usable answer',
    ],
    [
      'says what was of its blockhash before its final block',
      () => chain.lie('isBlockhashValid', shift(-1), { tag }),
      'of another block',
    ],
    [
      'says what is of its blockhash in a block that is not final',
      () => chain.lie('isBlockhashValid', shift(1), { tag }),
      'of another block',
    ],
    ['lags three hundred blocks', () => misplace(tag, { blocks: -300 }), 'can still be executed'],
    ['does not know the time', () => chain.lie('getBlockTime', () => null, { tag }), 'no usable answer'],
    ['is behind in time', () => chain.lie('getBlockTime', (truth) => Number(truth) - 100, { tag }), 'too short a time'],
    ['is down', () => chain.goDown({ tag }), 'could not be reached'],
  ]
  test.each(lies)('when one of them %s', async (_what, lie, reason) => {
    const payment = await pay()
    outlive()
    expect(await examineBothWays(payment)).toEqual(expired)
    lie()
    expect(await examineBothWays(payment)).toEqual(open(reason))
  })

  test('when one of them lies in everything', async () => {
    misplace('client', { blocks: -1_000_000, slots: 0 })
    const payment = await pay()
    finalize(100)
    chain.lie('isBlockhashValid', dead, { tag })
    chain.lie(
      'getBlockTime',
      (truth, [slot]) => Number(truth) + Number(slot === chain.blockAt('finalized').slot) * day,
      {
        tag,
      },
    )
    expect(await examineBothWays(payment)).toMatchObject({ type: 'open' })
    // Alone, it would have been believed.
    expect(await examine(payment, { rpcs: [`${chain.url}/one`] })).toEqual(expired)
  })

  test('when one of them is ahead of all blocks', async () => {
    const payment = await pay()
    finalize(100)
    misplace(tag, { blocks: 10_000, slots: 0 })
    chain.lie('isBlockhashValid', dead, { tag })
    chain.lie('getBlockTime', (truth) => Number(truth) + 10_000, { tag })
    expect(await examineBothWays(payment)).toMatchObject({ type: 'open' })
  })

  test('by what was of its blockhash before the history that was read', async () => {
    const payment = await pay()
    outlive()
    const asked: string[] = []
    const slots: unknown[] = []
    for (const method of ['isBlockhashValid', 'getSignaturesForAddress']) {
      chain.lie(method, (truth, params) => {
        asked.push(method)
        slots.push(Object(params[1]).minContextSlot)
        return truth
      })
    }
    await examine(payment, { rpcs: [`${chain.url}/one`] })
    const { slot } = chain.blockAt('finalized')
    expect(asked).toEqual(['isBlockhashValid', 'getSignaturesForAddress'])
    expect(slots).toEqual([slot, slot])
  })
})

describe('the history of a payer on Solana', () => {
  /** Makes the payment the oldest of four. */
  async function bury(): Promise<{ readonly payment: Payment; readonly transaction: string }> {
    const wallet = createAgent()
    const payment = await pay(wallet)
    const transaction = await land()
    for (const key of ['one', 'two', 'three']) {
      chain.tick()
      await wallet.fetch(`${shop.url}/${key}`, { payment: { key } })
      await land()
    }
    expect(chain.landed()).toHaveLength(4)
    outlive()
    return { payment, transaction }
  }

  test('is read to its end where a node lists less at once than it is asked for', async () => {
    const { payment, transaction } = await bury()
    chain.lie('getSignaturesForAddress', (truth) => (truth as readonly Entry[]).slice(0, 1))
    expect(await examine(payment)).toMatchObject({ type: 'executed', transaction })
  })

  test('is not the word of nodes that list it in another order', async () => {
    const { payment } = await bury()
    chain.lie('getSignaturesForAddress', (truth, [, config]) =>
      Object(config).before ? [] : (truth as readonly Entry[]).slice(0, 3).toReversed(),
    )
    expect(await examine(payment)).toEqual(open('not in their order'))
  })

  test('is not the word of nodes whose next page begins anew', async () => {
    const { payment } = await bury()
    let pages = 0
    chain.lie('getSignaturesForAddress', (truth) => {
      pages += 1
      const all = truth as readonly Entry[]
      return pages % 2 === 1 ? all.slice(1, 3) : all.slice(0, 1).map((one) => ({ ...one, slot: one.slot + 100 }))
    })
    expect(await examine(payment)).toMatchObject({ type: 'open' })
  })
})

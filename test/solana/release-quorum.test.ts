import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../src/evm/index.js'
import type { Payment } from '../../src/index.js'
import { sendPayment } from '../support/solana/index.ts'
import {
  examine,
  rpcs,
  chain,
  shop,
  parties,
  setUpUnsent,
  type InContext,
  refuse,
  misplace,
  pay,
  outlive,
  expired,
  open,
  finalize,
  day,
  createAgent,
} from '../support/solana-unsent.ts'

type Entry = { readonly slot: number }

/** What the nodes say, whichever of them comes first; it has to be the same. */
async function examineBothWays(payment: Payment): Promise<Evidence> {
  const evidence = await examine(payment)
  expect((await examine(payment, { rpcs: rpcs().toReversed() })).type).toBe(evidence.type)
  return evidence
}

/** Puts the last signed payment into a block. */
const land = (): Promise<string> => sendPayment(chain, shop.transactions.at(-1) ?? '', parties.feePayer)

setUpUnsent()

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

import { describe, expect, test } from 'vitest'
import { ConfigurationError, getPayment, LimitExceededError, spendingLimit, allowHosts } from '../../src/index.js'
import { toJSONValue } from '../../src/lib/json-safe.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const read = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('what a wallet hands out can be written as JSON, amounts as digits', () => {
  test('payments, wherever they come from', async () => {
    const { open } = openShop()
    const wallet = open()
    const told: unknown[] = []
    wallet.on('payment.settled', (event) => told.push(event, event.payment))
    const response = await wallet.fetch(url)
    const payment = getPayment(response)
    const id = payment?.id
    expect(read(payment)).toMatchObject({ id, amount: '10000', microUsd: '10000', asset: { microUsd: '1000000' } })
    expect(read(await wallet.payments.list())).toMatchObject([{ id, amount: '10000' }])
    expect(read(id && (await wallet.payments.get(id)))).toMatchObject({ id, amount: '10000' })
    expect(read(told)).toMatchObject([{ payment: { id, amount: '10000' } }, { id, amount: '10000' }])
  })

  test('quotes and budgets, of a session too', async () => {
    const { open } = openShop()
    const session = open().session({ limits: { dailyLimitUsd: 1 }, allowHosts: ['shop.example.com'] })
    expect(read(await session.quote(url))).toMatchObject({ payable: { microUsd: '10000', offer: { amount: '10000' } } })
    expect(read(await session.budget())).toContainEqual(expect.objectContaining({ max: '1000000', used: '0' }))
  })

  test('errors, by the name of their class and with what they carry, but for their cause', async () => {
    const { open } = openShop()
    const policy = [allowHosts(['shop.example.com']), spendingLimit({ dailyLimitUsd: 0.001 })]
    const error = await rejection(open({ policy }).fetch(url))
    expect(error).toBeInstanceOf(LimitExceededError)
    expect(read(error)).toMatchObject({
      name: 'LimitExceededError',
      code: 'limit_exceeded',
      moved: 'no',
      message: expect.stringContaining('daily limit'),
      limit: { max: '1000' },
    })
    const wrapped = new ConfigurationError('Failed', { cause: new Error('inner') })
    expect(read(wrapped)).toEqual({
      name: 'ConfigurationError',
      message: 'Failed',
      code: 'configuration_invalid',
      moved: 'no',
      retryable: false,
    })
  })

  test('an approval that waits', async () => {
    const { open } = openShop({ price: 2_000_000n })
    const policy = [allowHosts(['shop.example.com']), spendingLimit({ perPaymentUsd: 5, notifyMaxUsd: 1 })]
    const wallet = open({ policy })
    const error = await rejection(wallet.fetch(url))
    expect(read(error)).toMatchObject({ code: 'approval_required', approval: { amount: '2000000' } })
    expect(read(await wallet.approvals.list())).toMatchObject([{ amount: '2000000' }])
  })

  test('a value that says itself how it is written is asked', () => {
    const at = new Date(0)
    expect(toJSONValue({ at, list: [1n, [2n]], none: undefined, word: 'a' })).toEqual({
      at: at.toJSON(),
      list: ['1', ['2']],
      none: undefined,
      word: 'a',
    })
  })
})

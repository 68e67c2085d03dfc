import { expect, test } from 'vitest'
import { paymentTools, type ToolCall } from 'stipend/tools'
import { setUpMarket, url } from '../support/market.ts'

const { sell, open, taken } = setUpMarket()
const input = { url, key: 'report' }
const turn = (number: number): ToolCall => ({ key: `turn-${number}`, conversation: 'chat' })

/** A purchase for which an earlier call has asked a person, who said nothing. */
async function askOnce() {
  sell({ priceUsd: '5' })
  const wallet = open()
  const session = wallet.session({})
  const { pay_fetch } = paymentTools(session)
  const first = await pay_fetch.ask(input, turn(1))
  expect(first).toMatchObject({ status: 'pending' })
  return { wallet, session, pay_fetch, first }
}

test('a later call of the same purchase puts the question that waits to its person as well, whose yes is to just that', async () => {
  const { wallet, pay_fetch, first } = await askOnce()
  expect(await pay_fetch.ask(input, turn(2))).toMatchObject({ id: first?.id, status: 'pending' })
  const paid = await pay_fetch.executeApproved(input, turn(2), wallet.approvals)
  expect(paid).toMatchObject({ status: 'ok', payment: { amountUsd: '$5.00', key: 'report' } })
  expect(taken()).toBe(5_000_000n)
})

test('a yes to a later call about which nobody was asked is none to what an earlier one has asked for', async () => {
  const { wallet, session, pay_fetch } = await askOnce()
  await pay_fetch.ask(input, turn(2))
  for (const [tool, call] of [
    [pay_fetch, turn(3)],
    [paymentTools(session).pay_fetch, turn(2)],
  ] as const) {
    expect(await tool.executeApproved(input, call, wallet.approvals)).toMatchObject({ status: 'denied' })
  }
  expect((await wallet.approvals.list()).map(({ status }) => status)).toEqual(['pending'])
  expect(taken()).toBe(0n)
})

test('a no to a later call of the same purchase denies the question that waits', async () => {
  const { wallet, pay_fetch } = await askOnce()
  await pay_fetch.ask(input, turn(2))
  await pay_fetch.deny(turn(2), wallet.approvals)
  expect((await wallet.approvals.list()).map(({ status }) => status)).toEqual(['denied'])
  expect(await pay_fetch.ask(input, turn(3))).toBeUndefined()
})

test('another purchase, and another session, asks for itself', async () => {
  const { wallet, pay_fetch, first } = await askOnce()
  const other = await pay_fetch.ask({ ...input, key: 'report-2' }, turn(2))
  const elsewhere = await paymentTools(wallet.session({})).pay_fetch.ask(input, turn(2))
  expect(new Set([first?.id, other?.id, elsewhere?.id]).size).toBe(3)
})

test('a yes is to what was shown first, also where the price has risen and it was asked about once more', async () => {
  const { wallet, pay_fetch, first } = await askOnce()
  expect(await pay_fetch.ask(input, turn(2))).toMatchObject({ id: first?.id })
  sell({ priceUsd: '9' })
  expect(await pay_fetch.ask(input, turn(2))).toMatchObject({ id: first?.id })
  expect(await pay_fetch.executeApproved(input, turn(2), wallet.approvals)).toMatchObject({ status: 'denied' })
  expect(taken()).toBe(0n)
})

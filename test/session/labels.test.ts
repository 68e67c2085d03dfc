import { describe, expect, test } from 'vitest'
import { allowHosts, narrowToken, type Rule, type Session, spendingLimit } from '../../src/index.js'
import { paymentTools } from '../../src/tools/index.js'
import { openService } from '../support/service.ts'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/report'
/** Two cents for each task; a report costs one. */
const policy = [
  allowHosts(['shop.example.com']),
  spendingLimit({ dailyLimitUsd: 50 }),
  spendingLimit({ totalLimitUsd: '0.02', scope: 'label:task' }),
]

/** Buys once under each of these labels, and answers how often it was paid. */
async function buyAs(session: Session, tasks: readonly string[]): Promise<number> {
  let paid = 0
  for (const [index, task] of tasks.entries()) {
    const answer = session.fetch(`${url}?${task}${index}`, { payment: { labels: { task } } })
    paid += await answer.then(
      () => 1,
      () => 0,
    )
  }
  return paid
}

describe('a limit on a label', () => {
  test('takes what the holder of a session files under labels of its own as one, and files it all the same', async () => {
    const shop = openShop()
    const wallet = shop.open({ policy })
    expect(await buyAs(wallet.session({}), ['1', '2', '3', '4', '5'])).toBe(2)
    expect(shop.keyStore.signed).toHaveLength(2)
    const refused = await rejection(wallet.session({}).fetch(url, { payment: { labels: { task: '6' } } }))
    expect(refused).toMatchObject({ code: 'limit_exceeded', limit: { scope: 'label:task=' } })
    expect((await wallet.payments.list({ labels: { task: '2' } })).map(({ labels }) => labels)).toEqual([{ task: '2' }])
  })

  test('takes the labels of sessions that a holder makes, in this process or out of the token, as none', async () => {
    const shop = openShop()
    const wallet = shop.open({ policy })
    const session = wallet.session({})
    const token = await session.token()
    expect(await buyAs(session.session({ labels: { task: '1' } }), ['', ''])).toBe(2)
    expect(await buyAs(session.session({ labels: { task: '2' } }), [''])).toBe(0)
    expect(await buyAs(await wallet.openSession(narrowToken(token, { labels: { task: '3' } })), [''])).toBe(0)
    expect(shop.keyStore.signed).toHaveLength(2)
  })

  test('counts each value that the owner gave for itself, whatever a holder adds', async () => {
    const shop = openShop()
    const wallet = shop.open({ policy })
    const [one, other] = [wallet.session({ labels: { task: '1' } }), wallet.session({ labels: { task: '2' } })]
    expect(await buyAs(one, ['2', '2', '2'])).toBe(2)
    expect(await buyAs(other.session({ labels: { task: '9' } }), ['3', '3', '3'])).toBe(2)
    expect(shop.keyStore.signed).toHaveLength(4)
  })

  test('cannot be used up by a holder who takes the label of another', async () => {
    const wallet = openShop().open({ policy })
    expect(await buyAs(wallet.session({}), ['1', '1', '1'])).toBe(2)
    expect(await buyAs(wallet.session({ labels: { task: '1' } }), ['', ''])).toBe(2)
  })

  test('counts what the wallet itself files under each value', async () => {
    const wallet = openShop().open({ policy })
    for (const task of ['1', '2', '3']) {
      expect((await wallet.fetch(`${url}?${task}`, { payment: { labels: { task } } })).status).toBe(200)
    }
  })

  test('is not the wider for the names of tool calls', async () => {
    const shop = openShop()
    const limit = spendingLimit({ totalLimitUsd: '0.02', scope: 'label:toolCall' })
    const wallet = shop.open({ policy: [allowHosts(['shop.example.com']), limit] })
    const { pay_fetch: tool } = paymentTools(wallet)
    for (const key of ['a', 'b', 'c', 'd']) await tool.execute({ url: `${url}?${key}` }, { key })
    expect(shop.keyStore.signed).toHaveLength(2)
  })

  test('holds over HTTP, where whoever has a token says what a payment is filed under', async () => {
    const { ask, token, shop } = openService({ wallet: { policy } })
    const session = await token()
    const codes: unknown[] = []
    for (const task of ['1', '2', '3']) {
      const body = { url: `${url}?${task}`, payment: { labels: { task } } }
      codes.push((await ask('POST /v1/x402/fetch', { token: session, body })).json.code)
    }
    expect(codes).toEqual([undefined, undefined, 'limit_exceeded'])
    expect(shop.keyStore.signed).toHaveLength(2)
  })
})

describe("a rule of the owner's own", () => {
  test("judges by the labels that the owner gave, and never by a holder's", async () => {
    const seen: unknown[] = []
    const rule: Rule = {
      name: 'by task',
      judge: ({ labels }) => {
        seen.push(labels)
        return labels['task'] === 'trusted' ? { type: 'allow' } : { type: 'deny', reason: 'unknown task' }
      },
    }
    const wallet = openShop().open({ policy: [...policy, rule] })
    const forged = wallet.session({ labels: { team: 'a' } }).session({ labels: { task: 'trusted' } })
    expect(await rejection(forged.fetch(url))).toMatchObject({ code: 'payment_denied' })
    expect((await wallet.session({ labels: { task: 'trusted' } }).fetch(url)).status).toBe(200)
    expect(seen).toContainEqual({ team: 'a' })
  })
})

describe('labels of a session', () => {
  const many = (count: number, letter: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${letter}${index}`, 'x']))

  test('are as many as a payment can have, also where its tools add one', async () => {
    const session = openShop()
      .open()
      .session({ labels: many(10, 'a') })
    const narrower = session.session({ labels: { ...many(10, 'a'), ...many(6, 'b') } })
    expect((await narrower.fetch(url)).status).toBe(200)
    const { pay_fetch: payFetch } = paymentTools(narrower)
    expect(await payFetch.execute({ url }, { key: 'call-1', conversation: 'c' })).toMatchObject({ status: 'ok' })
    const [newest] = await narrower.payments.list({ limit: 1 })
    expect(Object.keys(newest?.labels ?? {})).toHaveLength(17)
  })

  test('are refused where they are too many for any payment: as it is made, narrowed, or opened', async () => {
    const wallet = openShop().open()
    const refusal = { code: 'configuration_invalid', message: expect.stringMatching(/more than 16 labels/) }
    expect(await rejection((async () => wallet.session({ labels: many(17, 'a') }))())).toMatchObject(refusal)
    const session = wallet.session({ labels: many(10, 'a') })
    expect(await rejection((async () => session.session({ labels: many(7, 'b') }))())).toMatchObject(refusal)
    const token = await session.token()
    expect(await rejection((async () => narrowToken(token, { labels: many(17, 'b') }))())).toMatchObject(refusal)
    // What narrows a token knows nothing of what it was made from.
    const opening = wallet.openSession(narrowToken(token, { labels: many(7, 'b') }))
    expect(await rejection(opening)).toMatchObject({ ...refusal, code: 'session_invalid' })
  })
})

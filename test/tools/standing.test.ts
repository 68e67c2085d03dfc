import { describe, expect, test } from 'vitest'
import { type AgentWalletOptions, allowHosts, type Ledger, memoryLedger } from 'stipend'
import { paidResource, testKeyStore } from 'stipend/testing'
import { paymentTools, type ToolCall } from 'stipend/tools'
import { openService } from '../support/service.ts'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'

/** A shop that takes the money and answers 500, a wallet that has bought there once, and its tools. */
async function buyInVain(call: ToolCall, options: Partial<AgentWalletOptions> = {}) {
  const shop = openShop()
  const sell = paidResource({ fault: 'settle-then-500', clock: () => shop.scene.now })
  const state = { isDead: false, status: 0 }
  const fetch: typeof globalThis.fetch = async (input, init) => {
    if (state.isDead) throw new TypeError('fetch failed')
    return state.status > 0 ? new Response('no', { status: state.status }) : sell(new Request(input, init))
  }
  const wallet = shop.open({ fetch, ...options })
  const tools = paymentTools(wallet)
  const first = await tools.pay_fetch.execute({ url }, call)
  expect(first).toMatchObject({ status: 'unknown', payment: { state: 'unknown' } })
  return { shop, wallet, tools, state, first, signed: () => shop.keyStore.signed.length, settled: () => sell.settled }
}

const refusals: Readonly<Record<string, (scene: Awaited<ReturnType<typeof buyInVain>>) => Promise<void>>> = {
  'a freeze': ({ wallet }) => wallet.freeze('look at this'),
  'a policy': ({ wallet }) => wallet.setPolicy([allowHosts(['other.example.com'])]),
  'a dead server': async ({ state }) => void (state.isDead = true),
  'a server that fails': async ({ state }) => void (state.status = 503),
}

describe.each([
  ['by the same name', { key: 'call_1' }, { key: 'call_1' }],
  ['without a name', {}, {}],
  ['by another name of the framework', { key: 'call_1' }, { key: 'call_2' }],
])('a call that is made again %s after an unknown payment', (_how, first, second) => {
  test.each(Object.entries(refusals))('names that payment before %s', async (_what, refuse) => {
    const scene = await buyInVain(first)
    await refuse(scene)
    const again = await scene.tools.pay_fetch.execute({ url }, second)
    const id = String(scene.first.payment?.id)
    expect(again).toMatchObject({ status: 'unknown', payment: { id, state: 'unknown' } })
    const [standing = '', ...rest] = again.explanation.split('\n')
    expect(standing).toContain(id)
    expect(standing).toContain('Do not buy it again.')
    expect(standing).not.toMatch(/nothing was|before anything/i)
    expect(rest.join()).toMatch(/^Of this call: /)
    expect(scene.signed()).toBe(1)
    expect(scene.settled()).toBe(10_000n)
  })
})

describe('a call that is refused', () => {
  test('has nothing to name where nothing stands, and says what it said before', async () => {
    const wallet = openShop().open()
    await wallet.freeze('look at this')
    const answer = await paymentTools(wallet).pay_fetch.execute({ url }, { key: 'call_1' })
    expect(answer).toMatchObject({ status: 'denied', code: 'wallet_frozen' })
    expect(answer.payment).toBeUndefined()
  })

  test('names what was bought under the same name', async () => {
    const shop = openShop()
    const wallet = shop.open()
    const tools = paymentTools(wallet)
    await tools.pay_fetch.execute({ url, key: 'report' })
    await wallet.freeze('look at this')
    const answer = await tools.pay_fetch.execute({ url, key: 'report' })
    expect(answer).toMatchObject({ payment: { state: 'claimed' } })
    expect(answer.explanation).toContain('Do not buy it again.')
    // Another name that the model gives is another purchase.
    const other = await tools.pay_fetch.execute({ url, key: 'other' })
    expect(other.payment).toBeUndefined()
  })

  test('says what it can where the ledger is gone', async () => {
    const ledger: Ledger = { ...memoryLedger(), list: () => Promise.reject(new TypeError('gone')) }
    const wallet = openShop().open({ ledger })
    await wallet.freeze('look at this')
    expect(await paymentTools(wallet).pay_fetch.execute({ url })).toMatchObject({ code: 'wallet_frozen' })
  })
})

test('a call that is paid asks the ledger nothing more for it', async () => {
  const asked: string[] = []
  const inner = memoryLedger()
  const ledger: Ledger = {
    ...inner,
    list: (filter) => {
      asked.push(JSON.stringify(filter))
      return inner.list(filter)
    },
  }
  const wallet = openShop().open({ ledger, keyStore: testKeyStore() })
  expect(await paymentTools(wallet).pay_fetch.execute({ url }, { key: 'call_1' })).toMatchObject({ status: 'ok' })
  expect(asked).toEqual([])
})

test('over HTTP a named purchase that is refused names its payment first', async () => {
  const shop = openShop()
  const sell = paidResource({ fault: 'settle-then-500', clock: () => shop.scene.now })
  const fetch: typeof globalThis.fetch = async (input, init) => sell(new Request(input, init))
  const { ask, token, wallet } = openService({ shop, wallet: { fetch } })
  const session = await token()
  const asking = { token: session, body: { url, payment: { key: 'report' } } }
  const first = await ask('POST /v1/x402/fetch', asking)
  expect(first.json.payment).toMatchObject({ status: 'unknown' })
  await wallet.freeze('look at this')
  const again = await ask('POST /v1/x402/fetch', asking)
  expect(again.json).toMatchObject({
    code: 'payment_outcome_unknown',
    moved: 'maybe',
    payment: { id: first.json.payment.id },
  })
  expect(again.json.title).toContain('this one was refused: Wallet is frozen')
  expect(shop.keyStore.signed).toHaveLength(1)
})

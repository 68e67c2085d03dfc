import { describe, expect, test } from 'vitest'
import {
  type AgentWalletOptions,
  allowHosts,
  ConfigurationError,
  createPolicyEngine,
  spendingLimit,
} from '../../src/index.js'
import { createHandler } from '../../adapters/http/index.js'
import { askOf, masterPassword as password, openService, type Service } from '../support/service.ts'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'
const shopOnly = { type: 'X402_ALLOWED_DOMAINS', rules: { domains: ['shop.example.com'] } }
const elsewhere = { type: 'X402_ALLOWED_DOMAINS', rules: { domains: ['api.openai.com', '*.anthropic.com'] } }
const tight = { type: 'SPENDING_LIMIT', rules: { instant_max_usd: 0.02, daily_limit_usd: 0.03 } }

/** A wallet without a policy in code: the documents are all there is. */
function openBook(): Service {
  const shop = openShop()
  return openService({ shop, wallet: { policy: [] }, handler: { policies: { store: shop.ledger } } })
}

/** A wallet whose policy in code lets it buy at the shop, at most twice. */
function openCoded(policy: AgentWalletOptions['policy'] = coded): Service {
  const shop = openShop()
  return openService({ shop, wallet: { policy }, handler: { policies: { store: shop.ledger } } })
}

const coded = [allowHosts(['shop.example.com']), spendingLimit({ dailyLimitUsd: 0.02 })]

const buy = async ({ ask, token }: Service) =>
  (await ask('POST /v1/x402/fetch', { token: await token(), body: { url } })).json
const list = async ({ ask }: Pick<Service, 'ask'>) => (await ask('GET /v1/policies', { password })).json.policies

describe('policies over HTTP', () => {
  test.each([
    ['rules', coded],
    ['an engine of rules', createPolicyEngine(coded)],
    ['an engine of the owner’s own', { evaluate: (request: never) => createPolicyEngine(coded).evaluate(request) }],
  ])('never loosen a policy in code that is %s, whatever they say', async (_, policy) => {
    const service = openCoded(policy as never)
    const { ask } = service
    expect(await buy(service)).toMatchObject({ status: 200 })
    const wide = [
      { type: 'allowHosts', hosts: ['shop.example.com', 'api.data.example'] },
      { type: 'spendingLimit', dailyLimitUsd: 90 },
    ]
    expect((await ask('PUT /v1/policies', { password, body: { policies: wide } })).status).toBe(200)
    const other = { url: 'https://api.data.example/report' }
    const elsewhere = await ask('POST /v1/x402/fetch', { token: await service.token(), body: other })
    expect(elsewhere.json).toMatchObject({ code: 'payment_denied' })
    expect(await buy(service)).toMatchObject({ status: 200 })
    expect(await buy(service)).toMatchObject({ code: 'limit_exceeded' })
    expect(service.shop.taken()).toBe(20_000n)
  })

  test('take no pattern that reaches names of strangers, by the whole list of such names', async () => {
    const { ask } = openCoded()
    const wide = [{ type: 'allowHosts', hosts: ['*.notion.site'] }]
    const answer = await ask('PUT /v1/policies', { password, body: { policies: wide } })
    expect(answer.status).toBe(400)
    expect(JSON.stringify(answer.json)).toContain('names under notion.site belong to strangers')
  })

  test('narrow a policy in code, which holds alone again when the last one is removed', async () => {
    const service = openCoded()
    const added = await service.ask('POST /v1/policies', { password, body: elsewhere })
    expect(await buy(service)).toMatchObject({ code: 'payment_denied' })
    await service.ask(`DELETE /v1/policies/${added.json.id}`, { password })
    expect(await buy(service)).toMatchObject({ status: 200 })
    await service.ask('POST /v1/policies', { password, body: { ...tight, rules: { daily_limit_usd: 0.015 } } })
    expect(await buy(service)).toMatchObject({ code: 'limit_exceeded' })
    const { limits } = (await service.ask('GET /v1/wallet/budget', { password })).json
    const daily = limits.filter(({ name }: { name: string }) => name.includes('daily'))
    expect(daily.map(({ max }: { max: string }) => max)).toEqual(['20000', '15000'])
  })

  test('do not bring back what the owner’s code has taken away', async () => {
    const service = openCoded()
    await service.ask('POST /v1/policies', { password, body: shopOnly })
    await service.wallet.setPolicy([])
    expect(await buy(service)).toMatchObject({ code: 'payment_denied' })
    await service.ask('PUT /v1/policies', { password, body: { policies: [shopOnly, tight] } })
    expect(await buy(service)).toMatchObject({ code: 'payment_denied' })
    await service.wallet.setPolicy(coded)
    expect(await buy(service)).toMatchObject({ status: 200 })
  })

  test('are the whole policy of a wallet that has none in code, and all of them have to agree', async () => {
    const service = openBook()
    const { ask } = service
    expect(await list(service)).toEqual([])
    expect(await buy(service)).toMatchObject({ code: 'payment_denied' })
    await ask('POST /v1/policies', { password, body: shopOnly })
    expect(await buy(service)).toMatchObject({ status: 200 })
    const added = await ask('POST /v1/policies', { password, body: elsewhere })
    expect(added.status).toBe(201)
    expect(added.json).toMatchObject({ ...elsewhere, id: expect.any(String), walletId: expect.any(String) })
    expect(await buy(service)).toMatchObject({ code: 'payment_denied' })
    await ask(`DELETE /v1/policies/${added.json.id}`, { password })
    expect(await buy(service)).toMatchObject({ status: 200 })
    const [left] = await list(service)
    await ask(`DELETE /v1/policies/${left.id}`, { password })
    expect(await buy(service)).toMatchObject({ code: 'payment_denied' })
    expect(service.shop.taken()).toBe(20_000n)
  })

  test('are there after a restart, and in every process that shares the ledger', async () => {
    const service = openBook()
    const other = service.restart()
    await service.ask('PUT /v1/policies', { password, body: { policies: [shopOnly, tight] } })
    const token = await service.token()
    const pay = async ({ ask }: Pick<Service, 'ask'>) =>
      (await ask('POST /v1/x402/fetch', { token, body: { url } })).json.status
    expect(await pay(other)).toBe(200)
    expect(await pay(service.restart())).toBe(200)
    expect(await pay(service)).toBe(200)
    expect(await pay(other)).toBe(403)
    expect(await list(other)).toHaveLength(2)
  })

  test('are replaced one by one or all in one step', async () => {
    const service = openBook()
    const { ask } = service
    const { id } = (await ask('POST /v1/policies', { password, body: shopOnly })).json
    const put = await ask(`PUT /v1/policies/${id}`, { password, body: elsewhere })
    expect(put.json).toMatchObject({ ...elsewhere, id })
    expect(await list(service)).toHaveLength(1)
    await ask('PUT /v1/policies', { password, body: { policies: [] } })
    expect(await list(service)).toEqual([])
    expect(await buy(service)).toMatchObject({ code: 'payment_denied' })
    expect((await ask(`PUT /v1/policies/${id}`, { password, body: shopOnly })).status).toBe(404)
    expect((await ask(`DELETE /v1/policies/${id}`, { password })).status).toBe(404)
  })

  test.each([
    [{ ...shopOnly, rules: { domain: ['x.example.com'] } }, 'domain'],
    [{ ...shopOnly, rules: { domains: ['*.com'] } }, '*.com'],
    [{ ...tight, rules: { daily_limt_usd: 1 } }, 'daily_limt_usd'],
    [{ ...tight, enabled: false }, 'enabled'],
    [{ type: 'NO_SUCH_TYPE', rules: {} }, 'type'],
    [{ ...shopOnly, id: '00000000-0000-4000-8000-000000000000' }, 'id'],
    [{ rules: {} }, 'type'],
  ])('that are not usable change nothing: %j', async (body, place) => {
    const service = openBook()
    await service.ask('POST /v1/policies', { password, body: shopOnly })
    const before = await list(service)
    const refused = await service.ask('POST /v1/policies', { password, body })
    expect(refused.status).toBe(400)
    expect(refused.text).toContain(place)
    const all = await service.ask('PUT /v1/policies', { password, body: { policies: [elsewhere, body] } })
    expect(all.status).toBe(400)
    expect(await list(service)).toEqual(before)
    expect(await buy(service)).toMatchObject({ status: 200 })
  })

  test('are for the wallet that they name', async () => {
    const { ask } = openBook()
    const { walletId } = (await ask('GET /v1/wallet/address', { password })).json
    const post = async (id: string) =>
      (await ask('POST /v1/policies', { password, body: { walletId: id, ...shopOnly } })).status
    expect(await post(walletId)).toBe(201)
    expect(await post('00000000-0000-4000-8000-000000000000')).toBe(404)
    expect(await post('WALLET')).toBe(400)
  })

  test('that are added at once are all kept', async () => {
    const service = openBook()
    const bodies = Array.from({ length: 8 }, () => shopOnly)
    await Promise.all(bodies.map((body) => service.ask('POST /v1/policies', { password, body })))
    expect(await list(service)).toHaveLength(8)
  })

  test('cannot take away the rules that always hold', async () => {
    const shop = openShop()
    const handler = { policies: { store: shop.ledger, always: [tight] } }
    const service = openService({ shop, wallet: { policy: [] }, handler })
    await service.ask('PUT /v1/policies', { password, body: { policies: [shopOnly] } })
    for (const status of [200, 200, 200]) expect(await buy(service)).toMatchObject({ status })
    expect(await buy(service)).toMatchObject({ code: 'limit_exceeded' })
  })

  test('that always hold are read at once', () => {
    const { ledger: store, open } = openShop()
    const make = (always: unknown[]) => () =>
      createHandler({ wallet: open(), masterPassword: password, policies: { store, always } })
    expect(make([{ ...tight, rules: { daily_limt_usd: 1 } }])).toThrow(ConfigurationError)
    expect(make([tight])).not.toThrow()
  })

  test('that cannot be read any more let nothing be paid, until the owner replaces them', async () => {
    const service = openBook()
    await service.ask('POST /v1/policies', { password, body: shopOnly })
    await service.shop.ledger.remember('http.policies', '[{"id":')
    expect(await buy(service)).toMatchObject({ status: 503, code: 'policies_unreadable' })
    expect((await service.ask('POST /v1/policies', { password, body: shopOnly })).status).toBe(503)
    await service.ask('PUT /v1/policies', { password, body: { policies: [shopOnly] } })
    expect(await buy(service)).toMatchObject({ status: 200 })
    await service.shop.ledger.remember(
      'http.policies',
      JSON.stringify([{ id: crypto.randomUUID(), document: { type: 'GONE' } }]),
    )
    expect(await buy(service)).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
    expect(service.shop.keyStore.signed).toHaveLength(1)
    await service.ask('PUT /v1/policies', { password, body: { policies: [shopOnly] } })
    expect(await buy(service)).toMatchObject({ status: 200 })
  })

  test('that cannot be stored change nothing', async () => {
    const shop = openShop()
    const store = { ...shop.ledger, remember: async () => Promise.reject(new Error('disk full')) }
    const service = openService({ shop, wallet: { policy: [] }, handler: { policies: { store, always: [shopOnly] } } })
    expect((await service.ask('POST /v1/policies', { password, body: elsewhere })).status).toBe(500)
    expect(await buy(service)).toMatchObject({ status: 200 })
  })

  test('are not offered without a place to keep them', async () => {
    const ask = askOf(createHandler({ wallet: openShop().open(), masterPassword: password }))
    expect((await ask('GET /v1/policies', { password })).json).toMatchObject({ status: 501, code: 'not_offered' })
    expect((await ask('POST /v1/policies', { password, body: shopOnly })).status).toBe(501)
  })
})

import { describe, expect, test } from 'vitest'
import { masterPassword, openService } from '../support/service.ts'

const url = 'https://shop.example.com/report'
const password = masterPassword

describe('a session over HTTP', () => {
  test('is made by the owner, ends in a day unless said otherwise, and sees only its own', async () => {
    const { ask, token, shop, wallet } = openService()
    const made = await ask('POST /v1/sessions', { password, body: {} })
    expect(made.status).toBe(201)
    expect(made.json).toEqual({
      id: expect.stringMatching(/^ses_[0-9a-f]{32}$/),
      token: expect.stringMatching(/^wai_sess_/),
      expiresAt: shop.scene.now + 86_400_000,
    })
    const other = await token()
    await ask('POST /v1/x402/fetch', { token: made.json.token, body: { url } })
    const [paid] = await wallet.payments.list()
    const list = async (asking: object) => (await ask('GET /v1/payments', asking)).json.payments
    expect(await list({ token: made.json.token })).toMatchObject([{ id: paid?.id, amount: '10000' }])
    expect(await list({ token: other })).toEqual([])
    expect(await list({ password })).toHaveLength(1)
    const one = async (asking: object) => (await ask(`GET /v1/payments/${paid?.id}`, asking)).status
    expect([await one({ token: made.json.token }), await one({ token: other }), await one({ password })]).toEqual([
      200, 404, 200,
    ])
    const budget = await ask('GET /v1/wallet/budget', { token: other })
    expect(budget.json.limits.map((line: { name: string }) => line.name)).toContain('daily limit')
  })

  test('that is expired or revoked pays and sees nothing', async () => {
    const { ask, token, shop } = openService()
    const made = await ask('POST /v1/sessions', { password, body: {} })
    const late = await token({ expiresAt: shop.scene.now + 1000 })
    shop.scene.now += 1000
    expect((await ask('POST /v1/x402/fetch', { token: late, body: { url } })).json.code).toBe('session_invalid')
    const gone = await ask(`DELETE /v1/sessions/${made.json.id}`, { password })
    expect(gone.json).toEqual({ id: made.json.id, revoked: true })
    const refused = await ask('POST /v1/x402/fetch', { token: made.json.token, body: { url } })
    expect(refused.json).toMatchObject({ status: 401, code: 'session_revoked', session: made.json.id })
    expect(refused.headers.get('www-authenticate')).toContain('Bearer')
    expect(shop.keyStore.signed).toHaveLength(0)
  })

  test('for another audience is not opened', async () => {
    const { ask, token } = openService({ handler: { audience: 'daemon-1' } })
    const [own, other] = [await token({ audience: 'daemon-1' }), await token({ audience: 'daemon-2' })]
    expect((await ask('GET /v1/wallet/budget', { token: own })).status).toBe(200)
    expect((await ask('GET /v1/wallet/budget', { token: other })).json.code).toBe('session_invalid')
  })

  test('sees where the money of the wallet is only where its scope has balances', async () => {
    const chain = {
      network: 'eip155:84532',
      examine: async () => ({ type: 'open', reason: '' }) as const,
      balances: async (_address: string, assets: readonly unknown[]) => assets.map(() => 1_500_000n),
    } as const
    const { ask, wallet } = openService({ wallet: { chains: [chain] } })
    const tokenOf = async (body: object) => (await ask('POST /v1/sessions', { password, body })).json.token
    const [blind, seeing] = [await tokenOf({ limits: { totalLimitUsd: 1 } }), await tokenOf({ balances: true })]
    for (const request of ['GET /v1/wallet/address', 'GET /v1/wallet/balance']) {
      const refused = await ask(request, { token: blind })
      expect(refused.json).toMatchObject({ status: 403, code: 'scope_exceeded', moved: 'no' })
      expect(refused.text).not.toContain('0x')
      const seen = await ask(request, { token: seeing })
      expect([seen.status, seen.json]).toEqual([200, (await ask(request, { password })).json])
    }
    const [held] = (await ask('GET /v1/wallet/balance', { token: seeing })).json.balances
    expect([await wallet.addresses(), held]).toMatchObject([
      expect.arrayContaining([{ network: held.network, address: held.address }]),
      { amount: '1500000' },
    ])
  })

  test('is only of the wallet that the body names', async () => {
    const { ask } = openService()
    const { walletId, addresses } = (await ask('GET /v1/wallet/address', { password })).json
    expect(walletId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(addresses[0].address).toMatch(/^0x/)
    const made = async (id: string) => (await ask('POST /v1/sessions', { password, body: { walletId: id } })).status
    expect(await made(walletId)).toBe(201)
    expect(await made('00000000-0000-4000-8000-000000000000')).toBe(404)
    expect((await openService().ask('GET /v1/wallet/address', { password })).json.walletId).toBe(walletId)
  })

  test('with a scope that is not known is not made', async () => {
    const { ask } = openService()
    const body = { limits: { dailyLimtUsd: '1' } }
    const answer = await ask('POST /v1/sessions', { password, body })
    expect(answer.json).toMatchObject({ status: 400, errors: [{ path: 'body.limits.dailyLimtUsd' }] })
    const hosts = await ask('POST /v1/sessions', { password, body: { allowHosts: ['*.com'] } })
    expect(hosts.json).toMatchObject({ status: 400, code: 'configuration_invalid' })
  })

  test('with an end that is no instant is not made, and is told what an instant is', async () => {
    const { ask } = openService()
    const answer = await ask('POST /v1/sessions', { password, body: { expiresAt: '2027-01-01T00:00:00Z' } })
    expect(answer.json.title).toBe('Failed to read body.expiresAt: it is missing, or no number')
  })
})

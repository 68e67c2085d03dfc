import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sqliteLedger } from 'stipend/sqlite'
import type { Ledger } from '../../src/index.js'
import { temporaryFolder } from '../support/folder.ts'
import { masterPassword, openService } from '../support/service.ts'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'
const password = masterPassword
const folder = temporaryFolder()

describe('the owner over HTTP', () => {
  test('freezes and unfreezes the wallet', async () => {
    const { ask, token, shop } = openService()
    const session = await token()
    await ask('POST /v1/freeze', { password, body: { reason: 'odd purchases' } })
    const frozen = await ask('POST /v1/x402/fetch', { token: session, body: { url } })
    expect(frozen.json).toMatchObject({ status: 423, code: 'wallet_frozen', freeze: { reason: 'odd purchases' } })
    expect(shop.keyStore.signed).toHaveLength(0)
    await ask('POST /v1/unfreeze', { password })
    expect((await ask('POST /v1/x402/fetch', { token: session, body: { url } })).status).toBe(200)
  })

  test('approves a payment, and the same call goes on, each in a process of its own', async () => {
    const shop = openShop({ price: 60_000_000n })
    const file = join(folder, 'agent.db')
    const start = (ledger: Ledger) =>
      openService({ shop, wallet: { ledger, policy: [] }, handler: { policies: { store: ledger } } })
    const first = sqliteLedger(file, { monotonic: false })
    const service = start(first)
    const body = { url, payment: { key: 'report-1' } }
    const policies = [
      { type: 'X402_ALLOWED_DOMAINS', rules: { domains: ['shop.example.com'] } },
      { type: 'SPENDING_LIMIT', rules: { instant_max_usd: 1, daily_limit_usd: 100 } },
    ]
    await service.ask('PUT /v1/policies', { password, body: { policies } })
    const token = await service.token()
    const waiting = await service.ask('POST /v1/x402/fetch', { token, body })
    expect(waiting.json).toMatchObject({ status: 409, code: 'approval_required', retryable: true, moved: 'no' })
    first.close()

    const second = sqliteLedger(file, { monotonic: false })
    const { ask, ...owner } = start(second)
    const { id } = waiting.json.approval
    expect((await ask('GET /v1/approvals', { token })).json.approvals).toMatchObject([{ id, status: 'pending' }])
    expect((await ask('GET /v1/approvals', { token: await owner.token() })).json.approvals).toEqual([])
    expect((await ask(`POST /v1/approvals/${id}/approve`, { token })).status).toBe(403)
    expect((await ask(`POST /v1/approvals/${id}/approve`, { password })).json).toMatchObject({ status: 'approved' })
    second.close()

    const third = sqliteLedger(file, { monotonic: false })
    const later = start(third)
    const paid = await later.ask('POST /v1/x402/fetch', { token, body })
    expect(paid.json).toMatchObject({ status: 200, payment: { amount: '60000000' } })
    const again = await later.ask('POST /v1/x402/fetch', { token, body: { url, payment: { key: 'report-2' } } })
    expect(again.status).not.toBe(200)
    expect(shop.keyStore.signed).toHaveLength(1)
    expect(shop.taken()).toBe(60_000_000n)
    third.close()
  })

  test('denies a payment, and it stays so', async () => {
    const { ask, token, shop } = openService({ shop: openShop({ price: 5_000_000n }) })
    const session = await token({ limits: { instantMaxUsd: 1, totalLimitUsd: 100 } })
    const body = { url, payment: { key: 'k' } }
    const { id } = (await ask('POST /v1/x402/fetch', { token: session, body })).json.approval
    expect((await ask(`POST /v1/approvals/${id}/deny`, { password })).json.status).toBe('denied')
    expect((await ask('POST /v1/x402/fetch', { token: session, body })).json.code).toBe('payment_denied')
    expect((await ask(`POST /v1/approvals/${id}/approve`, { password })).status).toBe(404)
    expect(shop.keyStore.signed).toHaveLength(0)
  })

  test('is told when the chain does not answer, in our words', async () => {
    const balances = async (): Promise<never> =>
      Promise.reject(new TypeError('fetch failed: https://rpc.example/key123'))
    const chain = {
      network: 'eip155:84532',
      balances,
      examine: async () => ({ type: 'open', reason: '' }) as const,
    } as const
    const { ask } = openService({ wallet: { chains: [chain] } })
    const answer = await ask('GET /v1/wallet/balance', { password })
    expect(answer.json).toMatchObject({ status: 503, code: 'chain_unavailable', moved: 'no' })
    expect(answer.text).not.toContain('key123')
  })

  test('is told why a wallet without chains cannot say what it holds, and cannot transfer', async () => {
    const { ask } = openService()
    const held = await ask('GET /v1/wallet/balance', { password })
    expect(held.json).toMatchObject({ status: 400, code: 'configuration_invalid', moved: 'no' })
    const body = { network: 'eip155:84532', asset: 'USDC', to: `0x${'1'.repeat(40)}`, amount: '1.5', key: 'rent' }
    const transfer = await ask('POST /v1/transfers', { password, body })
    expect(transfer.json).toMatchObject({ status: 400, code: 'configuration_invalid', moved: 'no' })
  })
})

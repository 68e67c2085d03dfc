import { afterEach, describe, expect, test } from 'vitest'
import {
  type AgentWalletOptions,
  allowFlows,
  allowHosts,
  createPolicyEngine,
  getPayment,
  type PolicyEngine,
} from '../../src/index.js'
import { paidResource, type PaidResourceOptions } from '../../src/testing/index.js'
import { listen } from '../support/listen.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const hosts = allowHosts(['http://127.0.0.1:*'])
const upfront = { extra: { name: 'USDC', version: '2', paymentFlow: 'upfront' } }

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function sell(options: PaidResourceOptions = {}) {
  const shop = paidResource({ ...upfront, ...options })
  const { url, close } = await listen(shop)
  closers.push(close)
  return { shop, url }
}

describe('a server that takes the money before the work is done', () => {
  const engineThat = (grants: object): PolicyEngine => {
    const rules = createPolicyEngine([hosts])
    return { evaluate: async (request) => Object.assign({}, await rules.evaluate(request), grants) }
  }

  test.each<readonly [string, AgentWalletOptions['policy']]>([
    ['no rule allows it', [hosts]],
    ['the rule names the other flow alone', [hosts, allowFlows(['authorization'])]],
    ['one rule names it and another does not', [hosts, allowFlows(['upfront']), allowFlows(['authorization'])]],
    ['an engine of the owner’s own does not speak of it', engineThat({})],
    ['an engine answers what nobody knows', engineThat({ grants: 'all' })],
    ['a host alone is granted', [hosts, { name: 'own', judge: () => ({ type: 'allow', grants: 'host' }) }]],
  ])('is not paid where %s', async (_, policy) => {
    const { shop, url } = await sell()
    const wallet = createTestWallet({ policy })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect((await wallet.quote(url))?.payable).toBeUndefined()
    expect([wallet.signed, shop.settled, await wallet.payments.list()]).toEqual([[], 0n, []])
  })

  test.each<readonly [string, AgentWalletOptions['policy']]>([
    ['a rule', [hosts, allowFlows(['upfront'])]],
    ['an engine of the owner’s own', engineThat({ grants: 'flow' })],
  ])('is paid where %s allows it', async (_, policy) => {
    const { shop, url } = await sell()
    const wallet = createTestWallet({ policy })
    const response = await wallet.fetch(url)
    expect(getPayment(response)).toMatchObject({ status: 'claimed', amount: 10_000n })
    expect([wallet.signed.length, shop.settled]).toEqual([1, 10_000n])
  })

  test('is paid by no session whose wallet may not', async () => {
    const { url } = await sell()
    const wallet = createTestWallet({ policy: [hosts] })
    expect(await rejection(wallet.session({}).fetch(url))).toMatchObject({ code: 'payment_denied' })
    expect(wallet.signed).toEqual([])
  })

  test('keeps its receipt where it then fails, counts as spent, and is not paid for again', async () => {
    const { shop, url } = await sell({ respond: () => new Response('out of order', { status: 500 }) })
    const wallet = createTestWallet({ policy: [hosts, allowFlows(['upfront'])] })
    const response = await wallet.fetch(url)
    expect(response.status).toBe(500)
    const [kept] = await wallet.payments.list()
    const transaction = expect.stringMatching(/^0x[0-9a-f]{64}$/)
    expect(kept).toMatchObject({ status: 'unknown', receipt: { status: 'claimed', transaction } })
    expect(getPayment(response)).toMatchObject({ receipt: kept?.receipt, moved: 'maybe' })
    await rejection(wallet.fetch(url))
    expect(
      new Set(
        wallet.signed.map((data) =>
          JSON.stringify((data as { message: object }).message, (_k, v) => (typeof v === 'bigint' ? `${v}` : v)),
        ),
      ),
    ).toHaveLength(1)
    expect([shop.settled, (await wallet.payments.list()).length]).toEqual([10_000n, 1])
  })

  test('is paid after the work where it takes that at the same price', async () => {
    const { shop, url } = await sell({
      accepts: (entry) => [entry, { ...entry, extra: { name: 'USDC', version: '2' } }],
    })
    const wallet = createTestWallet({ policy: [hosts, allowFlows(['upfront'])] })
    await wallet.fetch(url)
    const sent = JSON.parse(Buffer.from(shop.requests.at(-1)?.headers['payment-signature'] ?? '', 'base64').toString())
    expect(sent.accepted.extra).toEqual({ name: 'USDC', version: '2' })
  })
})

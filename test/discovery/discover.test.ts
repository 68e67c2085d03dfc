import { discover, type DiscoverOptions } from 'stipend/discovery'
import { describe, expect, test } from 'vitest'
import { type AgentWalletOptions, allowAnyHost, allowHosts, spendingLimit } from '../../src/index.js'
import type { Chain } from '../../src/evm/index.js'
import { entryV1, entryV2, type Json } from '../support/challenges.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const policy = [allowHosts(['*.example.com']), spendingLimit({ perPaymentUsd: 0.5, dailyLimitUsd: 1 })]
const list = (host: string, different: Json = {}): Json => ({
  resource: `https://${host}/paid`,
  type: 'http',
  x402Version: 2,
  accepts: [entryV2()],
  lastUpdated: '2026-01-01T00:00:00Z',
  ...different,
})

/** A facilitator that answers pages of a list, and a wallet. */
function setUp(items: readonly unknown[], settings: Partial<AgentWalletOptions> = {}) {
  const asked: URL[] = []
  const fetch = (async (input: URL) => {
    asked.push(input)
    const offset = Number(input.searchParams.get('offset') ?? 0)
    const field = input.pathname.endsWith('/search') ? 'resources' : 'items'
    return Response.json({ x402Version: 2, [field]: items.slice(offset, offset + 100), pagination: {} })
  }) as typeof globalThis.fetch
  const wallet = createTestWallet({ policy, ...settings })
  const find = (options: Partial<DiscoverOptions> = {}) =>
    discover(wallet, { facilitator: 'https://x402.example/v2/', fetch, ...options })
  return { asked, wallet, find }
}

describe('discovery', () => {
  test('answers what the wallet would be let pay, the cheapest first, and counts the rest', async () => {
    const { wallet, find } = setUp([
      list('dear.example.com', { accepts: [entryV2({ amount: '400000' })] }),
      list('cheap.example.com', { serviceName: 'Cheap', description: 'Sells\u202e cheaply' }),
      list('too.dear.example.com', { accepts: [entryV2({ amount: '600000' })] }),
      list('elsewhere.example.org'),
      list('unknown.example.com', { accepts: [entryV2({ asset: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' })] }),
    ])
    const { services, leftOut } = await find()
    expect(services).toEqual([
      {
        url: 'https://cheap.example.com/paid',
        method: 'GET',
        listedMicroUsd: 10_000n,
        asset: 'USDC',
        network: 'eip155:84532',
        untrustedName: 'Cheap',
        untrustedDescription: 'Sells cheaply',
      },
      expect.objectContaining({ url: 'https://dear.example.com/paid', listedMicroUsd: 400_000n }),
    ])
    expect(leftOut).toBe(3)
    expect([wallet.signed, await wallet.payments.list()]).toEqual([[], []])
  })

  test('searches by words and within a price, in the form of either version', async () => {
    const v1 = list('old.example.com', { x402Version: 1, accepts: [entryV1({ description: 'An old one' })] })
    const { asked, find } = setUp([v1, list('new.example.com', { accepts: [entryV2({ amount: '30000' })] })])
    const { services } = await find({ query: 'weather & more', maxUsd: 0.02 })
    expect(services).toMatchObject([{ url: 'https://old.example.com/paid', untrustedDescription: 'An old one' }])
    expect(asked.map(String)).toEqual([
      'https://x402.example/v2/discovery/search?type=http&limit=100&query=weather+%26+more',
    ])
  })

  test('says what waits for a person, and how a service is called', async () => {
    const bazaar = { bazaar: { info: { input: { type: 'http', method: 'POST' } } } }
    const { find } = setUp([list('a.example.com', { extensions: bazaar })], {
      policy: [allowHosts(['*.example.com']), spendingLimit({ instantMaxUsd: 0.001, dailyLimitUsd: 1 })],
    })
    expect((await find()).services).toMatchObject([{ method: 'POST', waitsFor: 'approval' }])
  })

  test('answers for a session what the session may pay', async () => {
    const { wallet } = setUp([])
    const { find } = setUp([list('a.example.com'), list('b.example.com')])
    const session = wallet.session({ allowHosts: ['b.example.com'] })
    const fetch = async () => Response.json({ items: [list('a.example.com'), list('b.example.com')] })
    const found = await discover(session, {
      facilitator: 'https://x402.example',
      fetch: fetch as typeof globalThis.fetch,
    })
    expect(found.services.map(({ url }) => url)).toEqual(['https://b.example.com/paid'])
    expect((await find()).services).toHaveLength(2)
  })

  test('reads on until it has enough, and no more than four pages', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => list(`elsewhere${index}.example.org`))
    const { asked, find } = setUp(many)
    expect(await find()).toEqual({ services: [], leftOut: 400 })
    expect(asked).toHaveLength(4)
    const found = setUp(Array.from({ length: 300 }, (_, index) => list(`s${index}.example.com`)))
    expect((await found.find({ limit: 5 })).services).toHaveLength(5)
    expect(found.asked).toHaveLength(1)
  })
})

describe('a list that lies', () => {
  test('asks no chain any more for whoever has given up', async () => {
    const byPermit2 = entryV2({ extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' } })
    const stop = new AbortController()
    let questions = 0
    const refuse = async (): Promise<string> => {
      questions += 1
      stop.abort(new Error('enough'))
      return 'there is no allowance'
    }
    const open = { type: 'open', reason: 'not yet' } as const
    const chain: Chain = { network: 'eip155:84532', examine: async () => open, refuse }
    const many = Array.from({ length: 300 }, (_, index) => list(`s${index}.example.com`, { accepts: [byPermit2] }))
    const { find } = setUp(many, { chains: [chain] })
    expect(await rejection(find({ signal: stop.signal }))).toMatchObject({ message: 'enough' })
    expect(questions).toBe(1)
  })

  test.each<readonly [string, unknown]>([
    ['no entry', 7],
    ['no URL', list('a.example.com', { resource: 'paid' })],
    ['a URL over plain http', list('a.example.com', { resource: 'http://a.example.com/paid' })],
    ['a URL with a password', list('a.example.com', { resource: 'https://me:secret@a.example.com/paid' })],
    ['a URL that is too long', list('a.example.com', { resource: `https://a.example.com/${'a'.repeat(3000)}` })],
    ['a script', list('a.example.com', { resource: 'javascript:alert(1)' })],
    ['a tool of MCP', list('a.example.com', { type: 'mcp' })],
    ['no offers', list('a.example.com', { accepts: [] })],
    ['offers that are none', list('a.example.com', { accepts: ['exact', null] })],
    ['an amount as a number', list('a.example.com', { accepts: [entryV2({ amount: 1 })] })],
    ['another name of the token', list('a.example.com', { accepts: [entryV2({ extra: { name: 'USD Coin' } })] })],
  ])('with %s has nothing to offer', async (_, item) => {
    const { wallet, find } = setUp([item], { policy: [allowAnyHost(), spendingLimit({ dailyLimitUsd: 1 })] })
    expect(await find()).toEqual({ services: [], leftOut: 1 })
    expect(wallet.signed).toEqual([])
  })

  test.each<readonly [string, () => Response]>([
    ['an error', () => new Response('no', { status: 500 })],
    ['a request for payment', () => Response.json({ x402Version: 1, accepts: [entryV1()] }, { status: 402 })],
    ['no JSON', () => new Response('<html>')],
    ['no list', () => Response.json({ items: {} })],
    ['no end', () => new Response('['.repeat(5_000_000))],
  ])('or is none is told: %s', async (_, answer) => {
    const wallet = createTestWallet({ policy })
    const fetch = (async () => answer()) as typeof globalThis.fetch
    const error = await rejection(discover(wallet, { facilitator: 'https://x402.example', fetch }))
    expect(error).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
    expect(wallet.signed).toEqual([])
  })

  test.each([
    [{ facilitator: 'x402.example' }],
    [{ facilitator: 'http://x402.example' }],
    [{ facilitator: 'https://x402.example', limit: 0 }],
    [{ facilitator: 'https://x402.example', query: 'a'.repeat(300) }],
    [{ facilitator: 'https://x402.example', maxUsd: 'much' }],
    [{ facilitator: 'https://x402.example', maxUSD: 1 }],
  ])('options that are not usable are refused: %j', async (options) => {
    const fetch = (async () => Response.json({ items: [] })) as typeof globalThis.fetch
    const asked = discover(createTestWallet(), { fetch, ...options } as DiscoverOptions)
    expect(await rejection(asked)).toMatchObject({ code: 'configuration_invalid' })
  })
})

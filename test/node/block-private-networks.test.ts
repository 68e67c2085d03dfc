import { type AddressInfo } from 'node:net'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { allowAnyHost, allowHosts, createAgentWallet, type Rule, spendingLimit } from 'stipend'
import { blockPrivateNetworks } from 'stipend/node'
import { paidResource, testKeyStore } from 'stipend/testing'
import { readAll } from '../../examples/support/http.ts'
import { rejection } from '../support/wallets.ts'

type Seen = {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server on some address of loopback, which notes what it is asked. */
function createTarget(address: string) {
  const seen: Seen[] = []
  const scene = { port: 0, answer: undefined as ((request: Request) => Promise<Response>) | undefined }
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = incoming
    const body = (await readAll(incoming)).toString()
    seen.push({ method, url, headers, body })
    const request = new Request(`http://${headers.host}${url}`, {
      method,
      headers: headers as Record<string, string>,
      ...(body && { body }),
    })
    const response = (await scene.answer?.(request)) ?? new Response(`from ${address}`)
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(Buffer.from(await response.arrayBuffer()))
  }
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy())
  })
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, address, () => {
        scene.port = (server.address() as AddressInfo).port
        resolve()
      })
    })
  return { seen, scene, listen, close: () => (server.closeAllConnections(), server.close()) }
}

/** What names resolve to, one answer after another; the last is given for ever. */
function createResolver(names: Readonly<Record<string, readonly (readonly string[])[]>>) {
  const asked: string[] = []
  const lookup = async (hostname: string): Promise<readonly string[]> => {
    const answers = names[hostname] ?? []
    const turn = asked.filter((one) => one === hostname).length
    asked.push(hostname)
    return answers[Math.min(turn, answers.length - 1)] ?? []
  }
  return { asked, lookup }
}

const first = createTarget('127.0.0.1')
const second = createTarget('127.0.0.2')
const allow = ['127.0.0.1']

beforeAll(async () => {
  await first.listen(0)
  await second.listen(first.scene.port)
})
afterEach(() => {
  first.seen.length = 0
  second.seen.length = 0
  first.scene.answer = undefined
})
afterAll(() => {
  first.close()
  second.close()
})
const at = (host: string, path = '/') => `http://${host}:${first.scene.port}${path}`
const refusal = {
  code: 'request_unpayable',
  moved: 'no',
  message: expect.stringContaining('is not at a public address'),
}

describe('a fetch that blocks private networks', () => {
  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '0',
    '\u2460\u2461\u2466.\u24ea.\u24ea.\u2460',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fe90::1]',
    '[fd00:ec2::254]',
    '10.0.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ])('sends nothing to the address %s, and asks no resolver', async (host) => {
    const { asked, lookup } = createResolver({})
    expect(await rejection(blockPrivateNetworks({ lookup })(at(host)))).toMatchObject(refusal)
    expect([asked, first.seen]).toEqual([[], []])
  })

  test.each([
    ['localhost.', ['127.0.0.1']],
    ['foo.localhost', ['::1', '127.0.0.1']],
    ['metadata.google.internal', ['169.254.169.254']],
    ['127.0.0.1.nip.io', ['127.0.0.1']],
    ['mixed.test', ['93.184.215.14', '127.0.0.1']],
    ['mixed-last.test', ['2606:4700::1', '93.184.215.14', 'fd00::1']],
    ['zone.test', ['fe80::1%lo']],
    ['odd.test', ['127.1']],
    ['word.test', ['localhost']],
  ])('sends nothing to the name %s where one of its addresses is not public', async (host, addresses) => {
    const { asked, lookup } = createResolver({ [host]: [addresses] })
    expect(await rejection(blockPrivateNetworks({ lookup })(at(host)))).toMatchObject(refusal)
    expect([asked, first.seen]).toEqual([[host], []])
  })

  test('does not tell which private address a name has: an agent could map a network by asking', async () => {
    const { lookup } = createResolver({ 'db.internal': [['10.20.30.40']] })
    const error = await rejection(blockPrivateNetworks({ lookup })(at('db.internal')))
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('10.20.30.40')
  })

  test('judges the addresses that the system finds, where no resolver is given', async () => {
    expect(await rejection(blockPrivateNetworks()(at('localhost')))).toMatchObject(refusal)
    const response = await blockPrivateNetworks({ allow: ['127.0.0.1', '::1'] })(at('localhost'))
    expect(await response.text()).toBe('from 127.0.0.1')
  })

  test('connects to the address that it judged, by the name that was asked, and asks for it once', async () => {
    const { asked, lookup } = createResolver({ 'shop.test': [['127.0.0.1'], ['127.0.0.2']] })
    const fetch = blockPrivateNetworks({ lookup, allow })
    const response = await fetch(at('shop.test', '/a?b#c'))
    expect(await response.text()).toBe('from 127.0.0.1')
    expect(response).toMatchObject({ url: at('shop.test', '/a?b'), redirected: false, status: 200 })
    expect(first.seen).toMatchObject([{ url: '/a?b', headers: { host: `shop.test:${first.scene.port}` } }])
    expect(asked).toEqual(['shop.test'])
    expect(await rejection(fetch(at('shop.test')))).toMatchObject(refusal)
    expect(second.seen).toEqual([])
  })

  test('tries the next address where one does not answer', async () => {
    const { lookup } = createResolver({ 'shop.test': [['127.0.0.3', '127.0.0.1']] })
    const response = await blockPrivateNetworks({ lookup, allow: ['127.0.0.0/8'] })(at('shop.test'))
    expect(await response.text()).toBe('from 127.0.0.1')
  })

  test('fails as fetch does when a name has no address, or its resolver fails', async () => {
    const cause = new Error('ENOTFOUND')
    const failing = blockPrivateNetworks({ lookup: () => Promise.reject(cause) })
    expect(await rejection(failing(at('shop.test')))).toMatchObject({
      name: 'TypeError',
      message: 'fetch failed',
      cause,
    })
    const empty = blockPrivateNetworks({ lookup: async () => [] })
    expect(await rejection(empty(at('shop.test')))).toMatchObject({ name: 'TypeError', message: 'fetch failed' })
  })

  test.each(['data:,x', 'file:///etc/passwd', 'ftp://127.0.0.1/', 'javascript:1', 'blob:nodedata:x'])(
    'asks nothing of %s',
    async (url) => {
      expect(await rejection(blockPrivateNetworks()(url))).toMatchObject({ code: 'request_unpayable' })
    },
  )

  test('follows no redirect: its target is a new call', async () => {
    first.scene.answer = async () => new Response(null, { status: 302, headers: { location: at('127.0.0.2') } })
    const fetch = blockPrivateNetworks({ allow })
    for (const redirect of ['follow', 'manual'] as const) {
      const response = await fetch(at('127.0.0.1'), { redirect })
      expect([response.status, response.headers.get('location')]).toEqual([302, at('127.0.0.2')])
    }
    expect(await rejection(fetch(at('127.0.0.1'), { redirect: 'error' }))).toMatchObject({ message: 'fetch failed' })
    expect(second.seen).toEqual([])
  })
})

/** Grants any host, so that nothing but the fetch stands between the wallet and a private network. */
const careless: Rule = { name: 'careless', judge: () => ({ type: 'allow', grants: 'host' }) }

describe('a wallet on a fetch that blocks private networks', () => {
  function setUp(answers: readonly (readonly string[])[], policy: readonly Rule[] = [careless]) {
    const shop = paidResource({ priceUsd: '$0.01' })
    first.scene.answer = shop
    const keyStore = testKeyStore()
    const { asked, lookup } = createResolver({ localhost: answers })
    const fetch = blockPrivateNetworks({ lookup, allow })
    const wallet = createAgentWallet({ keyStore, policy: [...policy, spendingLimit({ dailyLimitUsd: 1 })], fetch })
    return { shop, keyStore, wallet, asked }
  }
  const isPayment = ({ headers }: Seen) => headers['payment-signature'] !== undefined

  test('pays, with the body, over two connections that were judged each', async () => {
    const { wallet, shop, asked } = setUp([['127.0.0.1']])
    const response = await wallet.fetch(at('localhost'), { method: 'POST', body: 'question' })
    expect(response.status).toBe(200)
    expect(shop.payments).toHaveLength(1)
    expect(first.seen.map(({ body }) => body)).toEqual(['question', 'question'])
    expect(asked).toEqual(['localhost', 'localhost'])
  })

  test('sends its payment nowhere when the name has moved to a private address meanwhile', async () => {
    const { wallet, shop, keyStore } = setUp([['127.0.0.1'], ['127.0.0.2']])
    const error = await rejection(wallet.fetch(at('localhost')))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe', cause: refusal })
    expect([first.seen.length, second.seen.length]).toEqual([1, 0])
    expect([...first.seen, ...second.seen].filter(isPayment)).toEqual([])
    expect(shop.payments).toEqual([])
    expect(keyStore.signed).toHaveLength(1)
    expect((await wallet.budget()).find(({ name }) => name === 'daily limit')?.used).toBe(10_000n)
  })

  test('signs nothing when the name is private from the start', async () => {
    const { wallet, keyStore } = setUp([['127.0.0.2']])
    expect(await rejection(wallet.fetch(at('localhost')))).toMatchObject(refusal)
    expect(keyStore.signed).toEqual([])
  })

  test.each(['127.0.0.1.nip.io', 'foo.localhost', 'localhost.'])(
    'pays no host %s under the rules of this library, even where it is reached',
    async (host) => {
      const { lookup } = createResolver({ [host]: [['127.0.0.1']] })
      first.scene.answer = paidResource({ priceUsd: '$0.01' })
      const fetch = blockPrivateNetworks({ lookup, allow })
      for (const rule of [allowAnyHost(), allowHosts(['http://localhost:*', 'http://127.0.0.1:*'])]) {
        const wallet = createAgentWallet({ keyStore: testKeyStore(), policy: [rule], fetch })
        expect(await rejection(wallet.fetch(at(host)))).toMatchObject({ code: 'payment_denied' })
      }
      expect(first.seen).toHaveLength(2)
    },
  )
})

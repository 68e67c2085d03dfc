import { account } from 'stipend/keys'
import { signInWithX } from 'stipend/sign-in'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { type AgentWalletOptions, allowHosts, getPayment, maxPayments, spendingLimit } from '../../src/index.js'
import { spentBy } from '../support/agent.ts'
import { createSignInServer, type SignInServerOptions } from '../support/sign-in-server.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const price = 10_000n
const url = 'https://api.example.com/report?day=1'
const hosts = ['api.example.com']
const policy = [allowHosts(hosts), spendingLimit({ dailyLimitUsd: 1 })]

function setUp(options: SignInServerOptions = {}, settings: Partial<AgentWalletOptions> = {}) {
  const server = createSignInServer(options)
  const fetch = async (...request: Parameters<typeof globalThis.fetch>) => server(new Request(...request))
  return { server, wallet: createTestWallet({ policy, fetch, signIn: signInWithX({ hosts }), ...settings }) }
}

describe('a resource that was paid before', () => {
  test('is opened by signing in, for nothing, and that is on record', async () => {
    const { server, wallet } = setUp()
    const first = await wallet.fetch(url)
    expect([getPayment(first)?.amount, server.proofs]).toEqual([price, []])
    const second = await wallet.fetch(url)
    expect(await second.json()).toEqual({ opened: true })
    expect(getPayment(second)).toBeUndefined()
    expect([server.proofs.map(({ problem }) => problem), server.till.settled]).toEqual([[undefined], price])
    expect(await wallet.payments.list()).toMatchObject([
      { scheme: 'sign-in', amount: 0n, microUsd: 0n, status: 'claimed', note: 'it opened what was paid before' },
      { scheme: 'exact', amount: price },
    ])
    expect(await spentBy(wallet)).toBe(price)
  })

  test('is opened as often as it is asked, also where there is room for no more payments', async () => {
    const { server, wallet } = setUp({}, { policy: [...policy, maxPayments({ count: 1, per: 'day' })] })
    for (let call = 0; call < 4; call++) expect((await wallet.fetch(url)).status).toBe(200)
    expect([server.proofs.length, server.till.payments.length]).toEqual([3, 1])
  })

  test('is opened also after a hundred sign-ins, and as many other things bought of its host', async () => {
    const { server, wallet } = setUp({}, { policy: [allowHosts(hosts), spendingLimit({ dailyLimitUsd: 100 })] })
    await wallet.fetch(url)
    for (let call = 0; call < 101; call++) await wallet.fetch(url)
    expect([server.proofs.length, server.till.payments.length]).toEqual([101, 1])
    for (let other = 0; other < 101; other++) await wallet.fetch(`https://api.example.com/other/${other}`)
    await wallet.fetch(url)
    expect([server.proofs.length, server.till.payments.length]).toEqual([102, 102])
  })

  test('is opened with the body that the request has', async () => {
    const { server, wallet } = setUp()
    const init = { method: 'POST', body: '{"day":1}', headers: { 'content-type': 'application/json' } }
    await wallet.fetch(url, init)
    await wallet.fetch(url, init)
    expect(server.proofs.map(({ body }) => body)).toEqual(['{"day":1}'])
  })

  test.each<readonly [string, Partial<AgentWalletOptions>]>([
    ['no wallet that was not told to', { signIn: undefined }],
    [
      'no host that its owner does not name',
      { signIn: signInWithX({ hosts: ['other.example.com', '*.api.example.com'] }) },
    ],
  ])('is paid again by %s', async (_, settings) => {
    const { server, wallet } = setUp({}, settings)
    await wallet.fetch(url)
    await wallet.fetch(url)
    expect([server.proofs, server.till.settled]).toEqual([[], 2n * price])
  })

  test('is opened for no other path, and by nobody who has not paid', async () => {
    const { server, wallet } = setUp()
    await wallet.fetch(url)
    await wallet.fetch('https://api.example.com/other')
    expect([server.proofs, server.till.settled]).toEqual([[], 2n * price])
  })

  test('is paid where its server does not take the proof: one of each', async () => {
    const { server, wallet } = setUp({ takesProofs: false })
    await wallet.fetch(url)
    expect(getPayment(await wallet.fetch(url))?.status).toBe('claimed')
    expect([server.proofs.length, server.till.payments.length]).toEqual([1, 2])
    expect(await wallet.payments.list()).toMatchObject([{}, { note: 'the server did not take it' }, {}])
  })

  test.each([
    ['cannot sign texts', new Error('method not supported')],
    ['whose user says no', Object.assign(new Error('User rejected the request'), { code: 4001 })],
  ])('is paid where the signer %s: a sign-in that fails stops no payment', async (_, problem) => {
    const own = privateKeyToAccount(generatePrivateKey())
    const refusing = { ...own, signMessage: async () => Promise.reject(problem) }
    const { server, wallet } = setUp({}, { keyStore: account(refusing) })
    await wallet.fetch(url)
    expect(getPayment(await wallet.fetch(url))?.status).toBe('claimed')
    expect([server.proofs, server.till.settled]).toEqual([[], 2n * price])
  })

  test.each([401, 403])('is paid where its server answers a proof with %s', async (proofStatus) => {
    const { server, wallet } = setUp({ proofStatus })
    await wallet.fetch(url)
    expect(getPayment(await wallet.fetch(url))?.status).toBe('claimed')
    expect([server.proofs.length, server.till.payments.length]).toEqual([1, 2])
    expect(await wallet.payments.list()).toMatchObject([{}, { note: 'the server did not take it' }, {}])
  })

  test('is neither paid nor called opened where its server fails at a proof', async () => {
    const { server, wallet } = setUp({ proofStatus: 500 })
    await wallet.fetch(url)
    expect((await wallet.fetch(url)).status).toBe(500)
    expect(server.till.payments).toHaveLength(1)
    expect(await wallet.payments.list()).toMatchObject([{ note: 'the server did not take it' }, {}])
  })

  test('is asked for ever by one that takes nothing, and gets one proof and one payment', async () => {
    const { server, wallet } = setUp({ takesProofs: false, fault: 'endless-402', faultAfter: 1 })
    await wallet.fetch(url)
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_rejected' })
    expect([server.proofs.length, wallet.signed.length]).toEqual([1, 2])
  })
})

describe('a challenge to sign in', () => {
  const at = (ms: number) => new Date(Date.now() + ms).toISOString()

  test.each<readonly [string, SignInServerOptions]>([
    ['another domain', { info: { domain: 'bank.example' } }],
    ['another port', { info: { domain: 'api.example.com:8443' } }],
    ['a URL of another origin', { info: { uri: 'https://bank.example/report' } }],
    ['a URL over plain http', { info: { uri: 'http://api.example.com/report' } }],
    ['no URL', { info: { uri: 'report' } }],
    ['a statement to be signed', { info: { statement: 'I owe you everything' } }],
    ['another version', { info: { version: '2' } }],
    ['a time to come', { info: { notBefore: at(60_000) } }],
    ['words of a request', { info: { requestId: 'a\nResources:\n- https://bank.example' } }],
    ['an old time', { info: { issuedAt: at(-600_000) } }],
    ['a time in the future', { info: { issuedAt: at(600_000) } }],
    ['no time', { info: { issuedAt: 'now' } }],
    ['a time that goes on', { info: { issuedAt: `${at(0)}\nRequest ID: 1` } }],
    ['an end that is over', { info: { expirationTime: at(-1000) } }],
    ['a nonce of several lines', { info: { nonce: 'abcdefgh\nIssued At: now' } }],
    ['a short nonce', { info: { nonce: 'abc' } }],
    ['no nonce', { info: { nonce: undefined } }],
    ['another chain', { chains: [{ chainId: 'eip155:1', type: 'eip191' }] }],
    ['another kind of signature', { chains: [{ chainId: 'eip155:84532', type: 'ed25519' }] }],
    [
      'the signature of a contract',
      { chains: [{ chainId: 'eip155:84532', type: 'eip191', signatureScheme: 'eip1271' }] },
    ],
    ['no chain', { chains: [] }],
  ])('with %s is not answered, and the resource is paid', async (_, options) => {
    const { server, wallet } = setUp(options)
    await wallet.fetch(url)
    await wallet.fetch(url)
    expect([server.proofs, server.till.settled]).toEqual([[], 2n * price])
    expect((await wallet.payments.list()).map(({ scheme }) => scheme)).toEqual(['exact', 'exact'])
  })

  test('that comes again with the same nonce is answered once', async () => {
    const { server, wallet } = setUp({ info: { nonce: 'abcdefgh12345678' } })
    await wallet.fetch(url)
    await wallet.fetch(url)
    await wallet.fetch(url)
    expect([server.proofs.length, server.till.settled]).toEqual([1, 2n * price])
  })

  test('is not answered by a frozen wallet, nor where the policy does not let the host be paid', async () => {
    const { server, wallet } = setUp()
    await wallet.fetch(url)
    await wallet.freeze('looking')
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'wallet_frozen' })
    await wallet.unfreeze()
    await wallet.setPolicy([allowHosts(['other.example.com'])])
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_denied' })
    expect(server.proofs).toEqual([])
  })
})

describe('a session', () => {
  test('pays unless its scope says that it may sign in, and so does what is made from it', async () => {
    const { server, wallet } = setUp()
    await wallet.fetch(url)
    const plain = wallet.session({})
    await plain.fetch(url)
    expect(server.proofs).toEqual([])
    expect(() => plain.session({ signIn: true })).toThrow('signIn is not allowed')
    const able = wallet.session({ signIn: true })
    expect(await (await able.fetch(url)).json()).toEqual({ opened: true })
    await able.session({}).fetch(url)
    expect([server.proofs.length, server.till.settled]).toEqual([1, 3n * price])
    const token = await able.session({ signIn: true }).token()
    await (await wallet.openSession(token)).fetch(url)
    expect(server.proofs).toHaveLength(2)
  })

  test('that is revoked signs in nowhere', async () => {
    const { server, wallet } = setUp()
    await wallet.fetch(url)
    const session = wallet.session({ signIn: true })
    await wallet.revokeSession(session)
    expect(await rejection(session.fetch(url))).toMatchObject({ code: 'session_revoked' })
    expect(server.proofs).toEqual([])
  })
})

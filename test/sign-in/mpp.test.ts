import { workerSigner, importKeys } from 'stipend/keys'
import { mpp } from 'stipend/mpp'
import { signInWithMpp, signInWithX } from 'stipend/sign-in'
import { type Hex, recoverTypedDataAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import { proofData } from '../../src/evm/proof.js'
import {
  type AgentWalletOptions,
  allowHosts,
  denyHosts,
  type EvmSigner,
  type TypedData,
  x402,
  x402V1,
} from '../../src/index.js'
import { createKeyFolder, password } from '../support/key-files.ts'
import { encodeUrl } from '../support/mpp-server.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const claim = {
  domain: 'api.example.com',
  uri: 'https://api.example.com/me',
  nonce: 'one',
  issuedAt: '2026-01-01T00:00:00Z',
}
const url = 'https://api.example.com/me?secret=1'
const hosts = ['api.example.com']
const policy = [allowHosts(hosts)]
const chainId = 42431

type Credential = {
  readonly challenge: Readonly<Record<string, string>>
  readonly payload: { readonly type: string; readonly signature: Hex }
  readonly source: string
}

type ServerOptions = {
  readonly request?: Readonly<Record<string, unknown>>
  readonly challenge?: Readonly<Record<string, string>>
  /** Whether each 402 has the same challenge. */
  readonly isOne?: boolean
  readonly takes?: boolean
}

/** A server that lets in whoever proves an address, as mppx checks it. */
function createServer({ request = {}, challenge = {}, isOne = false, takes = true }: ServerOptions = {}) {
  const proofs: Credential[] = []
  let count = 0
  const ask = (): Response => {
    count += isOne ? 0 : 1
    const details = { amount: '0', currency: '0x20c0000000000000000000000000000000000000', methodDetails: { chainId } }
    const asked = {
      id: `challenge-${count}`,
      realm: 'api.example.com',
      method: 'tempo',
      intent: 'charge',
      request: encodeUrl({ ...details, ...request }),
      expires: new Date(Date.now() + 300_000).toISOString(),
      ...challenge,
    }
    const parameters = Object.entries(asked).map(([name, value]) => `${name}="${value}"`)
    return new Response('{}', { status: 402, headers: { 'WWW-Authenticate': `Payment ${parameters.join(', ')}` } })
  }
  const server = async (asked: Request): Promise<Response> => {
    const written = asked.headers.get('payment-authorization') ?? asked.headers.get('authorization') ?? ''
    const token = /^Payment ([\w-]+)$/.exec(written)?.[1]
    if (token === undefined) return ask()
    const credential: Credential = JSON.parse(Buffer.from(token, 'base64url').toString())
    proofs.push(credential)
    const address = credential.source.slice(`did:pkh:eip155:${chainId}:`.length)
    const signer = await recoverTypedDataAddress({
      domain: { name: 'MPP', version: '3', chainId },
      types: {
        Proof: [
          { name: 'account', type: 'address' },
          { name: 'challengeId', type: 'string' },
          { name: 'realm', type: 'string' },
        ],
      },
      primaryType: 'Proof',
      message: {
        account: address as Hex,
        challengeId: credential.challenge['id'] ?? '',
        realm: credential.challenge['realm'] ?? '',
      },
      signature: credential.payload.signature,
    })
    return signer === address && takes ? Response.json({ you: address }) : ask()
  }
  return Object.assign(server, { proofs })
}

function setUp(options: ServerOptions = {}, settings: Partial<AgentWalletOptions> = {}) {
  const server = createServer(options)
  const fetch = async (...request: Parameters<typeof globalThis.fetch>) => server(new Request(...request))
  const signIn = [signInWithX({ hosts }), signInWithMpp({ hosts })]
  const wallet = createTestWallet({ policy, fetch, protocols: [x402(), x402V1(), mpp()], signIn, ...settings })
  return { server, wallet }
}

describe('a challenge of MPP that asks for no money', () => {
  test('is answered by a proof of it and of nothing else, which is on record and counts nowhere', async () => {
    const { server, wallet } = setUp()
    const response = await wallet.fetch(url)
    const address = (await wallet.addresses())[0]?.address
    expect([response.status, await response.json()]).toEqual([200, { you: address }])
    expect(server.proofs).toMatchObject([
      { payload: { type: 'proof' }, challenge: { id: 'challenge-1', method: 'tempo' } },
    ])
    expect(wallet.signed).toMatchObject([
      {
        primaryType: 'Proof',
        domain: { name: 'MPP', version: '3', chainId },
        message: { account: address, challengeId: 'challenge-1', realm: 'api.example.com' },
      },
    ])
    expect(await wallet.payments.list()).toMatchObject([
      {
        scheme: 'sign-in',
        protocol: 'mpp',
        amount: 0n,
        microUsd: 0n,
        status: 'claimed',
        scopes: [],
        note: 'the server took it',
      },
    ])
    expect(JSON.stringify(await wallet.payments.list(), (_, one) => String(one))).not.toContain('secret=1')
  })

  test('is over once nobody takes it any more, and reconcile looks at it no longer', async () => {
    let now = Date.now()
    const { wallet } = setUp({}, { clock: () => now })
    await wallet.fetch(url)
    await wallet.fetch(url)
    expect((await wallet.reconcile()).open).toHaveLength(2)
    now += 3_600_000
    expect(await wallet.reconcile()).toMatchObject({ open: [], expired: [{ amount: 0n }, { amount: 0n }] })
    expect(await wallet.reconcile()).toMatchObject({ open: [], expired: [] })
  })

  test('is answered for its own port, and without one where its owner names the host at its usual port', async () => {
    const at = 'https://api.example.com:8443/me'
    const own = (...named: string[]) => ({ policy: [allowHosts(named)], signIn: signInWithMpp({ hosts: named }) })
    const ported = setUp({ challenge: { realm: 'api.example.com:8443' } }, own('api.example.com:8443'))
    expect((await ported.wallet.fetch(at)).status).toBe(200)
    const relayed = setUp({}, own('api.example.com:8443'))
    await rejection(relayed.wallet.fetch(at))
    expect(relayed.wallet.signed).toEqual([])
    const wide = setUp({}, own('api.example.com', 'api.example.com:8443'))
    expect((await wide.wallet.fetch(at)).status).toBe(200)
  })

  const https = (host: string): string => `https://${host}/me`
  test.each<[string, ServerOptions, Partial<AgentWalletOptions>, string?]>([
    ['of another realm', { challenge: { realm: 'bank.example.com' } }, {}],
    [
      'of a host that its owner does not name',
      { challenge: { realm: 'other.example.com' } },
      { policy: [allowHosts(['other.example.com'])] },
      https('other.example.com'),
    ],
    ['of a host that the policy does not allow', {}, { policy: [allowHosts(['other.example.com'])] }],
    ['of a host that the policy forbids', {}, { policy: [...policy, denyHosts(hosts)] }],
    ['of a wallet that was not told to', {}, { signIn: signInWithX({ hosts }) }],
    ['that asks for money', { request: { amount: '1' } }, {}],
    ['that splits what it asks', { request: { methodDetails: { chainId, splits: [{ amount: '1' }] } } }, {}],
    ['of no chain', { request: { methodDetails: {} } }, {}],
    ['that is over', { challenge: { expires: '2020-01-01T00:00:00Z' } }, {}],
    ['in a header that is not known', { challenge: { header: 'Cookie' } }, {}],
    ['whose id could be read in two ways', { challenge: { id: 'a\\"b' } }, {}],
  ])('is not answered where it is one %s', async (_what, options, settings, at = url) => {
    const { server, wallet } = setUp(options, settings)
    await rejection(wallet.fetch(at))
    expect([wallet.signed, server.proofs, await wallet.payments.list()]).toEqual([[], [], []])
  })

  test('takes the place of no header of the request itself', async () => {
    const { server, wallet } = setUp()
    await rejection(wallet.fetch(url, { headers: { authorization: 'Bearer own' } }))
    expect([wallet.signed, server.proofs]).toEqual([[], []])
    const other = setUp({ challenge: { header: 'Payment-Authorization' } })
    expect((await other.wallet.fetch(url, { headers: { authorization: 'Bearer own' } })).status).toBe(200)
  })

  test('is answered once, and not again where the server asks anew', async () => {
    const refused = setUp({ takes: false })
    expect(await rejection(refused.wallet.fetch(url))).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect(refused.server.proofs).toHaveLength(1)
    const same = setUp({ isOne: true })
    await same.wallet.fetch(url)
    await rejection(same.wallet.fetch(url))
    expect(same.wallet.signed).toHaveLength(1)
  })

  test('is answered neither by a frozen wallet nor by a session whose scope does not say so, or has another host', async () => {
    const { server, wallet } = setUp()
    const sessions = [{}, { signIn: true, allowHosts: ['other.example.com'] }].map((scope) =>
      wallet.session(scope as never),
    )
    for (const session of sessions) await rejection(session.fetch(url))
    await wallet.freeze('test')
    await rejection(wallet.fetch(url))
    await wallet.unfreeze()
    expect([wallet.signed, server.proofs]).toEqual([[], []])
    expect((await wallet.session({ signIn: true }).fetch(url)).status).toBe(200)
  })

  test('is answered by a worker that holds the key, which signs no other of its kind', async () => {
    const path = createKeyFolder()('keys.json')
    await importKeys({ path, password, from: [{ privateKey: '42'.repeat(32) }] })
    const worker = workerSigner({ path, password })
    const { wallet } = setUp({}, { keyStore: worker })
    expect((await wallet.fetch(url)).status).toBe(200)
    const signer = (await worker.getSigner('eip155:42431')) as EvmSigner
    const good = proofData({ ...claim, network: 'eip155:42431', address: signer.address })
    const { domain, message } = good
    await signer.signTypedData(good)
    for (const wrong of [
      { ...good, domain: { ...domain, name: 'USDC' } },
      { ...good, domain: { ...domain, version: '1' } },
      { ...good, domain: { ...domain, verifyingContract: '0x036CbD53842c5426634e7929541eC2318f3dCF7e' } },
      { ...good, message: { ...message, account: `0x${'11'.repeat(20)}` } },
      { ...good, message: { ...message, realm: 'api.example.com wants your money' } },
      { ...good, message: { ...message, amount: '1' } },
      { ...good, types: { Proof: [{ name: 'challengeId', type: 'string' }] } },
    ] as TypedData[])
      expect(await rejection(signer.signTypedData(wrong))).toMatchObject({
        message: expect.stringContaining('no payment'),
      })
    worker.close()
  })
})

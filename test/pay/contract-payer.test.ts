import { describe, expect, test } from 'vitest'
import type { Chain } from '../../src/evm/index.js'
import { type AgentWallet, type AgentWalletOptions, exactEvm, type KeyStore } from '../../src/index.js'
import { signInWithX } from '../../src/sign-in/index.js'
import { account } from '../../src/keys/index.js'
import { paidResource } from '../../src/testing/index.js'
import { encode } from '../support/offers.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const url = 'http://127.0.0.1:4021/report'
const address = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const signature = `0x${'AB'.repeat(97)}` as const

/** A smart account as viem has them, which signs whatever it is asked to, and a chain that says what that is worth. */
function createScene(options: {
  readonly contracts?: Chain['contracts']
  readonly wallet?: Partial<AgentWalletOptions>
  readonly answer?: string
}) {
  const asked: unknown[] = []
  const sent: string[] = []
  const store = account({
    address,
    type: 'smart',
    client: { chain: { id: 84532 } },
    signTypedData: async (data: never) => {
      asked.push(data)
      return (options.answer ?? signature) as `0x${string}`
    },
  })
  const resource = paidResource({ payTo: '0x00000000000000000000000000000000000000aa' })
  const chain: Chain = {
    network,
    examine: async () => ({ type: 'open', reason: 'nobody looks' }),
    ...(options.contracts && { contracts: options.contracts }),
  }
  const wallet = createTestWallet({
    keyStore: store,
    chains: [chain],
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const header = request.headers.get('payment-signature')
      if (!header) return resource(request)
      sent.push(JSON.parse(Buffer.from(header, 'base64').toString()).payload.signature)
      return new Response('the report')
    },
    ...options.wallet,
  })
  return { wallet, asked, sent }
}

const spent = async (wallet: AgentWallet) => (await wallet.payments.list()).map(({ status }) => status)
const yes = async (): Promise<undefined> => undefined

describe('a payer that is a contract', () => {
  test('sends what its contract takes, letter by letter', async () => {
    const checked: unknown[] = []
    const check = async (one: unknown): Promise<undefined> => void checked.push(one)
    const { wallet, sent } = createScene({ contracts: { refuse: yes, check } })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(sent).toEqual([signature])
    expect(checked).toEqual([{ payer: address, digest: expect.stringMatching(/^0x[0-9a-f]{64}$/), signature }])
  })

  test('asks its chain also of what looks like the signature of a key, and changes nothing of it', async () => {
    const short = `0x${'AB'.repeat(64)}00`
    const { wallet, sent } = createScene({ contracts: { refuse: yes, check: yes }, answer: short })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(sent).toEqual([short])
  })

  test.each<[string, () => Promise<string | undefined>, RegExp]>([
    ['says no', async () => 'it is locked', /it is locked/],
    ['does not answer', () => Promise.reject(new Error('https://node.example/key')), /the chain did not say whether/],
  ])('sends nothing where the chain %s, and counts what was signed as spent', async (_what, check, reason) => {
    const { wallet, asked, sent } = createScene({ contracts: { refuse: yes, check } })
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect(String(error)).toMatch(reason)
    expect(String(error)).not.toContain('node.example')
    expect([asked.length, sent]).toEqual([1, []])
    expect(await spent(wallet)).toEqual(['unknown'])
  })

  test('signs nothing where no chain can say what its signature is worth', async () => {
    const { wallet, asked } = createScene({})
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect(String(error)).toContain('the payer is a contract')
    expect([asked, await spent(wallet)]).toEqual([[], []])
    expect((await wallet.quote(url))?.payable).toBeUndefined()
  })

  test('signs nothing where the chain says beforehand that it cannot pay', async () => {
    const { wallet, asked } = createScene({ contracts: { refuse: async () => 'the token takes keys', check: yes } })
    expect(String(await rejection(wallet.fetch(url)))).toContain('the token takes keys')
    expect([asked, await spent(wallet)]).toEqual([[], []])
  })

  test('signs nothing by a scheme that only keys can pay by', async () => {
    const { contract: _, ...keysOnly } = exactEvm()
    const { wallet, asked } = createScene({ contracts: { refuse: yes, check: yes }, wallet: { schemes: [keysOnly] } })
    expect(String(await rejection(wallet.fetch(url)))).toContain('no contract can pay by its scheme')
    expect([asked, await spent(wallet)]).toEqual([[], []])
  })

  test('pays on the chain of its contract alone', async () => {
    const store: KeyStore = account({
      address,
      type: 'smart',
      client: { chain: { id: 8453 } },
      signTypedData: async () => signature,
    })
    const { wallet, sent } = createScene({ contracts: { refuse: yes, check: yes }, wallet: { keyStore: store } })
    expect(String(await rejection(wallet.fetch(url)))).toContain(`no key for ${network}`)
    expect(sent).toEqual([])
  })

  test('does not sign in, and pays', async () => {
    const signIn = signInWithX({ hosts: ['http://127.0.0.1:*'] })
    const { wallet, sent } = createScene({ contracts: { refuse: yes, check: yes }, wallet: { signIn } })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(sent).toHaveLength(2)
  })

  test('measures a message by the longest signature that is taken, before anything is signed', async () => {
    const [resource, extensions] = [{ url }, { notes: { info: { text: 'a'.repeat(4600) } } }]
    const offer = createWireOffer({ extra: { name: 'USDC', version: '2' } })
    const serve = async (): Promise<Response> =>
      new Response('{}', {
        status: 402,
        headers: { 'payment-required': encode({ x402Version: 2, resource, accepts: [offer], extensions }) },
      })
    const { wallet, asked } = createScene({ contracts: { refuse: yes, check: yes }, wallet: { fetch: serve } })
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'malformed_message', moved: 'no' })
    expect([asked, await spent(wallet)]).toEqual([[], []])
    const ofKey = createTestWallet({ fetch: serve })
    expect(await rejection(ofKey.fetch(url))).toMatchObject({ code: 'payment_rejected' })
    expect(ofKey.signed).toHaveLength(1)
  })
})

function createWireOffer(different: Readonly<Record<string, unknown>>): unknown {
  return {
    scheme: 'exact',
    network,
    amount: '10000',
    asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
    payTo: '0x00000000000000000000000000000000000000aa',
    maxTimeoutSeconds: 60,
    ...different,
  }
}

import { inspect } from 'node:util'
import { createPublicClient, createWalletClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { baseSepolia } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowPayees,
  isStipendError,
  type Ledger,
  memoryLedger,
  type PaymentId,
} from 'stipend'
import { evm } from 'stipend/evm'
import { remoteSigner, walletClient } from 'stipend/keys'
import { paidResource, testKeyStore } from 'stipend/testing'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const canary = 'Canary7f3a91c55e'
const url = 'https://shop.example.com/report'
/** Nobody listens at port 9, the discard port: a node whose URL holds a key, as those of all big operators do. */
const node = `http://user:${canary}@127.0.0.1:9/v2/${canary}?apikey=${canary}`
const network = 'eip155:84532'
const payTo = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const publicClient = createPublicClient({ transport: http(node, { retryCount: 0 }) })
const gasPayer = createWalletClient({
  account: privateKeyToAccount(generatePrivateKey()),
  chain: baseSepolia,
  transport: http(node, { retryCount: 0 }),
})
const browser = createWalletClient({ account: payTo, transport: http(node, { retryCount: 0 }) })

/** What a careless logger writes of an error. */
function written(error: unknown): string {
  const shown = inspect(error, { depth: 20, showHidden: true, getters: true, maxStringLength: null })
  const asJson = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
  return `${shown}\n${JSON.stringify(error, asJson)}\n${String(error)}`
}

/** What a client of HTTP throws: the request, with all of its headers, and what it was made from. */
function httpError(request: Request, message: string): Error {
  const headers = Object.fromEntries(request.headers)
  const own = { request, response: new Response('', { headers: { 'x-secret': canary } }), config: { headers }, headers }
  return Object.assign(new TypeError(message, { cause: Object.assign(new Error(message), own) }), own)
}

/** A ledger whose driver fails at one thing, with its connection string in the error. */
function failing(method: keyof Ledger): Ledger {
  const text = `connect failed: postgres://agent:${canary}@db.internal/money?token=${canary}`
  return { ...memoryLedger(), [method]: () => Promise.reject(Object.assign(new Error(text), { config: { canary } })) }
}

/** Buys once, and answers the wallet and the payment. */
async function buy(options: Partial<AgentWalletOptions> = {}): Promise<{ wallet: AgentWallet; id: PaymentId }> {
  const shop = openShop()
  const wallet = shop.open(options)
  await wallet.fetch(url)
  const [payment] = await wallet.payments.list()
  return { wallet, id: payment?.id ?? 'pay_' }
}

const chains = [evm({ network, clients: [publicClient], gasPayer })]

const cases: Readonly<Record<string, () => Promise<unknown>>> = {
  'a lost answer to a payment': async () => {
    const sell = paidResource()
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const request = new Request(input, init)
      if (!request.headers.has('payment-signature')) return sell(request)
      request.headers.set('authorization', `Bearer ${canary}`)
      throw httpError(request, `timed out: ${request.headers.get('payment-signature')} Bearer ${canary}`)
    }
    return openShop()
      .open({ fetch, clock: Date.now })
      .fetch(url, { headers: { 'x-api-key': canary } })
  },
  'a remote signer': () => {
    const headers = { authorization: `Bearer ${canary}`, 'x-api-key': canary }
    const request = new Request(`https://kms.example/sign/${canary}`, { headers })
    const sign = () =>
      Promise.reject(httpError(request, `401 for Authorization: Bearer ${canary}, x-api-key: ${canary}`))
    return openShop()
      .open({ keyStore: remoteSigner({ address: payTo, sign }) })
      .fetch(url)
  },
  'a signer of a remote signer': async () => {
    const sign = () => Promise.reject(httpError(new Request(node.replace(`user:${canary}@`, '')), `Bearer ${canary}`))
    const signer = await remoteSigner({ address: payTo, sign }).getSigner(network)
    if (signer?.namespace !== 'eip155') throw new TypeError('no signer')
    const shop = openShop()
    await shop.open().fetch(url)
    return signer.signTypedData(shop.keyStore.signed[0] as never)
  },
  "a browser's wallet": () =>
    openShop()
      .open({ keyStore: walletClient(browser) })
      .fetch(url),
  balances: async () => (await buy({ chains })).wallet.balances(),
  cancel: async () => {
    const { wallet, id } = await buy({ chains })
    return wallet.cancel(id)
  },
  'a transfer': () =>
    openShop()
      .open({ chains, policy: [allowPayees([payTo])] })
      .transfer({ network, asset: 'USDC', to: payTo, amount: '0.01' }),
  'a key store that cannot be asked': () => {
    const getSigner = () => Promise.reject(new Error(`vault at https://vault.example/${canary} is sealed`))
    return openShop().open({ keyStore: { getSigner } }).addresses()
  },
  'a key store that derives nothing': () => {
    const deriveSecret = () => Promise.reject(new Error(`secret=${canary}`))
    return openShop()
      .open({ keyStore: { ...testKeyStore(), deriveSecret } })
      .fetch(url)
  },
  'the token of a session': () => {
    const deriveSecret = () => Promise.reject(new Error(`secret=${canary}`))
    return openShop()
      .open({ keyStore: { ...testKeyStore(), deriveSecret } })
      .session({})
      .token()
  },
  'payments.list': () =>
    openShop()
      .open({ ledger: failing('list') })
      .payments.list(),
  'payments.get': () =>
    openShop()
      .open({ ledger: failing('get') })
      .payments.get('pay_'),
  'payments.export': () =>
    openShop()
      .open({ ledger: failing('list') })
      .payments.export('json'),
  'a session’s payments': () =>
    openShop()
      .open({ ledger: failing('list') })
      .session({})
      .payments.list(),
  'a session’s approvals': () =>
    openShop()
      .open({ ledger: failing('listApprovals') })
      .session({})
      .approvals.list(),
  budget: () =>
    openShop()
      .open({ ledger: failing('usage') })
      .budget(),
  quote: () =>
    openShop()
      .open({ ledger: failing('usage') })
      .quote(url),
  'approvals.list': () =>
    openShop()
      .open({ ledger: failing('listApprovals') })
      .approvals.list(),
  'approvals.approve': () =>
    openShop()
      .open({ ledger: failing('decideApproval') })
      .approvals.approve('apr_'),
  'approvals.deny': () =>
    openShop()
      .open({ ledger: failing('decideApproval') })
      .approvals.deny('apr_'),
  freeze: () =>
    openShop()
      .open({ ledger: failing('freeze') })
      .freeze('now'),
  unfreeze: () =>
    openShop()
      .open({ ledger: failing('freeze') })
      .unfreeze(),
  revokeSession: () =>
    openShop()
      .open({ ledger: failing('revokeSession') })
      .revokeSession('ses_'),
  openSession: async () => {
    const token = await openShop().open().session({}).token()
    return openShop()
      .open({ ledger: failing('revoked') })
      .openSession(token)
  },
  reconcile: () =>
    openShop()
      .open({ ledger: failing('list') })
      .reconcile(),
  'a reservation': () =>
    openShop()
      .open({ ledger: failing('reserve') })
      .fetch(url),
  'a look at the freeze': () =>
    openShop()
      .open({ ledger: failing('frozen') })
      .fetch(url),
}

describe('what others throw', () => {
  test('is found by this test where it is', () => {
    const request = new Request(url, { headers: { authorization: `Bearer ${canary}` } })
    expect(written(httpError(request, 'no'))).toContain(canary)
    expect(written(new Error('x', { cause: { config: { canary } } }))).toContain(canary)
  })

  test.each(Object.entries(cases))('is an error of ours without their secrets: %s', async (name, work) => {
    const error = await rejection(work())
    const text = written(error)
    expect(text).not.toContain(canary)
    // A signature, and the header that carries a payment.
    expect(text).not.toMatch(/0x[0-9a-f]{130}|eyJ4NDAy/)
    // A signer by itself is no part of the wallet: what it throws is only cleaned.
    expect(isStipendError(error)).toBe(name !== 'a signer of a remote signer')
  })

  test('keeps its name, its code, its class and where it was thrown', async () => {
    const inner = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' })
    const ledger = { ...memoryLedger(), list: () => Promise.reject(new TypeError('fetch failed', { cause: inner })) }
    const error = await rejection(openShop().open({ ledger }).payments.list())
    expect(error).toMatchObject({
      code: 'ledger_unavailable',
      cause: { name: 'TypeError', message: 'fetch failed', cause: { code: 'ECONNREFUSED' } },
    })
    expect((error as Error).cause).toBeInstanceOf(TypeError)
    expect(String(((error as Error).cause as Error).stack)).toContain('others.test.ts')
  })

  test('is cleaned however deep and round it is', async () => {
    const round = new Error(`https://a.example/${canary}`) as Error & { cause?: unknown }
    round.cause = new AggregateError([round, `password: ${canary}`, { canary }], canary.padEnd(70, 'x'))
    const ledger = { ...memoryLedger(), list: () => Promise.reject(round) }
    const error = await rejection(openShop().open({ ledger }).payments.list())
    expect(written(error)).not.toContain(canary)
  })

  test('is an abort by its name, and before a payment the very reason that the caller gave', async () => {
    const shop = openShop()
    const reason = new DOMException('enough', 'AbortError')
    const stop = new AbortController()
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const response = await shop.fetch(input, init)
      stop.abort(reason)
      return response
    }
    expect(await rejection(shop.open({ fetch }).fetch(url, { signal: stop.signal }))).toBe(reason)
    const late = new AbortController()
    const hangs: typeof globalThis.fetch = async (input, init) => {
      if (!new Request(input, init).headers.has('payment-signature')) return shop.fetch(input, init)
      setTimeout(() => late.abort(reason), 5)
      return new Promise(() => {})
    }
    const error = await rejection(shop.open({ fetch: hangs }).fetch(url, { signal: late.signal }))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', cause: { name: 'AbortError', message: 'enough' } })
  })
})

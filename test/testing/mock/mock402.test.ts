import { ed25519 } from '@noble/curves/ed25519'
import { describe, expect, test } from 'vitest'
import {
  type AgentWalletOptions,
  type AgentWallet,
  allowHosts,
  createAgentWallet,
  exactEvm,
  getPayment,
  spendingLimit,
  uptoEvm,
} from '../../../src/index.js'
import { exactSolana } from '../../../src/solana/index.js'
import { privateKey } from '../../../src/keys/index.js'
import {
  mock402,
  type Mock402,
  type Mock402Fault,
  mock402Faults,
  type Mock402Options,
  testClock,
  testKeyStore,
} from '../../../src/testing/index.js'

const url = 'https://shop.example/report'
const seed = Uint8Array.from({ length: 32 }, (_, index) => index + 1)
const solanaKey = Uint8Array.from([...seed, ...ed25519.getPublicKey(seed)])

function walletFor(shop: Mock402, options: Partial<AgentWalletOptions> = {}): AgentWallet {
  const policy = [allowHosts(['shop.example']), spendingLimit({ perPaymentUsd: 1, dailyLimitUsd: 20 })]
  return createAgentWallet({ keyStore: testKeyStore(), policy, fetch: shop, ...options })
}

describe('a mock server', () => {
  test.each<Mock402Options>([
    {},
    { protocols: ['x402-v1'] },
    { protocols: ['x402', 'x402-v1'] },
    { methods: ['permit2'] },
    { methods: ['upto'] },
    { methods: ['upto'], used: '$0.002' },
  ])('takes what a wallet pays, once: %j', async (options) => {
    const shop = mock402(options)
    const wallet = walletFor(shop, { schemes: [exactEvm(), uptoEvm()] })
    const response = await wallet.fetch(url)
    expect(response.status).toBe(200)
    expect(getPayment(response)).toMatchObject({ status: 'claimed' })
    expect(shop.authorizations).toMatchObject([{ isSigned: true, amount: 10_000n, url }])
    expect(shop.exposed).toBe(10_000n)
    expect(shop.settled).toBe(options.used ? 2_000n : options.methods?.[0] === 'upto' ? 5_000n : 10_000n)
    expect(shop.requests).toHaveLength(2)
  })

  test('takes what a wallet pays on Solana, and is the node that it needs', async () => {
    const shop = mock402({ methods: ['solana'] })
    const network = 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'
    const scheme = exactSolana({ rpc: 'https://node.example', network, fetch: shop.solanaNode })
    const wallet = walletFor(shop, { keyStore: privateKey(solanaKey), schemes: [scheme] })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(shop.authorizations).toMatchObject([{ method: 'solana', isSigned: true, amount: 10_000n, network }])
    expect(shop.settled).toBe(10_000n)
  })

  test('takes the first offer that a wallet can pay, of several', async () => {
    const shop = mock402({ methods: ['solana', 'permit2', 'eip3009'] })
    await walletFor(shop).fetch(url)
    expect(shop.settlements).toHaveLength(1)
  })

  test('refuses what was taken already, unless it is idempotent and the payment the same', async () => {
    const shop = mock402({ idempotent: false })
    await walletFor(shop).fetch(url)
    const again = new Headers(shop.requests.at(-1)?.headers)
    const response = await shop(url, { headers: again })
    expect(response.status).toBe(402)
    expect(shop.settled).toBe(10_000n)
    const patient = mock402()
    await walletFor(patient).fetch(url)
    expect((await patient(url, { headers: new Headers(patient.requests.at(-1)?.headers) })).status).toBe(200)
    expect(patient.settled).toBe(10_000n)
  })

  test('refuses a payment whose signature was changed, and keeps it apart in its book', async () => {
    const shop = mock402()
    await walletFor(shop).fetch(url)
    const header = shop.requests.at(-1)?.headers['payment-signature'] ?? ''
    const message = JSON.parse(atob(header)) as { payload: { authorization: { value: string } } }
    message.payload.authorization.value = '1'
    const response = await shop(url, { headers: { 'PAYMENT-SIGNATURE': btoa(JSON.stringify(message)) } })
    expect(response.status).toBe(402)
    expect(JSON.parse(atob(response.headers.get('payment-required') ?? ''))).toMatchObject({
      error: 'invalid_exact_evm_signature',
    })
    expect(shop.authorizations.map(({ isSigned }) => isSigned)).toEqual([true, false])
    expect([shop.exposed, shop.settled]).toEqual([10_000n, 10_000n])
  })

  test('listens on loopback', async () => {
    const shop = mock402({ faults: ['settle-then-drop'] })
    const { url: origin, close } = await shop.listen()
    try {
      const wallet = walletFor(shop, { policy: [allowHosts(['http://127.0.0.1:*'])], fetch: globalThis.fetch })
      await expect(wallet.fetch(`${origin}/report`)).rejects.toMatchObject({ code: 'payment_outcome_unknown' })
      expect(shop.settled).toBe(10_000n)
    } finally {
      await close()
    }
  })

  test.each<Mock402Options>([
    { faults: ['settle-than-500' as never] },
    { faults: ['slow-answer'] },
    { methods: ['cash' as never] },
    { protocols: [] },
    { price: 'free' },
    { prize: '1' } as never,
  ])('refuses options that are not usable: %j', (options) => {
    expect(() => mock402(options)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
  })

  test('forgets all that came', async () => {
    const shop = mock402()
    await walletFor(shop).fetch(url)
    shop.reset()
    expect([shop.requests, shop.authorizations, shop.settlements]).toEqual([[], [], []])
  })
})

/** What a payment of a cent comes to: how much was signed, and how much was taken. */
type Outcome = { readonly signed: number; readonly settled: bigint; readonly code?: string }

const paid: Outcome = { signed: 1, settled: 10_000n }
const unpaid = (code?: string): Outcome => ({ signed: 0, settled: 0n, ...(code === undefined ? {} : { code }) })
const lost = { ...paid, code: 'payment_outcome_unknown' }
const outcomes: Readonly<Record<Exclude<Mock402Fault, 'settle-then-hang'>, Outcome>> = {
  'settle-then-drop': lost,
  'settle-then-500': paid,
  'settle-then-402': { ...paid, code: 'payment_rejected' },
  'settle-then-raise': { ...paid, code: 'payment_rejected' },
  'settle-then-deny': { ...paid, code: 'payment_rejected' },
  'settle-then-redirect': lost,
  'settlement-pending': { ...paid, code: 'payment_rejected' },
  'settle-fails': { signed: 1, settled: 0n, code: 'payment_rejected' },
  'never-settle': { signed: 1, settled: 0n },
  'endless-402': { signed: 1, settled: 0n, code: 'payment_rejected' },
  'slow-answer': paid,
  'broken-off-body': paid,
  'forged-receipt': paid,
  'odd-receipt': paid,
  'no-receipt': paid,
  'price-drift': paid,
  'payee-swap': paid,
  'asset-spoof': unpaid('no_payable_offer'),
  'decimals-lie': unpaid('no_payable_offer'),
  'domain-mismatch': unpaid('no_payable_offer'),
  'wrong-chain': { signed: 1, settled: 10_000n },
  'long-window': paid,
  'short-window': unpaid('no_payable_offer'),
  redirect: unpaid(),
  malformed: unpaid('malformed_message'),
  duplicate: unpaid('malformed_message'),
  oversize: unpaid('malformed_message'),
  'many-offers': unpaid('malformed_message'),
  'gzip-bomb': paid,
  'clock-skew': unpaid('clock_skewed'),
  'not-x402': unpaid(),
}

describe('a mock server with a fault', () => {
  test.each(Object.entries(outcomes))('%s', async (fault, { signed, settled, code }) => {
    const clock = testClock()
    const shop = mock402({ faults: [fault as Mock402Fault], clock })
    const wallet = walletFor(shop, { clock, monotonic: clock.monotonic })
    const outcome = await wallet.fetch(url).then(
      () => undefined,
      (error: { readonly code?: string }) => error.code,
    )
    expect(outcome).toBe(code)
    expect(shop.authorizations.filter(({ isSigned }) => isSigned)).toHaveLength(signed)
    expect(shop.settled).toBe(settled)
  })

  test('never answers, until nobody waits any more', async () => {
    const shop = mock402({ faults: ['settle-then-hang'] })
    const wallet = walletFor(shop)
    const patience = new AbortController()
    const answer = wallet.fetch(url, { signal: patience.signal })
    while (shop.settlements.length === 0) await new Promise((resolve) => void setTimeout(resolve, 1))
    patience.abort()
    await expect(answer).rejects.toMatchObject({ code: 'payment_outcome_unknown' })
  })

  test('delivers what was pending when the same payment comes again', async () => {
    const shop = mock402({ faults: ['settlement-pending'] })
    const wallet = walletFor(shop)
    await expect(wallet.fetch(url)).rejects.toMatchObject({ code: 'payment_rejected', reason: 'settlement_pending' })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect([shop.authorizations.length, shop.settled]).toEqual([1, 10_000n])
  })

  test('has a test here for each of its faults', () => {
    expect([...Object.keys(outcomes), 'settle-then-hang'].toSorted()).toEqual(mock402Faults.toSorted())
  })

  test('draws the same faults from the same seed, and others from another', async () => {
    const story = async (seed: number): Promise<readonly unknown[]> => {
      const shop = mock402({ seed, faults: ['settle-then-500', 'endless-402', 'price-drift', 'not-x402'] })
      const said: unknown[] = []
      for (let round = 0; round < 12; round += 1) {
        const call = walletFor(shop).fetch(`${url}?round=${round}`)
        said.push(
          await call.then(
            ({ status }) => status,
            (error: { readonly code?: string }) => error.code,
          ),
        )
      }
      return said
    }
    const first = await story(1)
    expect(await story(1)).toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(2)
    expect(await story(2)).not.toEqual(first)
  })
})

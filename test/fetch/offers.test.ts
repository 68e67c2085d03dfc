import { afterEach, describe, expect, test } from 'vitest'
import {
  allowAssets,
  allowHosts,
  allowNetworks,
  getPayment,
  isStipendError,
  type StipendError,
} from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'
import { listen, type Listening } from '../support/listen.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const servers: Listening[] = []

const serve = async (handler: (request: Request) => Response | Promise<Response>): Promise<string> => {
  const server = await listen(handler)
  servers.push(server)
  return server.url
}

type Raw = Record<string, unknown> & { readonly extra: Record<string, unknown> }
const raw = (offer: unknown): Raw => offer as Raw

/** Asks for payment by a changed offer, and expects that nothing at all is signed, recorded or sent. */
async function refuses(
  change: (offer: Raw) => unknown,
  options: Parameters<typeof createTestWallet>[0] = {},
): Promise<StipendError> {
  const resource = paidResource({ accepts: (offer) => [change(raw(offer))] })
  const wallet = createTestWallet(options)
  const error = await rejection(wallet.fetch(await serve(resource)))
  if (!isStipendError(error)) throw error
  expect(error.moved).toBe('no')
  expect(wallet.signed).toHaveLength(0)
  expect(await wallet.payments.list()).toHaveLength(0)
  expect(resource.requests).toHaveLength(1)
  return error
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

describe('an offer that is not what we know', () => {
  const spoofs: readonly (readonly [string, Record<string, unknown>])[] = [
    ['an unknown token that calls itself USDC', { asset: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' }],
    ['the USDC of another chain', { asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913' }],
    ['another EIP-712 name', { extra: { name: 'USD Coin', version: '2' } }],
    ['another EIP-712 version', { extra: { name: 'USDC', version: '1' } }],
    ['other decimals', { extra: { name: 'USDC', version: '2', decimals: 18 } }],
    ['a homoglyph in the name', { extra: { name: 'USDС', version: '2' } }],
    ['an unknown scheme', { scheme: 'batch-settlement' }],
    ['a transfer method nobody has', { extra: { name: 'USDC', version: '2', assetTransferMethod: 'erc7710' } }],
    ['other decimals by Permit2', { extra: { decimals: 18, assetTransferMethod: 'permit2' } }],
    ['Permit2 as payee', { payTo: '0x000000000022D473030F116dDEE9F6B43aC78BA3' }],
    ['a proxy of x402 as payee', { payTo: '0x402085c248EeA27D92E8b30b2C58ed07f9E20001' }],
    ['a transfer method in other letters', { extra: { name: 'USDC', version: '2', assetTransferMethod: 'Permit2' } }],
    ['escrow', { extra: { name: 'USDC', version: '2', paymentFlow: 'escrow' } }],
    ['a network that is equal only after trimming', { network: 'eip155:84532 ' }],
    ['a network in upper case', { network: 'EIP155:84532' }],
    ['a chain id with a leading zero', { network: 'eip155:084532' }],
    ['a chain id in hex', { network: 'eip155:0x14a34' }],
    ['a v1 network name', { network: 'base-sepolia' }],
    ['an amount as a number', { amount: 10_000 }],
    ['an amount of zero', { amount: '0' }],
    ['a negative amount', { amount: '-1' }],
    ['an amount with an exponent', { amount: '1e3' }],
    ['an amount with a leading zero', { amount: '007' }],
    ['an amount in other digits', { amount: '１０' }],
    ['an amount beyond 256 bits', { amount: (1n << 256n).toString() }],
    ['no time at all', { maxTimeoutSeconds: 0 }],
    ['a negative time', { maxTimeoutSeconds: -1 }],
    ['a fraction of a second', { maxTimeoutSeconds: 0.5 }],
    ['a time as a string', { maxTimeoutSeconds: '60' }],
    ['less time than a facilitator takes', { maxTimeoutSeconds: 6 }],
    ['the zero address as payee', { payTo: '0x0000000000000000000000000000000000000000' }],
    ['the burn address as payee', { payTo: '0x000000000000000000000000000000000000dEaD' }],
    ['the token as payee', { payTo: '0x036CbD53842c5426634e7929541eC2318f3dCF7e' }],
    ['a payee with a wrong checksum', { payTo: '0x209693bc6afc0C5328bA36FaF03C514EF312287C' }],
    ['a name as payee', { payTo: 'vitalik.eth' }],
    ['a payee of 19 bytes', { payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF31228' }],
    ['ourselves as payee', { payTo: testKeyStore().address }],
  ]

  test.each(spoofs)('is set aside unsigned: %s', async (_what, change) => {
    const error = await refuses((offer) => ({ ...offer, ...change }))
    expect(error.code).toBe('no_payable_offer')
    expect(error.message.split('\n')[1]).toMatch(/^ {2}offer 0: /)
  })

  test('of a chain that the owner did not allow is denied, however cheap', async () => {
    const policy = [allowHosts(['http://127.0.0.1:*']), allowNetworks(['eip155:8453'])]
    expect((await refuses((offer) => offer, { policy })).code).toBe('payment_denied')
  })

  test('in an asset that the owner did not allow is denied', async () => {
    const policy = [allowHosts(['http://127.0.0.1:*']), allowAssets(['EURC'])]
    expect((await refuses((offer) => offer, { policy })).code).toBe('payment_denied')
  })

  test('priced for eighteen decimals is over every limit', async () => {
    expect((await refuses((offer) => ({ ...offer, amount: '10000000000000000' }))).code).toBe('limit_exceeded')
  })

  test('whose answer would not fit in a header is refused before anything is signed', async () => {
    const resource = paidResource({
      extensions: {
        huge: { info: Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`k${index}`, 'x'.repeat(1400)])) },
      },
    })
    const wallet = createTestWallet()
    const error = await rejection(wallet.fetch(await serve(resource)))
    expect(error).toMatchObject({ code: 'malformed_message', moved: 'no' })
    expect(String(error)).toMatch(/payment header would be \d+ bytes/)
    expect(wallet.signed).toHaveLength(0)
    expect(await wallet.payments.list()).toHaveLength(0)
  })
})

describe('of several offers', () => {
  const dear = (offer: unknown): Raw => ({ ...raw(offer), amount: '90000' })

  const foreign = {
    scheme: 'exact',
    network: 'stellar:pubnet',
    amount: '1.5',
    asset: 'CCW6',
    payTo: 'G',
    maxTimeoutSeconds: 60,
  }

  test.each([
    ['last', (offer: unknown) => [foreign, dear(offer), offer]],
    ['first', (offer: unknown) => [offer, dear(offer), foreign]],
    ['between', (offer: unknown) => [dear(offer), offer, foreign]],
  ])('the cheapest that is allowed is paid when it comes %s', async (_where, accepts) => {
    const resource = paidResource({ accepts })
    const response = await createTestWallet().fetch(await serve(resource))
    expect(getPayment(response)?.amount).toBe(10_000n)
    expect(resource.settled).toBe(10_000n)
  })

  test.each(['first', 'last'])(
    'of one price the one that has the most time is taken, also where it is %s',
    async (place) => {
      const list = (offer: unknown) => [{ ...raw(offer), maxTimeoutSeconds: 61 }, offer]
      const resource = paidResource({
        accepts: (offer) => (place === 'first' ? list(offer) : list(offer).toReversed()),
      })
      await createTestWallet().fetch(await serve(resource))
      expect(
        JSON.parse(atob(resource.requests[1]?.headers['payment-signature'] ?? '')).accepted.maxTimeoutSeconds,
      ).toBe(61)
    },
  )
})

describe('the authorization', () => {
  test.each([
    [31_536_000, 300],
    [60, 60],
    [7, 7],
  ])('for a server that asks for %i s lives %i s', async (maxTimeoutSeconds, lives) => {
    const now = Math.floor(Date.now() / 1000) * 1000
    const resource = paidResource({ maxTimeoutSeconds })
    const wallet = createTestWallet({ clock: () => now })
    await wallet.fetch(await serve(resource)).catch(() => {})
    expect((await wallet.payments.list())[0]?.terms).toMatchObject({ validAfter: 0, validBefore: now / 1000 + lives })
  })

  test('carries the payment id where the server declares payment-identifier, and what the server said otherwise', async () => {
    const info = { required: true, note: 'keep' }
    const resource = paidResource({
      extensions: { 'payment-identifier': { info, schema: { type: 'object' } }, other: { info: { a: [1, null] } } },
    })
    const response = await createTestWallet().fetch(await serve(resource))
    const sent = JSON.parse(atob(resource.requests[1]?.headers['payment-signature'] ?? ''))
    expect(sent.extensions).toEqual({
      'payment-identifier': { info: { ...info, id: getPayment(response)?.id }, schema: { type: 'object' } },
      other: { info: { a: [1, null] } },
    })
  })

  test.each([1, 2] as const)('of x402 v%i is taken by a server that checks it', async (version) => {
    const resource = paidResource({ version })
    const response = await createTestWallet().fetch(await serve(resource))
    expect(response.status).toBe(200)
    expect(getPayment(response)).toMatchObject({
      status: 'claimed',
      receipt: { status: 'claimed', network: 'eip155:84532' },
    })
  })
})

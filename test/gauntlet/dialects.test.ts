import { toClientEvmSigner } from '@x402/evm'
import { registerExactEvmScheme } from '@x402/evm/exact/client'
import { wrapFetchWithPayment, x402Client } from '@x402/fetch'
import { dialectsGauntlet, type GauntletResult, type GauntletScene } from 'stipend/testing'
import { createPublicClient, custom } from 'viem'
import { baseSepolia } from 'viem/chains'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { permit2Addresses } from '../support/permit2.ts'
import { dialectsPayer } from './stipend.ts'

const failed = (results: readonly GauntletResult[]): readonly string[] =>
  results.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name)

describe('the gauntlet of dialects', () => {
  test.each([
    ['mpp', 10],
    ['tempo', 10],
    ['l402', 10],
    ['upto', 10],
    ['sign-in', 11],
    ['permit', 13],
    ['approval', 13],
  ] as const)('is passed by stipend in every case of %s', async (dialect, least) => {
    const results = await dialectsGauntlet(dialect, dialectsPayer)
    expect(results.length).toBeGreaterThan(least)
    expect(results.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
    expect(results[0]).toMatchObject({ name: 'honest', authorizations: 1, exposed: 10_000n })
  })

  test('fails a client that pays each challenge of MPP, wherever it is sent', async () => {
    const results = await dialectsGauntlet('mpp', {
      features: ['budget', 'purchases', 'window'],
      create: ({ fetch, privateKey: key }) => eager(fetch, key),
    })
    expect(failed(results)).toEqual([
      'endless',
      'price change',
      'payee change',
      'redirect',
      'replay',
      'long window',
      'over the limit',
      'budget',
    ])
  })

  test('fails a client that pays each invoice of L402, and shows what it paid wherever it is sent', async () => {
    const results = await dialectsGauntlet('l402', { features: ['budget', 'purchases'], create: hasty })
    expect(failed(results)).toEqual([
      'endless',
      'price change',
      'payee change',
      'redirect',
      'replay',
      'over the limit',
      'budget',
    ])
  })

  test('fails a client that signs in to whatever it is asked, before it has paid', async () => {
    const results = await dialectsGauntlet('sign-in', {
      create: ({ fetch, privateKey: key }) => gullible(fetch, dialectsPayer.create({ fetch, privateKey: key, limits })),
    })
    expect(failed(results)).toEqual(
      expect.arrayContaining([
        'not paid before',
        'another domain',
        'another URL',
        'a statement',
        'another chain',
        'over',
      ]),
    )
  })

  test('fails a client that pays nothing, in the case of an honest server alone', async () => {
    for (const dialect of ['mpp', 'tempo', 'l402', 'upto', 'sign-in', 'permit', 'approval'] as const)
      expect(failed(await dialectsGauntlet(dialect, { create: ({ fetch }) => fetch }))).toEqual(['honest'])
  })
})

const limits = { host: 'shop.example', network: 'eip155:84532', totalUsd: '0.05' } as const

/** Pays whatever MPP asks, three times, and takes its payment along. */
function eager(fetch: typeof globalThis.fetch, key: `0x${string}`): typeof globalThis.fetch {
  const account = privateKeyToAccount(key)
  return async (input, init) => {
    let response = await fetch(input, init)
    for (let tries = 0; tries < 3; tries += 1) {
      const header = response.headers.get('www-authenticate')
      if (header === null) return response
      const challenge = Object.fromEntries(
        [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
      )
      const { amount, recipient } = JSON.parse(Buffer.from(challenge['request'] ?? '', 'base64url').toString())
      const validBefore = String(Math.floor(Date.parse(challenge['expires'] ?? '') / 1000))
      const nonce = `0x${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')}`
      const signature = await account.signMessage({ message: nonce })
      const payload = {
        type: 'authorization',
        from: account.address,
        to: recipient,
        value: amount,
        validBefore,
        nonce,
        signature,
      }
      const credential = Buffer.from(JSON.stringify({ challenge, payload })).toString('base64url')
      const paid = await fetch(input, { redirect: 'manual', headers: { authorization: `Payment ${credential}` } })
      const location = paid.headers.get('location')
      response = location ? await fetch(location, { headers: { authorization: `Payment ${credential}` } }) : paid
    }
    return response
  }
}

/** Pays whatever invoice it is asked, three times, and takes its proof along. */
function hasty({ fetch, lightning }: GauntletScene): typeof globalThis.fetch {
  return async (input, init) => {
    let response = await fetch(input, init)
    for (let tries = 0; tries < 3; tries += 1) {
      const [, token, invoice = ''] =
        /token="([^"]*)", invoice="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '') ?? []
      if (!lightning || token === undefined) return response
      const { preimage } = await lightning.payInvoice({ invoice })
      const headers = { authorization: `L402 ${token}:${preimage}` }
      const paid = await fetch(input, { redirect: 'manual', headers })
      const location = paid.headers.get('location')
      response = location ? await fetch(location, { headers }) : paid
    }
    return response
  }
}

/** Writes a proof of whatever it is asked, and lets another pay where that does not help. */
function gullible(
  fetch: typeof globalThis.fetch,
  pay: typeof globalThis.fetch | Promise<typeof globalThis.fetch>,
): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    const required = response.headers.get('payment-required')
    if (required === null) return response
    const { info } = JSON.parse(atob(required)).extensions['sign-in-with-x']
    const proof = btoa(JSON.stringify({ ...info, signature: '0x' }))
    const opened = await fetch(input, { headers: { 'SIGN-IN-WITH-X': proof } })
    return opened.ok ? opened : (await pay)(input, init)
  }
}

describe("x402's own client", () => {
  const about = (verdict: GauntletResult['verdict'], results: readonly GauntletResult[]): readonly string[] =>
    results.filter((one) => one.verdict === verdict).map(({ name, reason }) => `${name}: ${reason}`)
  const lacking = [
    'taken, and not settled: it signed 2 payments',
    'two at once: it signed two payments with one permit',
    'over the limit: it signed 1 payments',
  ]

  test('passes the cases of permits but for a redirect', async () => {
    const results = await dialectsGauntlet('permit', { create: reference })
    expect(about('fail', results)).toEqual(['redirect: the payment was sent to https://elsewhere.invalid'])
    expect(about('no feature', results)).toEqual(lacking)
  })

  test('approves everything', async () => {
    const results = await dialectsGauntlet('approval', { create: reference })
    const everything = 'it let Permit2 move everything, and pays $0.01'
    expect(about('fail', results)).toEqual([
      ...['honest', 'for more', 'for another spender', 'of another token', 'for ever', 'of a later number'].map(
        (name) => `${name}: ${everything}`,
      ),
      `again after it is settled: ${everything}`,
      'redirect: the payment was sent to https://elsewhere.invalid',
    ])
    expect(about('no feature', results)).toEqual(lacking)
  })
})

test('the gauntlet of permits fails a client that signs a permit which nobody needs, for whom it is told', async () => {
  const results = await dialectsGauntlet('permit', { create: obedient })
  expect(failed(results)).toEqual(
    expect.arrayContaining(['for more', 'for another spender', 'for ever', 'of a later number', 'allowance enough']),
  )
})

/** Pays what is asked by Permit2, and signs the permit that the server writes. */
function obedient({ fetch, privateKey: key }: GauntletScene): typeof globalThis.fetch {
  const account = privateKeyToAccount(key)
  return async (input, init) => {
    const response = await fetch(input, init)
    const required = response.headers.get('payment-required')
    if (required === null) return response
    const { accepts, extensions } = JSON.parse(atob(required))
    const own = { spender: permit2Addresses.permit2, amount: accepts[0].amount, nonce: '3', deadline: '1' }
    const info = { ...own, ...extensions.eip2612GasSponsoring.info }
    const types = {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    }
    const domain = { name: 'USDC', version: '2', chainId: 84532, verifyingContract: accepts[0].asset }
    const { spender, amount, nonce, deadline } = info
    const message = { owner: account.address, spender, value: amount, nonce, deadline }
    const signature = await account.signTypedData({ domain, types, primaryType: 'Permit', message })
    const signed = { ...info, from: account.address, signature }
    const permit2Authorization = { nonce: '1', permitted: { amount: accepts[0].amount }, deadline: '2000000000' }
    const paid = { payload: { permit2Authorization }, extensions: { eip2612GasSponsoring: { info: signed } } }
    return fetch(input, { headers: { 'PAYMENT-SIGNATURE': btoa(JSON.stringify(paid)) } })
  }
}

/** x402's own client, with a node to ask. */
function reference({ fetch, privateKey: key, node }: GauntletScene): typeof globalThis.fetch {
  const account = privateKeyToAccount(key)
  const client = createPublicClient({
    chain: baseSepolia,
    transport: custom(node ?? { request: async () => undefined }, { retryCount: 0 }),
  })
  const x402 = new x402Client()
  registerExactEvmScheme(x402, { signer: toClientEvmSigner(account, client), networks: ['eip155:84532'] })
  return wrapFetchWithPayment(fetch, x402)
}

import { dialectsGauntlet, type GauntletResult } from 'stipend/testing'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { dialectsPayer } from './stipend.ts'

const failed = (results: readonly GauntletResult[]): readonly string[] =>
  results.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name)

describe('the gauntlet of dialects', () => {
  test.each([
    ['mpp', 10],
    ['upto', 10],
    ['sign-in', 11],
  ] as const)('is passed by stipend in every case of %s', async (dialect, least) => {
    const results = await dialectsGauntlet(dialect, dialectsPayer)
    expect(results.length).toBeGreaterThan(least)
    expect(results.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
    expect(results[0]).toMatchObject({ name: 'honest', authorizations: 1, exposed: 10_000n })
  })

  test('fails a client that pays each challenge of MPP, wherever it is sent', async () => {
    const results = await dialectsGauntlet('mpp', { create: ({ fetch, privateKey: key }) => eager(fetch, key) })
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
    for (const dialect of ['mpp', 'upto', 'sign-in'] as const)
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

import { describe, expect, test } from 'vitest'
import { gauntlet, type GauntletPayer, type GauntletResult } from 'stipend/testing'
import { privateKeyToAccount } from 'viem/accounts'
import { stipendPayer } from './stipend.ts'

const failed = (results: readonly GauntletResult[]): readonly string[] =>
  results.filter(({ verdict }) => verdict === 'fail').map(({ name, reason }) => `${name}: ${reason}`)

describe('the gauntlet', () => {
  test.each([
    ['x402', 'eip3009'],
    ['x402-v1', 'eip3009'],
    ['x402', 'permit2'],
    ['x402', 'solana'],
    ['x402-v1', 'solana'],
  ] as const)('is passed by stipend in every case of %s by %s', async (protocol, method) => {
    const results = await gauntlet(stipendPayer(protocol, method))
    expect(results.length).toBeGreaterThan(40)
    expect(results.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
    expect(results[0]).toMatchObject({ name: 'honest', authorizations: 1, exposed: 10_000n, caller: ['200'] })
  })

  test('fails a client that pays each 402 that it is answered, and follows redirects with its payment', async () => {
    const results = await gauntlet({
      create: ({ fetch, privateKey }) => eager(fetch, privateKey),
      features: ['budget'],
    })
    const [first, ...others] = failed(results).map((line) => line.split(':')[0] ?? '')
    expect([first, ...others]).toEqual(
      expect.arrayContaining(['endless-402', 'settle-then-402', 'payee-swap', 'redirect', 'offer in a 200', 'budget']),
    )
    expect(results.find(({ name }) => name === 'endless-402')).toMatchObject({ authorizations: 3, exposed: 30_000n })
    expect(results.find(({ name }) => name === 'called again')?.verdict).toBe('no feature')
  })

  test('fails a client that cannot be set up, and one that pays nothing', async () => {
    const broken: GauntletPayer = { create: () => Promise.reject(new Error('no key')) }
    expect((await gauntlet(broken)).every(({ verdict }) => verdict !== 'pass')).toBe(true)
    const results = await gauntlet({ create: ({ fetch }) => fetch })
    expect(failed(results)).toEqual(['honest: the caller saw 402'])
  })
})

/** Pays whatever is asked, three times, wherever it stands. */
function eager(fetch: typeof globalThis.fetch, key: `0x${string}`): typeof globalThis.fetch {
  const account = privateKeyToAccount(key)
  return async (input, init) => {
    let response = await fetch(input, init)
    for (let tries = 0; tries < 3; tries += 1) {
      const required = response.headers.get('payment-required')
      if (required === null) return response
      const { resource, accepts } = JSON.parse(atob(required)) as Required
      const [accepted] = accepts
      if (!accepted) return response
      const authorization = {
        from: account.address,
        to: accepted.payTo,
        value: accepted.amount,
        validAfter: '0',
        validBefore: String(Math.floor(Date.now() / 1000) + 60),
        nonce: `0x${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')}` as const,
      }
      const signature = await account.signTypedData({
        domain: { name: 'USDC', version: '2', chainId: 84_532, verifyingContract: accepted.asset },
        types,
        primaryType: 'TransferWithAuthorization',
        message: {
          ...authorization,
          value: BigInt(authorization.value),
          validAfter: 0n,
          validBefore: BigInt(authorization.validBefore),
        },
      })
      const payment = btoa(
        JSON.stringify({ x402Version: 2, resource, accepted, payload: { signature, authorization } }),
      )
      response = await fetch(input, { headers: { 'PAYMENT-SIGNATURE': payment } })
    }
    return response
  }
}

type Required = {
  readonly resource: unknown
  readonly accepts: readonly {
    readonly payTo: `0x${string}`
    readonly asset: `0x${string}`
    readonly amount: string
  }[]
}

const types = {
  TransferWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
} as const

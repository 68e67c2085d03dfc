import { expect, test } from 'vitest'
import { createAssetTable } from '../../src/assets/table.js'
import { x402 } from '../../src/index.js'
import { priceOffers } from '../../src/pay/price.js'
import { entryV2, messageV2, requiredV2, usdc } from '../support/offers.ts'

test('turns claims it knows into offers priced by itself, and sets the others aside', () => {
  const entries = [
    entryV2({ extra: { decimals: 18, name: 'USDC' } }),
    entryV2({ asset: `0x${'1'.repeat(40)}` }),
    entryV2({ network: 'eip155:8453' }),
  ]
  const claims = x402().parse(messageV2(requiredV2(entries)))?.claims ?? []
  const { offers, setAside } = priceOffers(claims, createAssetTable())
  expect(offers).toMatchObject([{ index: 0, asset: usdc, amount: 10_000n, microUsd: 10_000n }])
  expect(offers.every(Object.isFrozen)).toBe(true)
  expect(setAside.map(({ index }) => index)).toEqual([1, 2])
  expect(setAside.every(({ reason }) => reason.includes('not in the table of known assets'))).toBe(true)
})

test('says of an offer that is set aside which it was and why, and nothing else of it', () => {
  const entries = [entryV2({ asset: `0x${'1'.repeat(40)}`, extra: { note: 'of the server' } })]
  const claims = x402().parse(messageV2(requiredV2(entries)))?.claims ?? []
  const { setAside } = priceOffers([...claims, { ...claims[0], amount: 0n } as never], createAssetTable())
  expect(JSON.parse(JSON.stringify(setAside))).toEqual([
    {
      index: 0,
      reason: expect.stringMatching(
        `^0x${'1'.repeat(40)} on ${usdc.network} is not in the table of known assets: list one`,
      ),
      untrustedScheme: 'exact',
      untrustedNetwork: usdc.network,
      untrustedAsset: `0x${'1'.repeat(40)}`,
    },
    { index: 0, reason: 'it is not well-formed' },
  ])
})

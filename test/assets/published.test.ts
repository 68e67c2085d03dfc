import { DEFAULT_ASSETS } from '@x402/evm'
import { describe, expect, test } from 'vitest'
import { pinnedAssets } from '../../src/assets/pinned.js'

/** Tokens that the table has and the reference implementation has not: native USDC of its issuer, in FiatToken's domain. */
const more = ['eip155:10 0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85']

type Published = {
  readonly asset: string
  readonly name: string
  readonly version: string
  readonly decimals: number
  readonly symbol: string
  readonly assetTransferMethod?: string
}

const published = Object.entries(DEFAULT_ASSETS).flatMap(([network, assets]) =>
  (assets as readonly Published[]).map((one) => ({ network, ...one })),
)
const pinned = pinnedAssets().filter(({ network }) => network.startsWith('eip155:'))

describe('the pinned table, held against that of the reference implementation', () => {
  test('has every token that it has, with its contract, decimals, signing domain and way to move', () => {
    expect(published.length).toBeGreaterThan(25)
    for (const { network, asset, name, version, decimals, symbol, assetTransferMethod } of published) {
      const own = pinned.find((one) => one.network === network && one.address === asset)
      expect(own, `${network} ${asset}`).toMatchObject({
        symbol,
        decimals,
        eip712: { name, version },
        transfer: assetTransferMethod ?? 'eip3009',
      })
    }
  })

  test('has no other, but for those that are named here', () => {
    const known = new Set(published.map(({ network, asset }) => `${network} ${asset}`))
    const others = pinned.map(({ network, address }) => `${network} ${address}`).filter((one) => !known.has(one))
    expect(others.toSorted()).toEqual(more.toSorted())
  })
})

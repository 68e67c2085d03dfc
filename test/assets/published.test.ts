import { DEFAULT_ASSETS } from '@x402/evm'
import { pathusd, usdc, usdce } from 'viem/tokens'
import { describe, expect, test } from 'vitest'
import { pinnedAssets } from '../../src/assets/pinned.js'

/** Tokens that the table has and the reference implementation has not: native USDC of its issuer, in FiatToken's domain. */
const more = [
  'eip155:10 0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85',
  'eip155:43113 0x5425890298aed601595a70AB815c96711a31Bc65',
  'eip155:80002 0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582',
  'eip155:10143 0x534b2f3A21130d7a60830c2Df862319e593943A3',
]

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
const isEvm = ({ network }: { readonly network: string }): boolean => network.startsWith('eip155:')
const isOfTempo = ({ transfer }: { readonly transfer: string }): boolean => transfer === 'tip20'
const pinned = pinnedAssets().filter((asset) => isEvm(asset) && !isOfTempo(asset))

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

  test('has USDC where viem has it', () => {
    const known = Object.entries(usdc.addresses).map(([id, address]) => [`eip155:${id}`, address] as const)
    const ours = pinned.filter(({ symbol }) => symbol === 'USDC')
    const both = known.flatMap(([network, address]) => {
      const own = ours.find((one) => one.network === network)
      return own ? [[network, own.address.toLowerCase(), address.toLowerCase()]] : []
    })
    expect(both.length).toBeGreaterThan(10)
    expect(both.filter(([, own, theirs]) => own !== theirs)).toEqual([])
    for (const one of more) expect(both.map(([network]) => network)).toContain(one.split(' ')[0])
  })

  test('has the tokens of Tempo where viem has them', () => {
    const theirs = [pathusd, usdce].flatMap(({ addresses, symbol }) =>
      Object.entries(addresses).map(([id, address]) => [`eip155:${id}`, symbol, address.toLowerCase()]),
    )
    const ours = pinnedAssets()
      .filter(isOfTempo)
      .map(({ network, symbol, address }) => [network, symbol, address.toLowerCase()])
    expect(ours).toHaveLength(3)
    for (const token of ours) expect(theirs).toContainEqual(token)
  })
})

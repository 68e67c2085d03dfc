import { describe, expect, test } from 'vitest'
import { uniswap, wrappedCoins } from '../../src/assets/pinned-contracts.js'
import { readOracle } from '../support/contracts.ts'

type Oracle = {
  readonly SWAP_ROUTER_02_ADDRESSES: (chainId: number) => string
  readonly QUOTER_ADDRESSES: Readonly<Record<number, string>>
  readonly WETH9: Readonly<Record<number, { readonly address: string; readonly symbol: string }>>
}

const oracle = readOracle('@uniswap/sdk-core') as Oracle
const idOf = (network: string): number => Number(network.split(':')[1])
/** Where Uniswap's own table still has the quoter of the version before. */
const olderQuoter = '0xb27308f9F90D607463bb33eA1BeBb41C27CE5AB6'

describe('the pinned contracts', () => {
  test.each(Object.entries(uniswap))('of Uniswap on %s are those of its own table', (network, { router, quoter }) => {
    expect(router).toBe(oracle.SWAP_ROUTER_02_ADDRESSES(idOf(network)))
    const known = oracle.QUOTER_ADDRESSES[idOf(network)]
    expect(known === olderQuoter ? '0x61fFE014bA17989E743c5F6cB21bF9697530B21e' : known).toBe(quoter)
  })

  test.each(Object.entries(wrappedCoins))('of %s name its wrapped coin as Uniswap does', (network, { address }) => {
    expect(oracle.WETH9[idOf(network)]?.address).toBe(address)
  })
})

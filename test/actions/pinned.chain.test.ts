import { describe, expect, test } from 'vitest'
import { aavePools, spokePools, uniswap, wrappedCoins } from '../../src/assets/pinned-contracts.js'
import { delegations } from '../../src/assets/pinned-delegations.js'
import { readOracle } from '../support/contracts.ts'

type Oracle = {
  readonly SWAP_ROUTER_02_ADDRESSES: (chainId: number) => string
  readonly QUOTER_ADDRESSES: Readonly<Record<number, string>>
  readonly WETH9: Readonly<Record<number, { readonly address: string; readonly symbol: string }>>
}

type AaveOracle = Readonly<Record<string, { readonly CHAIN_ID?: number; readonly POOL?: string }>>

const aave = readOracle('@aave-dao/aave-address-book') as AaveOracle
/** One network can have several markets of Aave; the main one is named after the network alone. */
const markets = [
  'Ethereum',
  'Optimism',
  'Polygon',
  'Monad',
  'MegaEth',
  'Base',
  'Arbitrum',
  'Celo',
  'Avalanche',
  'BaseSepolia',
  'ArbitrumSepolia',
].map((name) => aave[`AaveV3${name}`])
const oracle = readOracle('@uniswap/sdk-core') as Oracle
const idOf = (network: string): number => Number(network.split(':')[1])
/** Where Uniswap's own table still has the quoter of the version before. */
const olderQuoter = '0xb27308f9F90D607463bb33eA1BeBb41C27CE5AB6'

type Deployed = Readonly<Record<string, string>>
const { DELEGATOR_CONTRACTS: deployed } = readOracle('@metamask/delegation-deployments') as {
  readonly DELEGATOR_CONTRACTS: Readonly<Record<string, Readonly<Record<string, Deployed>>>>
}

type AcrossOracle = Readonly<
  Record<string, { readonly contracts: Readonly<Record<string, { readonly address: string }>> }>
>
const { chains: across } = readOracle('@across-protocol/contracts/dist/broadcast/deployed-addresses.json') as {
  readonly chains: AcrossOracle
}

describe('the pinned contracts', () => {
  test.each(Object.entries(uniswap))('of Uniswap on %s are those of its own table', (network, { router, quoter }) => {
    expect(router).toBe(oracle.SWAP_ROUTER_02_ADDRESSES(idOf(network)))
    const known = oracle.QUOTER_ADDRESSES[idOf(network)]
    expect(known === olderQuoter ? '0x61fFE014bA17989E743c5F6cB21bF9697530B21e' : known).toBe(quoter)
  })

  test('of Aave are those of its own table, of the main market of each network', () => {
    const known = markets.map((market) => [`eip155:${String(market?.CHAIN_ID)}`, market?.POOL] as const)
    expect(Object.fromEntries(known)).toEqual(aavePools)
  })

  test.each(Object.entries(spokePools))('of Across on %s are those of its own table', (network, pool) => {
    expect(across[idOf(network)]?.contracts['SpokePool']?.address).toBe(pool)
  })

  test.each(delegations.networks)('of delegations on %s are those of its own table', (network) => {
    const known = deployed['1.3.0']?.[idOf(network)]
    expect(known).toMatchObject({
      DelegationManager: delegations.manager,
      ERC20PeriodTransferEnforcer: delegations.periodTransfer,
      ValueLteEnforcer: delegations.valueLte,
      TimestampEnforcer: delegations.timestamp,
    })
  })

  test.each(Object.entries(wrappedCoins))('of %s name its wrapped coin as Uniswap does', (network, { address }) => {
    expect(oracle.WETH9[idOf(network)]?.address).toBe(address)
  })
})

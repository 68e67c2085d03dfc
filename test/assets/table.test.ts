import { describe, expect, test } from 'vitest'
import { type AssetInput, createAssetTable } from '../../src/assets/table.js'
import { ConfigurationError } from '../../src/index.js'
import { isDeepFrozen } from '../support/challenges.ts'
import { usdc } from '../support/offers.ts'

describe('a table of assets', () => {
  const own: AssetInput = {
    network: 'eip155:31337',
    address: '0x5fbdb2315678afecb367f032d93f642f64180aa3',
    symbol: 'TEST',
    decimals: 6,
    eip712: { name: 'Test', version: '1' },
  }

  test('finds a contract in whichever case, a mint to the letter, and neither on another network', () => {
    const { find } = createAssetTable()
    expect(find(usdc.network, usdc.address.toLowerCase())).toBe(find(usdc.network, usdc.address))
    expect(find('eip155:8453', usdc.address)).toBeUndefined()
    expect(find('eip155:84532 ', usdc.address)).toBeUndefined()
    expect(find('EIP155:84532', usdc.address)).toBeUndefined()
    const mint = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'
    expect(find('solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', mint)?.symbol).toBe('USDC')
    expect(find('solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', mint.toLowerCase())).toBeUndefined()
    expect(find('solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1', mint)).toBeUndefined()
  })

  test('takes tokens of the owner, as a dollar each unless he says otherwise', () => {
    const address = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
    expect(createAssetTable([own]).find(own.network, address)).toEqual({
      ...own,
      address,
      transfer: 'eip3009',
      microUsd: 1_000_000n,
    })
    const euro = createAssetTable([{ ...own, microUsd: 1_080_000n }]).find(own.network, address)
    expect(euro?.microUsd).toBe(1_080_000n)
    expect(createAssetTable().find(own.network, address)).toBeUndefined()
  })

  test('is frozen, and does not change with the list it was made from', () => {
    const input = { ...own, decimals: 6 }
    const table = createAssetTable([input])
    input.decimals = 18
    const found = table.find(own.network, own.address)
    expect(found?.decimals).toBe(6)
    expect(isDeepFrozen(found) && isDeepFrozen(table.find(usdc.network, usdc.address))).toBe(true)
  })

  test.each([
    ['a network that is not CAIP-2', { network: 'EIP155:1' as never, address: 'nonsense' }],
    ['a price of nothing', { microUsd: 0n }],
    ['a price below nothing', { microUsd: -1n }],
    ['a wrong checksum', { address: '0x5fbDB2315678afecb367f032d93F642f64180aa3' }],
    ['a short address', { address: '0x5fbd' }],
    ['no address', { address: '' }],
    ['a fraction of decimals', { decimals: 0.5 }],
    ['negative decimals', { decimals: -1 }],
    ['too many decimals', { decimals: 37 }],
    ['decimals in a text', { decimals: '6' as unknown as number }],
    ['no domain to sign in', { eip712: undefined }],
  ])('refuses a token of %s', (_, different) => {
    expect(() => createAssetTable([{ ...own, ...different }])).toThrow(ConfigurationError)
  })
})

import { hashDomain } from 'viem'
import { describe, expect, test } from 'vitest'
import { createAssetTable } from '../../src/assets/table.js'
import { pinnedAssets } from '../../src/assets/pinned.js'
import { parseAddress } from '../../src/evm/address.js'
import type { Asset, Hex } from '../../src/index.js'
import { usdc } from '../support/offers.ts'

/** The networks of the pinned table, each with the symbols that it has there. */
const pinned: readonly (readonly [string, string])[] = [
  ['eip155:1', 'USDC'],
  ['eip155:10', 'USDC'],
  ['eip155:43113', 'USDC'],
  ['eip155:80002', 'USDC'],
  ['eip155:10143', 'USDC'],
  ['eip155:14', 'USDT0'],
  ['eip155:50', 'USDC'],
  ['eip155:51', 'USDC'],
  ['eip155:137', 'USDC'],
  ['eip155:143', 'USDC'],
  ['eip155:988', 'USDT0'],
  ['eip155:1328', 'USDC'],
  ['eip155:1329', 'USDC'],
  ['eip155:2201', 'USDT0'],
  ['eip155:4326', 'MegaUSD'],
  ['eip155:8453', 'USDC'],
  ['eip155:31611', 'mUSD'],
  ['eip155:31612', 'mUSD'],
  ['eip155:36900', 'USDC.e'],
  ['eip155:38833', 'USDC'],
  ['eip155:4217', 'USDC.e'],
  ['eip155:4217', 'pathUSD'],
  ['eip155:42161', 'USDC'],
  ['eip155:42220', 'USAT'],
  ['eip155:42220', 'USDC'],
  ['eip155:42220', 'USDT'],
  ['eip155:42431', 'pathUSD'],
  ['eip155:43114', 'USDC'],
  ['eip155:72344', 'SBC'],
  ['eip155:84532', 'USDC'],
  ['eip155:181228', 'USDC.e'],
  ['eip155:190415', 'USDC.e'],
  ['eip155:421614', 'USDC'],
  ['eip155:723487', 'SBC'],
  ['eip155:11142220', 'USDC'],
  ['solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z', 'PYUSD'],
  ['solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z', 'USDC'],
  ['solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z', 'USDG'],
  ['solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', 'CASH'],
  ['solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', 'PYUSD'],
  ['solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', 'USDC'],
  ['solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', 'USDG'],
  ['solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', 'USDT'],
  ['solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1', 'PYUSD'],
  ['solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1', 'USDC'],
  ['solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1', 'USDG'],
]

const isEvm = ({ network }: Asset): boolean => network.startsWith('eip155:')
const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Counts the bytes that a base58 text stands for. */
function base58Bytes(text: string): number {
  const leading = /^1*/.exec(text)?.[0].length ?? 0
  let value = 0n
  for (const character of text) {
    const digit = alphabet.indexOf(character)
    if (digit < 0) throw new Error(`${character} is not base58`)
    value = value * 58n + BigInt(digit)
  }
  return leading + (value === 0n ? 0 : Math.ceil(value.toString(16).length / 2))
}

function separatorOf({ network, address, eip712 }: Asset): string {
  if (!eip712) throw new Error(`${address} has no domain`)
  const chainId = BigInt(network.slice('eip155:'.length))
  const domain = { ...eip712, chainId, verifyingContract: address as Hex }
  const EIP712Domain = [
    { name: 'name', type: 'string' },
    { name: 'version', type: 'string' },
    { name: 'chainId', type: 'uint256' },
    { name: 'verifyingContract', type: 'address' },
  ] as const
  return hashDomain({ domain, types: { EIP712Domain } })
}

describe('the pinned table', () => {
  test('has these tokens and no others: 35 on EVM, 11 on Solana', () => {
    const rows = pinnedAssets().map(({ network, symbol }) => `${network} ${symbol}`)
    expect(rows.toSorted()).toEqual(pinned.map((row) => row.join(' ')).toSorted())
    expect(pinnedAssets().filter(isEvm)).toHaveLength(35)
    expect(pinnedAssets().filter((asset) => !isEvm(asset))).toHaveLength(11)
  })

  test('has each EVM contract with its checksum and its EIP-712 domain', () => {
    for (const { address, network, eip712, transfer, decimals, symbol } of pinnedAssets().filter(isEvm)) {
      expect(parseAddress(address)).toBe(address)
      if (transfer === 'tip20') continue
      expect(/[a-f]/.test(address) && /[A-F]/.test(address)).toBe(true)
      expect(network).toMatch(/^eip155:[1-9]\d*$/)
      expect(eip712?.name).toBeTruthy()
      expect(eip712?.version).toMatch(/^[12]$/)
      expect(['eip3009', 'permit2']).toContain(transfer)
      expect(decimals).toBe(['MegaUSD', 'mUSD'].includes(symbol) ? 18 : 6)
    }
  })

  test('has each token of Tempo with its checksum and without a domain, since a transaction moves it', () => {
    const tokens = pinnedAssets().filter(({ transfer }) => transfer === 'tip20')
    expect(tokens).toHaveLength(3)
    for (const { address, network, eip712, decimals } of tokens) {
      expect(address).toMatch(/^0x20C0/)
      expect(['eip155:4217', 'eip155:42431']).toContain(network)
      expect([decimals, eip712]).toEqual([6, undefined])
    }
  })

  test('has each Solana mint as 32 bytes, and its token program', () => {
    for (const { address, transfer, decimals, eip712 } of pinnedAssets().filter((asset) => !isEvm(asset))) {
      expect(base58Bytes(address)).toBe(32)
      expect(['spl-token', 'token-2022']).toContain(transfer)
      expect([decimals, eip712]).toEqual([6, undefined])
    }
  })

  test('has no token twice, and counts each as a dollar', () => {
    const keys = pinnedAssets().map(({ network, address }) => `${network}/${address.toLowerCase()}`)
    expect(new Set(keys).size).toBe(keys.length)
    expect(pinnedAssets().every(({ microUsd }) => microUsd === 1_000_000n)).toBe(true)
  })

  test('has the contracts that their issuers publish', () => {
    const addressOf = (network: string, symbol: string) =>
      pinnedAssets().find((asset) => asset.network === network && asset.symbol === symbol)?.address
    expect(addressOf('eip155:1', 'USDC')).toBe('0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48')
    expect(addressOf('eip155:8453', 'USDC')).toBe('0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913')
    expect(addressOf('eip155:137', 'USDC')).toBe('0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359')
    expect(addressOf('eip155:42161', 'USDC')).toBe('0xaf88d065e77c8cC2239327C5EDb3A432268e5831')
    expect(addressOf('solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', 'USDC')).toBe(
      'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
    )
  })

  test('gives USDC the domain separators that its contracts answer', () => {
    expect(separatorOf(usdc)).toBe('0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818')
    const base = createAssetTable().find('eip155:8453', '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913')
    expect(base && separatorOf(base)).toBe('0x02fa7265e7c5d81118673727957699e4d68f74cd74b7db77da710fe8a2c7834f')
  })
})

import { getAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import { parseAddress } from '../../src/evm/address.js'

describe('an EVM address', () => {
  test('is taken in one case or with its own checksum only', () => {
    const address = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
    expect(parseAddress(address)).toBe(address)
    expect(parseAddress(address.toLowerCase())).toBe(getAddress(address))
    expect(parseAddress(address.replace('Bc6', 'bc6'))).toBeUndefined()
    for (const bad of [
      '',
      '0x',
      `${address}00`,
      address.slice(0, -2),
      `${address} `,
      'vitalik.eth',
      address.slice(2),
    ]) {
      expect(parseAddress(bad)).toBeUndefined()
    }
  })
})

import { hashTypedData as viemHash } from 'viem'
import { describe, expect, test } from 'vitest'
import { hashTypedData } from '../../src/evm/typed-data.js'
import { permit2 } from '../support/typed-data.ts'

const hex = (bytes: Uint8Array): `0x${string}` => `0x${Buffer.from(bytes).toString('hex')}`

describe('EIP-712', () => {
  test('hashes typed data as viem does, nested structs and all', () => {
    expect(hex(hashTypedData(permit2))).toBe(viemHash(permit2 as never))
  })

  test('refuses a number beyond its type instead of cutting it', () => {
    const message = { ...permit2.message, permitted: { token: permit2.domain.verifyingContract, amount: 1n << 128n } }
    expect(() => hashTypedData({ ...permit2, message })).toThrow(TypeError)
    expect(() => hashTypedData({ ...permit2, message: { ...permit2.message, nonce: -1n } })).toThrow(TypeError)
    expect(() => hashTypedData({ ...permit2, message: { ...permit2.message, id: '0x12' } })).toThrow(TypeError)
  })
})

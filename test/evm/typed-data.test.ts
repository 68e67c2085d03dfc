import { privateKeyToAccount, generatePrivateKey } from 'viem/accounts'
import { getAddress, hashTypedData as viemHash } from 'viem'
import { describe, expect, test } from 'vitest'
import {
  hashTypedData,
  isSignedBy,
  parseAddress,
  parseSignature,
  recoverAddress,
  signDigest,
  type TypedData,
} from '../../src/evm/typed-data.js'

const permit2: TypedData = {
  domain: {
    name: 'Token ₮',
    version: '1',
    chainId: 14,
    verifyingContract: '0xe7cd86e13AC4309349F30B3435a9d337750fC82D',
  },
  types: {
    PermitWitnessTransferFrom: [
      { name: 'permitted', type: 'TokenPermissions' },
      { name: 'spender', type: 'address' },
      { name: 'nonce', type: 'uint256' },
      { name: 'witness', type: 'Witness' },
      { name: 'id', type: 'bytes32' },
      { name: 'memo', type: 'string' },
    ],
    Witness: [{ name: 'to', type: 'address' }],
    TokenPermissions: [
      { name: 'token', type: 'address' },
      { name: 'amount', type: 'uint128' },
    ],
  },
  primaryType: 'PermitWitnessTransferFrom',
  message: {
    permitted: { token: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913', amount: (1n << 128n) - 1n },
    spender: '0x402085c248EeA27D92E8b30b2C58ed07f9E20001',
    nonce: (1n << 256n) - 1n,
    witness: { to: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' },
    id: `0x${'ab'.repeat(32)}`,
    memo: 'héllo',
  },
}

const hex = (bytes: Uint8Array): `0x${string}` => `0x${Buffer.from(bytes).toString('hex')}`

describe('EIP-712 and addresses', () => {
  test('hashes typed data as viem does, nested structs and all', () => {
    expect(hex(hashTypedData(permit2))).toBe(viemHash(permit2 as never))
  })

  test('signs as viem does and recovers the signer', async () => {
    for (let round = 0; round < 20; round += 1) {
      const key = generatePrivateKey()
      const account = privateKeyToAccount(key)
      const signature = signDigest(hashTypedData(permit2), Buffer.from(key.slice(2), 'hex'))
      expect(signature).toBe(await account.signTypedData(permit2 as never))
      expect(recoverAddress(hashTypedData(permit2), signature)).toBe(account.address)
    }
  })

  test("tells a payer's signature from any other, the first time and from then on", () => {
    const digest = hashTypedData(permit2)
    const key = new Uint8Array(32).fill(9)
    const signature = signDigest(digest, key)
    const address = recoverAddress(digest, signature) ?? '0x'
    const other = signDigest(digest, new Uint8Array(32).fill(8))
    const flipped: `0x${string}` = `${signature.slice(0, 130) as '0x'}${signature.endsWith('1b') ? '1c' : '1b'}`
    const elsewhere = digest.map((byte) => byte ^ 1)
    expect(isSignedBy(digest, other, address)).toBe(false)
    for (let round = 0; round < 3; round += 1) {
      expect(isSignedBy(digest, signature, address)).toBe(true)
      expect(isSignedBy(digest, flipped, address)).toBe(false)
      expect(isSignedBy(elsewhere, signature, address)).toBe(false)
      expect(isSignedBy(digest, other, address)).toBe(false)
    }
    for (let round = 0; round < 50; round += 1) {
      const message = Uint8Array.from({ length: 32 }, (_, index) => index * round)
      expect(isSignedBy(message, signDigest(message, key), address)).toBe(true)
    }
  })

  test('refuses a number beyond its type instead of cutting it', () => {
    const message = { ...permit2.message, permitted: { token: permit2.domain.verifyingContract, amount: 1n << 128n } }
    expect(() => hashTypedData({ ...permit2, message })).toThrow(TypeError)
    expect(() => hashTypedData({ ...permit2, message: { ...permit2.message, nonce: -1n } })).toThrow(TypeError)
    expect(() => hashTypedData({ ...permit2, message: { ...permit2.message, id: '0x12' } })).toThrow(TypeError)
  })

  test('takes addresses in one case or with their own checksum only', () => {
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

  test('takes signatures with a low s only and writes v as 27 or 28', () => {
    const signature = signDigest(hashTypedData(permit2), new Uint8Array(32).fill(7))
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const s = BigInt(`0x${signature.slice(66, 130)}`)
    const v = Number.parseInt(signature.slice(130), 16)
    const high = `${signature.slice(0, 66)}${(order - s).toString(16).padStart(64, '0')}${(55 - v).toString(16)}`
    expect(parseSignature(high)).toBeUndefined()
    expect(parseSignature(`${signature.slice(0, 130)}0${v - 27}`)).toBe(signature)
    expect(parseSignature(`${signature.slice(0, 130)}1d`)).toBeUndefined()
    expect(parseSignature(signature.slice(0, 130))).toBeUndefined()
    expect(parseSignature(undefined)).toBeUndefined()
    expect(parseSignature(`0x${'00'.repeat(64)}1b`)).toBeUndefined()
    expect(parseSignature(`0x${'ff'.repeat(64)}1b`)).toBeUndefined()
  })
})

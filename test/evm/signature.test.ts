import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { isSignedBy, parseSignature, recoverAddress, signDigest } from '../../src/evm/signature.js'
import { hashTypedData } from '../../src/evm/typed-data.js'
import { permit2 } from '../support/typed-data.ts'

describe('an EVM signature', () => {
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

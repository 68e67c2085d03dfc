import { Keypair } from '@solana/web3.js'
import { describe, expect, test } from 'vitest'
import { ownBytes } from '../../src/lib/bytes.js'
import { generateSecret, holdKey } from '../../src/keys/held-key.js'
import { keyFamilies } from '../../src/testing/keys/families.js'
import { rejection } from '../support/wallets.ts'

const bytes = Keypair.fromSeed(new Uint8Array(32).fill(3)).secretKey.slice(0, 32)
const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'

describe.each(['eip155', 'solana'] as const)('a held key of %s', (namespace) => {
  test('signs and derives until it is wiped, and then neither', async () => {
    const held = holdKey({ namespace, bytes })
    const { sign } = keyFamilies[namespace]
    expect(await sign(held.signer, 1n)).toBeDefined()
    expect(held.derive('nonces')).toHaveLength(32)
    held.wipe()
    expect(await rejection(sign(held.signer, 1n))).toMatchObject({ code: 'key_store_locked', moved: 'no' })
    expect(() => held.derive('nonces')).toThrow(expect.objectContaining({ code: 'key_store_locked' }))
    // What it was made of is the caller's, who may still need it.
    expect(bytes.some((byte) => byte !== 0)).toBe(true)
  })

  test.each([
    ['zeros', new Uint8Array(32)],
    ['31 bytes', new Uint8Array(31).fill(1)],
    ['33 bytes', new Uint8Array(33).fill(1)],
    ['nothing', new Uint8Array(0)],
  ])('is not made of %s', (_what, wrong) => {
    expect(() => holdKey({ namespace, bytes: wrong })).toThrow(
      expect.objectContaining({ code: 'configuration_invalid' }),
    )
  })

  test('is drawn from the generator that is given, which must not answer zeros', () => {
    expect(generateSecret(namespace, () => bytes.slice()).bytes).toEqual(bytes)
    expect(() => generateSecret(namespace, (length) => new Uint8Array(length))).toThrow('zeros')
  })
})

describe('a drawn key', () => {
  test('of EVM is below the order', () => {
    const random = () => Uint8Array.from(Buffer.from(order, 'hex'))
    expect(() => generateSecret('eip155', random)).toThrow('no key')
  })
})

describe('memory of its own', () => {
  test('is shared with nothing, unlike that of a buffer', () => {
    const pooled = Buffer.from([1, 2, 3])
    const own = ownBytes(pooled)
    expect(pooled.buffer.byteLength).toBeGreaterThan(3)
    expect([own.buffer.byteLength, ...own]).toEqual([3, 1, 2, 3])
  })
})

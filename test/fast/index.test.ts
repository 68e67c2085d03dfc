import { secp256k1 } from '@noble/curves/secp256k1'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigurationError } from 'stipend'
import { loadSecp256k1 } from 'stipend/fast'
import { privateKey } from 'stipend/keys'
import { isSignedBy, noble } from '../../src/evm/signature.js'
import { openShop } from '../support/shop.ts'

const key = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const order = secp256k1.CURVE.n
const bytes = (value: bigint): Uint8Array => Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))

const keys = fc.oneof(fc.constantFrom(1n, 2n, order - 1n, order - 2n), fc.bigInt(1n, order - 1n)).map(bytes)
const digests = fc
  .oneof(fc.constantFrom(0n, 1n, order - 1n, order, order + 1n, (1n << 256n) - 1n), fc.bigInt(0n, (1n << 256n) - 1n))
  .map(bytes)

describe('the fast signer', () => {
  test('signs the bytes that the default signs', async () => {
    const { sign } = await loadSecp256k1()
    const isSame = fc.property(digests, keys, (digest, own) => {
      const [one, other] = [sign(digest, own), noble.sign(digest, own)]
      expect(Buffer.from(one.compact)).toEqual(Buffer.from(other.compact))
      expect(one.recovery).toBe(other.recovery)
    })
    fc.assert(isSame, { numRuns: 150 })
  })

  test('pays with the signature that the default would have made', async () => {
    const headers: (string | null)[] = []
    for (const secp256k1 of [undefined, await loadSecp256k1()]) {
      const { open, fetch } = openShop()
      const watched: typeof fetch = (input, init) => {
        headers.push(new Headers(init?.headers).get('payment-signature'))
        return fetch(input, init)
      }
      const wallet = open({ keyStore: privateKey(key, { secp256k1 }), fetch: watched })
      expect((await wallet.fetch('https://shop.example.com/', { payment: { key: 'report' } })).status).toBe(200)
    }
    expect(headers).toEqual([null, expect.any(String), null, headers[1]])
  })

  test('leaves the key as it was', async () => {
    const { sign } = await loadSecp256k1()
    const own = bytes(7n)
    sign(bytes(1n), own)
    expect(own).toEqual(bytes(7n))
  })

  test('a curve that signs wrongly is found by its first signature, and nothing is sent', async () => {
    const { open, taken } = openShop()
    const { sign } = await loadSecp256k1()
    const wrong = {
      sign: (digest: Uint8Array, own: Uint8Array) =>
        sign(
          digest.map((byte) => byte ^ 1),
          own,
        ),
    }
    const wallet = open({ keyStore: privateKey(key, { secp256k1: wrong }) })
    await expect(wallet.fetch('https://shop.example.com/')).rejects.toMatchObject({ code: 'signing_failed' })
    expect(taken()).toBe(0n)
  })

  test.each([{}, loadSecp256k1(), null])('what cannot sign is refused', (secp256k1) => {
    expect(() => privateKey(key, { secp256k1: secp256k1 as never })).toThrow(ConfigurationError)
  })

  test('what it signs is signed by its key', async () => {
    const { sign } = await loadSecp256k1()
    const { compact, recovery } = sign(bytes(5n), Uint8Array.from(Buffer.from(key, 'hex')))
    const signature = `0x${Buffer.from(compact).toString('hex')}${(27 + recovery).toString(16)}` as const
    expect(isSignedBy(bytes(5n), signature, '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')).toBe(true)
  })
})

import fc from 'fast-check'
import { keccak256, serializeTransaction as serializeWithViem } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import {
  type EvmTransaction,
  hashTransaction,
  serializeTransaction,
  signatureIn,
  transactionHash,
} from '../../src/evm/transaction.js'
import { signDigest } from '../../src/evm/signature.js'

const hex = (bytes: number): fc.Arbitrary<`0x${string}`> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((value) => `0x${Buffer.from(value).toString('hex')}` as const)
const amount = fc.oneof(fc.constantFrom(0n, 1n, 127n, 128n, 255n, 256n), fc.bigInt({ min: 0n, max: (1n << 96n) - 1n }))
const transaction: fc.Arbitrary<EvmTransaction> = fc.record({
  type: fc.constant('eip1559' as const),
  chainId: fc.constantFrom(1, 8453, 84_532, 190_415),
  nonce: fc.nat(),
  maxPriorityFeePerGas: amount,
  maxFeePerGas: amount,
  gas: fc.bigInt({ min: 21_000n, max: 1_000_000n }),
  to: hex(20),
  value: amount,
  data: fc.oneof(fc.constant<`0x${string}`>('0x'), hex(1), hex(68), hex(300)),
})
const key = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .filter((bytes) => bytes.some((byte) => byte !== 0) && (bytes[0] ?? 0) < 0xff)

describe('a transaction', () => {
  test('has the bytes, the digest and the name that viem gives it', () => {
    fc.assert(
      fc.property(transaction, (one) => {
        const given = { ...one, maxPriorityFeePerGas: one.maxPriorityFeePerGas % (one.maxFeePerGas + 1n) }
        const unsigned = serializeWithViem(given)
        expect(`0x${Buffer.from(hashTransaction(given)).toString('hex')}`).toBe(keccak256(unsigned))
      }),
      { numRuns: 300 },
    )
  })

  test('is signed as viem signs it, and its signature is found again, short r and s included', async () => {
    await fc.assert(
      fc.asyncProperty(transaction, key, async (one, bytes) => {
        const given = { ...one, maxPriorityFeePerGas: one.maxPriorityFeePerGas % (one.maxFeePerGas + 1n) }
        const account = privateKeyToAccount(`0x${Buffer.from(bytes).toString('hex')}`)
        const signature = signDigest(hashTransaction(given), bytes)
        const serialized = serializeTransaction(given, signature)
        expect(serialized).toBe(await account.signTransaction(given))
        expect(transactionHash(serialized)).toBe(keccak256(serialized))
        expect(signatureIn(serialized, given)).toBe(signature)
      }),
      { numRuns: 300 },
    )
  })

  test('that differs in anything is not the one that was asked for', async () => {
    const account = privateKeyToAccount(`0x${'1'.repeat(64)}`)
    const [asked] = fc.sample(transaction, { numRuns: 1, seed: 7 })
    if (!asked) throw new Error('no sample')
    const given = { ...asked, maxFeePerGas: 100n, maxPriorityFeePerGas: 1n }
    const others: readonly EvmTransaction[] = [
      { ...given, nonce: given.nonce + 1 },
      { ...given, value: given.value + 1n },
      { ...given, to: `0x${'2'.repeat(40)}` },
      { ...given, data: `${given.data}00` },
      { ...given, gas: given.gas + 1n },
      { ...given, maxFeePerGas: 101n },
      { ...given, chainId: given.chainId + 1 },
    ]
    for (const other of others) expect(signatureIn(await account.signTransaction(other), given)).toBeUndefined()
    const serialized = await account.signTransaction(given)
    for (const broken of ['', '0x', `${serialized}00`, serialized.slice(0, -2)]) {
      expect(signatureIn(broken, given)).toBeUndefined()
    }
  })
})

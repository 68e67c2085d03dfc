import * as fc from 'fast-check'
import { encodeFunctionData, type Hex, maxUint256 } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { Abis, Transaction } from 'viem/tempo'
import { describe, expect, test } from 'vitest'
import { serializeCharge, type TempoCharge } from '../../../src/evm/tempo/charge-transaction.js'
import type { EvmSigner } from '../../../src/index.js'
import { account, privateKey } from '../../../src/keys/index.js'

const key: Hex = `0x${'6b'.repeat(32)}`
const payer = privateKeyToAccount(key)

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value): Hex => `0x${Buffer.from(value).toString('hex')}`)
const upTo = (bits: bigint) => fc.bigInt({ min: 0n, max: (1n << bits) - 1n })

/** Any charge, of small numbers and of large ones. */
const charges = fc.record({
  chainId: fc.oneof(fc.constantFrom(4217, 42431), fc.integer({ min: 1, max: 2 ** 40 })),
  token: hex(20),
  payee: hex(20),
  amount: fc.oneof(upTo(8n), upTo(128n)),
  memo: hex(32),
  validBefore: fc.integer({ min: 1, max: 2 ** 40 }),
  gas: fc.oneof(upTo(8n), upTo(40n)),
  maxFeePerGas: upTo(60n).map((value) => value + (1n << 20n)),
  maxPriorityFeePerGas: upTo(20n),
  isSponsored: fc.boolean(),
})

/** What viem's own account and serializer make of a charge. */
function signByViem(charge: TempoCharge): Promise<Hex> {
  const { token, payee, amount, memo, isSponsored, ...fields } = charge
  const data = encodeFunctionData({ abi: Abis.tip20, functionName: 'transferWithMemo', args: [payee, amount, memo] })
  const transaction = {
    ...fields,
    type: 'tempo',
    calls: [{ to: token, data }],
    nonce: 0,
    nonceKey: maxUint256,
    ...(isSponsored ? { feePayer: true } : { feeToken: token }),
  }
  return payer.signTransaction(transaction as never, { serializer: Transaction.serialize as never }) as Promise<Hex>
}

describe('a transfer of Tempo', () => {
  test('is written and signed byte for byte as viem does', async () => {
    const signer = (await privateKey(key).getSigner('eip155:4217')) as EvmSigner
    await fc.assert(
      fc.asyncProperty(charges, async (charge) => {
        const signature = (await signer.signCharge?.(charge)) ?? '0x'
        expect(serializeCharge(charge, signature, payer.address)).toBe(await signByViem(charge))
      }),
      { numRuns: 60 },
    )
  })

  test("is signed alike by viem's account", async () => {
    const [own, theirs] = await Promise.all(
      [privateKey(key), account(payer)].map(async (store) => (await store.getSigner('eip155:4217')) as EvmSigner),
    )
    await fc.assert(
      fc.asyncProperty(charges, async (charge) => {
        expect(await theirs?.signCharge?.(charge)).toBe(await own?.signCharge?.(charge))
      }),
      { numRuns: 20 },
    )
  })

  test('is signed alike by a viem account that serializes by itself', async () => {
    const stubborn = {
      ...payer,
      signTransaction: (transaction: never) =>
        payer.signTransaction(transaction, { serializer: Transaction.serialize as never }),
    }
    const signers = await Promise.all(
      [privateKey(key), account(stubborn as never)].map(
        async (store) => (await store.getSigner('eip155:4217')) as EvmSigner,
      ),
    )
    await fc.assert(
      fc.asyncProperty(charges, async (charge) => {
        const [own, theirs] = signers
        expect(await theirs?.signCharge?.(charge)).toBe(await own?.signCharge?.(charge))
      }),
      { numRuns: 20 },
    )
  })
})

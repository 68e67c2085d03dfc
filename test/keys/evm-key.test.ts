import { Keypair } from '@solana/web3.js'
import { describe, expect, test } from 'vitest'
import { privateKeyToAccount } from 'viem/accounts'
import type { TypedData } from '../../src/index.js'
import { evmKey, privateKey } from '../../src/keys/index.js'

const key = '6b'.repeat(32)
const bytes = (): Uint8Array => Uint8Array.from(Buffer.from(key, 'hex'))
const pair = Keypair.fromSeed(new Uint8Array(32).fill(3))
const { address } = privateKeyToAccount(`0x${key}`)

const typed: TypedData = {
  domain: {
    name: 'USDC',
    version: '2',
    chainId: 84_532,
    verifyingContract: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  },
  types: { Word: [{ name: 'value', type: 'uint256' }] },
  primaryType: 'Word',
  message: { value: 7n },
}

describe('an EVM key', () => {
  test.each([
    ['hex', key],
    ['hex with 0x, and white space around it', ` 0x${key}\n`],
    ['32 bytes', bytes()],
  ])('is read when it is %s', (_form, given) => {
    expect(evmKey(given)).toMatchObject({ namespace: 'eip155', address })
  })

  test('is the payer that privateKey makes of it: the same signatures, and the same secrets', async () => {
    const [lean, whole] = [evmKey(key), privateKey(key)]
    const sign = async (store: typeof lean | typeof whole): Promise<unknown> => {
      const signer = await store.getSigner('eip155:84532')
      return signer?.namespace === 'eip155' ? signer.signTypedData(typed) : undefined
    }
    expect(await sign(lean)).toBe(await privateKeyToAccount(`0x${key}`).signTypedData(typed as never))
    expect(await sign(whole)).toBe(await sign(lean))
    expect(await lean.deriveSecret?.('purchases')).toEqual(await whole.deriveSecret?.('purchases'))
  })

  test('signs on no other family of networks', async () => {
    expect(await evmKey(key).getSigner('solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp')).toBeUndefined()
  })

  test('is copied, so that the caller can overwrite its own', async () => {
    const own = bytes()
    const store = evmKey(own)
    const before = await store.deriveSecret?.('nonces')
    own.fill(0)
    expect(await store.deriveSecret?.('nonces')).toEqual(before)
  })

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined'],
    ['an empty text', ' ', 'It is empty'],
    ['in quotation marks', `"${key}"`, 'quotation marks'],
    ['an address', address, 'It is an address'],
    ['a phrase', 'test test test test test test test test test test test junk', 'mnemonic('],
    ['zero', '0'.repeat(64), 'Expected 64 hex digits'],
    ['31 bytes', bytes().slice(1), 'Expected 64 hex digits'],
    ['a Solana key', pair.secretKey, 'privateKey of stipend/keys'],
    ['the text of a Solana key', JSON.stringify([...pair.secretKey]), 'privateKey of stipend/keys'],
    ['an account of viem', privateKeyToAccount(`0x${key}`), 'Expected 64 hex digits'],
  ])('is not taken when it is %s', (_form, given, detail) => {
    let error: unknown
    try {
      evmKey(given as string)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({
      code: 'configuration_invalid',
      moved: 'no',
      message: expect.stringContaining(detail),
    })
    expect(`${String(error)}${error instanceof Error ? error.stack : ''}`).not.toContain(key.slice(0, 16))
  })
})

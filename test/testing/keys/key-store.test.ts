import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import type { TypedData } from '../../../src/evm/typed-data.js'
import { testKeyStore, type TestKeyStore } from '../../../src/testing/index.js'

const data: TypedData = {
  domain: { name: 'T', version: '1', chainId: 1, verifyingContract: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' },
  types: { Note: [{ name: 'text', type: 'string' }] },
  primaryType: 'Note',
  message: { text: 'hello' },
}

async function sign(keyStore: TestKeyStore, what: TypedData = data): Promise<string> {
  const signer = await keyStore.getSigner('eip155:1')
  if (signer?.namespace !== 'eip155') throw new Error('no signer')
  return signer.signTypedData(what)
}

describe('a test key store', () => {
  test('has the address that everybody knows', async () => {
    const keyStore = testKeyStore()
    expect(keyStore.address).toBe('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')
    expect((await keyStore.getSigner('eip155:8453'))?.address).toBe(keyStore.address)
    expect(await keyStore.getSigner('solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1')).toBeUndefined()
  })

  test('signs as viem does with the same key', async () => {
    const key = `0x${'61'.repeat(32)}` as const
    const keyStore = testKeyStore({ key })
    const account = privateKeyToAccount(key)
    expect(keyStore.address).toBe(account.address)
    expect(await sign(keyStore)).toBe(await account.signTypedData(data as never))
  })

  test('remembers what it has signed, and nothing that it has not', async () => {
    const keyStore = testKeyStore()
    const { signed } = keyStore
    expect(signed).toEqual([])
    await sign(keyStore)
    await sign(keyStore)
    await expect(sign(keyStore, { ...data, primaryType: 'Missing' })).rejects.toThrow(TypeError)
    expect(signed).toEqual([data, data])
    expect(testKeyStore().signed).toEqual([])
  })

  test('derives the same secrets in every run', async () => {
    const secret = Buffer.from((await testKeyStore().deriveSecret?.('nonces')) ?? []).toString('hex')
    expect(secret).toHaveLength(64)
    expect(Buffer.from((await testKeyStore().deriveSecret?.('nonces')) ?? []).toString('hex')).toBe(secret)
  })

  test('refuses what is no key', () => {
    expect(() => testKeyStore({ key: '0x12' })).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
  })
})

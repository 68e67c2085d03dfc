import { beforeAll, describe, expect, test } from 'vitest'
import { encryptedFile, importKeys, privateKey } from '../../../src/keys/index.js'
import type { EvmTransaction } from '../../../src/evm/transaction.js'
import type { EvmSigner, KeyStore, SolanaSigner } from '../../../src/index.js'
import { sampleTransfer } from '../../../src/testing/keys/samples.js'
import { createKeyFolder, password } from '../../support/key-files.ts'
import { rejection } from '../../support/wallets.ts'

const at = createKeyFolder()
const path = at('keys.json')
const key = '6b'.repeat(32)
const { address } = privateKey(key)
const locked = { code: 'key_store_locked', moved: 'no' }
const transaction: EvmTransaction = {
  type: 'eip1559',
  chainId: 84532,
  nonce: 0,
  maxPriorityFeePerGas: 1n,
  maxFeePerGas: 2n,
  gas: 60_000n,
  to: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  value: 0n,
  data: '0x',
}
const sign = (signer: EvmSigner): Promise<string> => signer.signTypedData(sampleTransfer(address, 1n))

async function signerOf(store: KeyStore<EvmSigner | SolanaSigner>): Promise<EvmSigner> {
  const signer = await store.getSigner('eip155:1')
  if (signer?.namespace !== 'eip155') throw new Error('no EVM signer')
  return signer
}

beforeAll(async () => {
  await importKeys({ path, password, from: { privateKey: key } })
})

describe('an encrypted file', () => {
  test('signs transactions as its key does anywhere, and none once it is locked', async () => {
    const store = encryptedFile({ path, password })
    const signer = await signerOf(store)
    const here = await signerOf(privateKey(key))
    const signed = await signer.signTransaction?.(transaction)
    expect(signed).toMatch(/^0x02/)
    expect(signed).toBe(await here.signTransaction?.(transaction))
    store.lock()
    await expect(signer.signTransaction?.(transaction)).rejects.toMatchObject(locked)
  })

  test('is opened once for all that need it at first, and derives what its key derives anywhere', async () => {
    let asked = 0
    const store = encryptedFile({
      path,
      password: async () => {
        asked += 1
        return password
      },
    })
    const [, , secret] = await Promise.all([
      signerOf(store),
      signerOf(store),
      store.deriveSecret?.('purchases'),
      signerOf(store),
    ])
    expect(asked).toBe(1)
    expect(secret).toEqual(await privateKey(key).deriveSecret?.('purchases'))
  })

  test('signs nothing once it is locked, by old signers or by new ones, until it is unlocked', async () => {
    const store = encryptedFile({ path, password })
    const signer = await signerOf(store)
    const before = await sign(signer)
    store.lock()
    expect(await rejection(sign(signer))).toMatchObject(locked)
    expect(await rejection(signerOf(store))).toMatchObject(locked)
    expect(await rejection(Promise.resolve(store.deriveSecret?.('nonces')))).toMatchObject(locked)
    // A password that was given as it is opens it once; what it was is not kept.
    await expect(store.unlock()).rejects.toMatchObject(locked)
    await expect(store.unlock('not the password')).rejects.toMatchObject(locked)
    await expect(sign(signer)).rejects.toMatchObject(locked)
    await store.unlock(password)
    expect(await sign(signer)).toBe(before)
    expect(await sign(await signerOf(store))).toBe(before)
  })

  test('tells its addresses while it is locked', async () => {
    const store = encryptedFile({ path, password })
    store.lock()
    expect(await store.addresses()).toEqual([{ namespace: 'eip155', address }])
    expect(await store.getSigner('solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp')).toBeUndefined()
    await expect(store.getSigner('eip155:1')).rejects.toMatchObject(locked)
  })

  test('asks a function again whenever it is to be unlocked, and never by itself', async () => {
    let asked = 0
    const ask = async (): Promise<string> => {
      asked += 1
      return password
    }
    const store = encryptedFile({ path, password: ask })
    const signer = await signerOf(store)
    store.lock()
    await expect(signerOf(store)).rejects.toMatchObject(locked)
    expect(asked).toBe(1)
    await store.unlock()
    expect(asked).toBe(2)
    expect(await sign(signer)).toMatch(/^0x/)
  })

  test('stays locked when it is locked while it is being unlocked', async () => {
    const store = encryptedFile({ path, password: async () => password })
    const unlocking = rejection(store.unlock())
    store.lock()
    expect(await unlocking).toMatchObject(locked)
    await expect(signerOf(store)).rejects.toMatchObject(locked)
  })

  test('is not tried with a wrong password again and again', async () => {
    let asked = 0
    const ask = async (): Promise<string> => {
      asked += 1
      return 'not the password'
    }
    const store = encryptedFile({ path, password: ask })
    for (let attempt = 0; attempt < 3; attempt += 1) await expect(signerOf(store)).rejects.toMatchObject(locked)
    expect(asked).toBe(1)
  })

  test('locks itself after its idle time, by the clock that it is given, and not a moment earlier', async () => {
    let now = 1_000_000
    const store = encryptedFile({ path, password, idleSeconds: 60, clock: () => now })
    const signer = await signerOf(store)
    for (let use = 0; use < 3; use += 1) {
      now += 60_000
      expect(await sign(signer)).toMatch(/^0x/)
    }
    now += 60_001
    expect(await rejection(sign(signer))).toMatchObject({ ...locked, message: expect.stringContaining('not used') })
    // A clock that is set back opens nothing.
    now -= 60_001
    await expect(sign(signer)).rejects.toMatchObject(locked)
    await store.unlock(password)
    now -= 60_001
    await expect(sign(signer)).rejects.toMatchObject(locked)
  })

  test('signs with the keys that it is told to, and with the first of each family else', async () => {
    const many = at('many.json')
    const other = '6c'.repeat(32)
    await importKeys({ path: many, password, from: [{ privateKey: other }, { privateKey: key }] })
    const first = encryptedFile({ path: many, password })
    const second = encryptedFile({ path: many, password, use: [address] })
    expect((await signerOf(first)).address).toBe(privateKey(other).address)
    expect((await signerOf(second)).address).toBe(address)
    expect(await second.deriveSecret?.('purchases')).toEqual(await privateKey(key).deriveSecret?.('purchases'))
    await expect(signerOf(encryptedFile({ path: many, password, use: ['0x1'] }))).rejects.toThrow('no key')
  })
})

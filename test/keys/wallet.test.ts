import { createWalletClient, custom } from 'viem'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  allowHosts,
  createAgentWallet,
  type KeyStore,
  type Network,
  spendingLimit,
  type TypedData,
} from '../../src/index.js'
import { encryptedFile, importKeys, privateKey, walletClient, workerSigner } from '../../src/keys/index.js'
import { paidResource } from '../../src/testing/index.js'
import { createKeyFolder, password } from '../support/key-files.ts'
import { rejection } from '../support/wallets.ts'

const path = createKeyFolder()('keys.json')
const key = '6b'.repeat(32)
const url = 'https://api.example.com/report'

function createWallet(keyStore: KeyStore) {
  const resource = paidResource()
  const wallet = createAgentWallet({
    keyStore,
    policy: [allowHosts(['api.example.com']), spendingLimit({ dailyLimitUsd: 1 })],
    fetch: (input, init) => resource(new Request(input, init)),
  })
  return { wallet, resource }
}

beforeAll(async () => {
  await importKeys({ path, password, from: { privateKey: key } })
})

describe('a wallet', () => {
  test.each<[string, () => KeyStore & { close?: () => void }]>([
    ['an encrypted file', () => encryptedFile({ path, password })],
    ['a worker in a thread', () => workerSigner({ path, password })],
    ['a worker in a process', () => workerSigner({ path, password, isolation: 'process' })],
  ])('pays with %s', async (_what, create) => {
    const keyStore = create()
    const { wallet, resource } = createWallet(keyStore)
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(resource.payments).toMatchObject([{ from: privateKey(key).address, value: 10_000n, settled: true }])
    keyStore.close?.()
  })

  test('that is locked signs nothing, records nothing, and says that no money has moved', async () => {
    const keyStore = encryptedFile({ path, password })
    const { wallet, resource } = createWallet(keyStore)
    keyStore.lock()
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'key_store_locked', moved: 'no', retryable: true })
    expect([await wallet.payments.list(), resource.payments]).toEqual([[], []])
    await keyStore.unlock(password)
    expect((await wallet.fetch(url)).status).toBe(200)
  })

  test('that is locked between the record and the signature releases what it recorded', async () => {
    const inner = encryptedFile({ path, password })
    const getSigner = async (network: Network) => {
      const signer = await inner.getSigner(network)
      if (signer?.namespace !== 'eip155') return signer
      const signTypedData = (data: TypedData) => {
        inner.lock()
        return signer.signTypedData(data)
      }
      return { ...signer, signTypedData }
    }
    const { wallet, resource } = createWallet({ ...inner, getSigner })
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'signing_failed', moved: 'no', cause: { code: 'key_store_locked' } })
    expect(await wallet.payments.list()).toMatchObject([{ status: 'released' }])
    expect(resource.payments).toEqual([])
  })

  test('pays with a wallet client of viem, which asks a wallet elsewhere for exactly the payment', async () => {
    const asked: unknown[] = []
    const { address } = privateKey(key)
    const client = createWalletClient({
      account: address as `0x${string}`,
      transport: custom({
        request: async ({ method, params }: { method: string; params: readonly string[] }) => {
          asked.push([method, params[0]])
          return signElsewhere(params[1] ?? '{}')
        },
      }),
    })
    const { wallet, resource } = createWallet(walletClient(client))
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(asked).toEqual([['eth_signTypedData_v4', address]])
    expect(resource.payments).toMatchObject([{ from: address, settled: true }])
  })
})

/** What a browser's wallet does with JSON of typed data. */
async function signElsewhere(json: string): Promise<string> {
  const { privateKeyToAccount } = await import('viem/accounts')
  return privateKeyToAccount(`0x${key}`).signTypedData(JSON.parse(json))
}

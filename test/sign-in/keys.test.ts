import { account, encryptedFile, privateKey, walletClient, workerSigner } from 'stipend/keys'
import { createWalletClient, http, recoverMessageAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import type { EvmSigner } from '../../src/index.js'
import { writeMessage } from '../../src/evm/sign-in.js'
import { createKeyFolder } from '../support/key-files.ts'
import { rejection } from '../support/wallets.ts'

const keyFile = createKeyFolder()
const key = generatePrivateKey()
const viem = privateKeyToAccount(key)

const stores = {
  privateKey: () => privateKey(key),
  account: () => account(viem),
  walletClient: () => walletClient(createWalletClient({ account: viem, transport: http('http://127.0.0.1:1') })),
  workerSigner: () =>
    workerSigner({
      path: keyFile('worker.json'),
      password: async () => 'a long password',
      create: true,
    }),
}

const claimOf = (address: string) => ({
  network: 'eip155:84532' as const,
  address,
  domain: 'api.example.com',
  uri: 'https://api.example.com/report',
  nonce: 'abcdefgh12345678',
  issuedAt: '2026-01-15T12:00:00.000Z',
})

describe.each(Object.keys(stores) as (keyof typeof stores)[])('a key store of %s', (name) => {
  test('signs the message of a claim, and of nothing else', async () => {
    const store = stores[name]()
    const signer = (await store.getSigner('eip155:84532')) as EvmSigner
    const claim = claimOf(signer.address)
    const signature = (await signer.signIn?.(claim)) ?? '0x'
    const recovered = await recoverMessageAddress({ message: writeMessage(claim), signature })
    const wrong: readonly object[] = [
      { ...claim, address: claimOf('0x209693Bc6afc0C5328bA36FaF03C514EF312287C').address },
      { ...claim, domain: 'bank.example' },
      { ...claim, nonce: 'abcdefgh\nIssued At: now' },
      { ...claim, statement: 'I owe you everything' },
      { ...claim, uri: 'https://api.example.com/a\nb' },
      { ...claim, network: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp' },
      { ...claim, issuedAt: 'now' },
      {},
    ]
    for (const one of wrong) expect(await rejection(Promise.resolve(signer.signIn?.(one as never)))).toBeDefined()
    if ('close' in store) store.close()
    expect(recovered).toBe(signer.address)
  })
})

test('an encrypted file signs in as a key in memory does', async () => {
  const path = keyFile('encrypted.json')
  const store = encryptedFile({ path, password: async () => 'a long password', create: true })
  const signer = (await store.getSigner('eip155:84532')) as EvmSigner
  expect(await signer.signIn?.(claimOf(signer.address))).toMatch(/^0x[0-9a-f]{130}$/)
})

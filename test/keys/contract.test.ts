import { secp256k1 } from '@noble/curves/secp256k1'
import { Keypair, VersionedTransaction } from '@solana/web3.js'
import { ed25519 } from '@noble/curves/ed25519'
import { createWalletClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  account,
  encryptedFile,
  evmKey,
  importKeys,
  generate,
  mnemonic,
  privateKey,
  remoteSigner,
  solanaSigner,
  walletClient,
  workerSigner,
} from '../../src/keys/index.js'
import { type CreateKeyStore, keyStoreContract } from '../../src/testing/index.js'
import { createKeyFolder, password } from '../support/key-files.ts'
import { needOthers, others } from '../support/other-versions.ts'

const key = '6b'.repeat(32)
const bytes = Uint8Array.from(Buffer.from(key, 'hex'))
const viemAccount = privateKeyToAccount(`0x${key}`)
const pair = Keypair.fromSeed(bytes)
const { publicKey, secretKey } = pair
const phrase = 'test test test test test test test test test test test junk'
const phraseKey = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const path = createKeyFolder()('keys.json')
const secrets = [key, Buffer.from(secretKey).toString('hex')]

const both = { holds: ['eip155', 'solana'], secrets } as const
const evm = { holds: ['eip155'], secrets } as const
const solana = { holds: ['solana'], secrets } as const

/** What takes a second to make is made twice, and handed out in turns. */
function twice(create: CreateKeyStore): CreateKeyStore {
  const made: ReturnType<CreateKeyStore>[] = []
  let turn = 0
  return () => {
    turn = 1 - turn
    return (made[turn] ??= create())
  }
}

const workers: ReturnType<typeof workerSigner>[] = []
function startWorker(isolation: 'thread' | 'process'): ReturnType<typeof workerSigner> {
  const worker = workerSigner({ path, password, isolation })
  workers.push(worker)
  return worker
}

/** A transaction of the library's next version, whose methods are not all there are of the present one. */
const walletOf3 = async () => {
  const { Keypair: KeypairOf3, VersionedTransaction: TransactionOf3 } = needOthers().web3js3
  const pairOf3 = await KeypairOf3.fromSecretKey(secretKey)
  return solanaSigner({
    publicKey: publicKey.toBytes(),
    deserialize: (wire) => TransactionOf3.deserialize(wire),
    signTransaction: async (transaction) => {
      await transaction.sign([pairOf3])
      return transaction
    },
  })
}

/** A generator that is the same in every run, since the contract makes each store twice. */
const sevens = (length: number): Uint8Array => new Uint8Array(length).fill(7)

const stores: Readonly<Record<string, CreateKeyStore>> = {
  'an EVM private key': () => ({ keyStore: privateKey(key), ...evm }),
  'an EVM key for pages': () => ({ keyStore: evmKey(key), ...evm }),
  'a Solana private key': () => ({ keyStore: privateKey(secretKey), ...solana }),
  'a mnemonic': () => ({ keyStore: mnemonic(phrase), holds: both.holds, secrets: [phraseKey, phrase] }),
  'fresh keys': () => ({ keyStore: generate({ random: sevens }), holds: both.holds, secrets: [] }),
  'a viem account': () => ({ keyStore: account(viemAccount), ...evm }),
  'a viem wallet client': () => ({
    keyStore: walletClient(createWalletClient({ account: viemAccount, transport: http('http://127.0.0.1:9') })),
    ...evm,
  }),
  'a Solana key pair': () => ({ keyStore: solanaSigner(pair), ...solana }),
  'a Solana wallet that signs messages': () => ({
    keyStore: solanaSigner({ publicKey, signMessage: async (message) => ed25519.sign(message, bytes) }),
    ...solana,
  }),
  'a Solana wallet that signs transactions': () => ({
    keyStore: solanaSigner({
      publicKey: publicKey.toBase58(),
      deserialize: (wire) => VersionedTransaction.deserialize(wire),
      signTransaction: async (transaction) => {
        transaction.sign([pair])
        return transaction
      },
    }),
    ...solana,
  }),
  ...(others && { 'a Solana wallet of the next version': async () => ({ keyStore: await walletOf3(), ...solana }) }),
  'a remote EVM signer that writes DER': () => ({
    keyStore: remoteSigner({
      address: viemAccount.address,
      sign: async (request) =>
        request.namespace === 'eip155' ? secp256k1.sign(request.digest, bytes).toDERRawBytes() : '',
    }),
    ...evm,
  }),
  'a remote Solana signer': () => ({
    keyStore: remoteSigner({
      address: publicKey.toBase58(),
      sign: async (request) => (request.namespace === 'solana' ? ed25519.sign(request.message, bytes) : ''),
    }),
    ...solana,
  }),
  'an encrypted file': twice(() => ({ keyStore: encryptedFile({ path, password }), ...both })),
  'a worker in a thread': twice(() => ({ keyStore: startWorker('thread'), ...both })),
  'a worker in a process': twice(() => ({ keyStore: startWorker('process'), ...both })),
}

beforeAll(async () => {
  await importKeys({ path, password, from: [{ privateKey: key }, { privateKey: secretKey }] })
})
afterAll(() => {
  for (const worker of workers) worker.close()
})

describe.each(Object.entries(stores))('%s', (_name, create) => {
  test.each(Object.entries(keyStoreContract))('keeps the contract: %s', async (_sentence, check) => {
    await expect(check(create)).resolves.toBeUndefined()
  })
})

describe('all stores of one key', () => {
  test('derive the same secret, wherever they keep it', async () => {
    const kept = ['an EVM private key', 'an encrypted file', 'a worker in a thread', 'a worker in a process']
    const derived = await Promise.all(
      kept.map(async (name) => (await stores[name]?.())?.keyStore.deriveSecret?.('purchases')),
    )
    expect(derived[0]).toHaveLength(32)
    expect(derived).toEqual(kept.map(() => derived[0]))
  })
})

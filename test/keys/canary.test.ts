import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { serialize } from 'node:v8'
import { Keypair } from '@solana/web3.js'
import { base58 } from '@scure/base'
import { beforeAll, describe, expect, test } from 'vitest'
import type { KeyStore } from '../../src/index.js'
import {
  account,
  encryptedFile,
  importKeys,
  mnemonic,
  privateKey,
  remoteSigner,
  solanaSigner,
  workerSigner,
} from '../../src/keys/index.js'
import { runSource } from '../support/child.ts'
import { createKeyFolder, password } from '../support/key-files.ts'
import { privateKeyToAccount } from 'viem/accounts'

const at = createKeyFolder()
const path = at('keys.json')
// Not one byte over and over, which is found where it is not.
const keyBytes = Uint8Array.from({ length: 32 }, (_, index) => (index * 73 + 91) % 251)
const key = Buffer.from(keyBytes).toString('hex')
const pair = Keypair.fromSeed(keyBytes)
const phrase = 'legal winner thank year wave sausage worth useful legal winner thank yellow'

/** The ways in which keys are written, each of them enough to recognise one. */
function spellings(bytes: Uint8Array): readonly string[] {
  const hex = Buffer.from(bytes).toString('hex')
  const list = [...bytes].join(',')
  return [
    hex,
    base58.encode(bytes),
    Buffer.from(bytes).toString('base64').slice(0, 40),
    BigInt(`0x${hex}`).toString(),
    list,
  ]
}

const needles = [...spellings(keyBytes), ...spellings(pair.secretKey)].map((one) => one.toLowerCase())
const findIn = (text: string): readonly string[] => {
  const lower = text.toLowerCase()
  const plain = lower.replaceAll(/\s+/g, '')
  return needles.filter((needle) => lower.includes(needle) || plain.includes(needle))
}

/** All that a careless logger, or a message to another thread, may write of a value. */
function writings(value: unknown): readonly string[] {
  const writers = [
    () =>
      inspect(value, { showHidden: true, depth: Infinity, getters: true, maxArrayLength: null, maxStringLength: null }),
    () => String(JSON.stringify(value)),
    () => String(value),
    () => Object.entries(Object(value)).map(String).join(),
    () => Buffer.from(serialize(value)).toString('latin1') + Buffer.from(serialize(value)).toString('hex'),
    () => inspect(structuredClone(value), { showHidden: true, depth: Infinity }),
  ]
  return writers.map((write) => {
    try {
      return write()
    } catch (error) {
      return inspect(error, { showHidden: true, depth: Infinity })
    }
  })
}

const stores: Readonly<Record<string, () => KeyStore & { readonly close?: () => void }>> = {
  'an EVM key': () => privateKey(key),
  'a Solana key': () => privateKey(pair.secretKey),
  'a mnemonic': () => mnemonic(phrase),
  'a viem account': () => account(privateKeyToAccount(`0x${key}`)),
  'a Solana key pair': () => solanaSigner(pair),
  'a remote signer': () => remoteSigner({ address: privateKey(key).address, sign: async () => '' }),
  'an encrypted file': () => encryptedFile({ path, password }),
  'a worker': () => workerSigner({ path, password }),
}

beforeAll(async () => {
  await importKeys({ path, password, from: [{ privateKey: key }, { privateKey: pair.secretKey }] })
})

describe('a key', () => {
  test('is found by this test where it is', () => {
    const shown = [
      { key },
      { keyBytes },
      { list: [...keyBytes] },
      { text: base58.encode(pair.secretKey) },
      { n: BigInt(`0x${key}`) },
    ]
    for (const value of shown) expect(writings(value).flatMap(findIn)).not.toEqual([])
  })

  test.each(Object.entries(stores))('is not written by %s, its signers or its errors', async (_name, create) => {
    const store = create()
    const shown: unknown[] = [store, store.getSigner, store.deriveSecret]
    for (const network of ['eip155:84532', 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'] as const) {
      const signer = await store.getSigner(network)
      const nonsense = (signer as unknown as Record<string, (data: unknown) => Promise<unknown>>) ?? {}
      shown.push(signer)
      for (const method of ['signTypedData', 'signMessage']) {
        shown.push(await nonsense[method]?.({ types: {} }).catch((error: unknown) => error))
      }
    }
    expect(shown.flatMap(writings).flatMap(findIn)).toEqual([])
    expect(shown.flatMap(writings).filter((text) => text.includes('winner thank'))).toEqual([])
    store.close?.()
  })

  test('is not in the file, nor is the password', () => {
    const text = readFileSync(path, 'utf8')
    expect(findIn(text)).toEqual([])
    expect(text).not.toContain(password)
  })

  const textsAfter = async (where: 'here, and kept as text' | 'thread' | 'process'): Promise<readonly string[]> => {
    const snapshot = at(`${where}.heapsnapshot`)
    const { output, errors } = await runSource('canary', { path, password, snapshot, where })
    expect(output, errors).toBe(`${privateKey(key).address},${pair.publicKey.toBase58()}`)
    const heap = readFileSync(snapshot, 'utf8')
    // The snapshot is of that process, and shows text that it has.
    expect(heap).toContain(pair.publicKey.toBase58())
    return findIn(heap)
  }

  test.each(['thread', 'process'] as const)(
    'that was used in a %s is no text in the heap of the agent',
    async (where) => {
      expect(await textsAfter(where)).toEqual([])
    },
  )

  test('that is used here is no text either: the one that is kept as text on purpose is found, and no other', async () => {
    expect(await textsAfter('here, and kept as text')).toEqual([key])
  })
})

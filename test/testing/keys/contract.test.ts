import { secp256k1 } from '@noble/curves/secp256k1'
import { base58 } from '@scure/base'
import { Keypair } from '@solana/web3.js'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import type { EvmSigner, KeyStore, Network, SolanaSigner } from '../../../src/index.js'
import { account, privateKey } from '../../../src/keys/index.js'
import { keyStoreContract, testKeyStore } from '../../../src/testing/index.js'

const key = '3b'.repeat(32)
const bytes = Uint8Array.from(Buffer.from(key, 'hex'))
const sound = privateKey(key)
const viemAccount = privateKeyToAccount(`0x${key}`)
const order = secp256k1.CURVE.n

/** A key store with something different about its signers. */
const signing = (change: (signer: EvmSigner) => object): KeyStore => ({
  ...sound,
  getSigner: async (network) => {
    const signer = await sound.getSigner(network)
    return signer?.namespace === 'eip155' ? { ...signer, ...change(signer) } : undefined
  },
})
const rewriting = (change: (signature: string) => string): KeyStore =>
  signing((signer) => ({ signTypedData: async (data: never) => change(await signer.signTypedData(data)) }))
const highS = (signature: string): string => {
  const s = (order - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0')
  return `${signature.slice(0, 66)}${s}${signature.endsWith('1b') ? '1c' : '1b'}`
}
const throwing = (error: Error): KeyStore =>
  signing((signer) => ({
    signTypedData: async (data: { primaryType: string }) => {
      if (data.primaryType === 'Nothing') throw error
      return signer.signTypedData(data as never)
    },
  }))
class Wallet {
  #key = key
  readonly getSigner = sound.getSigner
  get secret(): string {
    return this.#key
  }
}

const pair = Keypair.fromSeed(bytes)
const stranger = Keypair.fromSeed(new Uint8Array(32).fill(4))
const soundSolana = privateKey(pair.secretKey)

/** A key store with something different about its Solana signers. */
const signingSolana = (change: (signer: SolanaSigner) => object): KeyStore => ({
  ...soundSolana,
  getSigner: async (network) => {
    const signer = await soundSolana.getSigner(network)
    return signer?.namespace === 'solana' ? { ...signer, ...change(signer) } : undefined
  },
})

const [handsOut, oneAddress, recovers, canonical, foreign, derives, hides] = Object.keys(keyStoreContract)

/** Key stores that each do one thing wrong, and the check that must find it. */
const mistakes: readonly (readonly [string, KeyStore | (() => KeyStore), string | undefined])[] = [
  ['has no signer at all', { getSigner: async () => undefined }, handsOut],
  ['writes its address in lower case', signing(({ address }) => ({ address: address.toLowerCase() })), handsOut],
  [
    'has another key for each network',
    { getSigner: (network) => privateKey(network.padEnd(64, '0').replaceAll(/\D/g, '1')).getSigner(network) },
    oneAddress,
  ],
  ['has another key each time it is made', () => privateKey(secp256k1.utils.randomPrivateKey()), oneAddress],
  ['names an address that is not its own', signing(() => ({ address: testKeyStore().address })), recovers],
  [
    'signs other data than it was given',
    signing((signer) => ({
      signTypedData: (data: never) =>
        signer.signTypedData({ ...Object(data), message: { ...Object(data).message, value: 9n } }),
    })),
    recovers,
  ],
  ['signs with a high s', rewriting(highS), canonical],
  ['writes v as 0 or 1', rewriting((text) => `${text.slice(0, 130)}${text.endsWith('1b') ? '00' : '01'}`), canonical],
  ['writes no 65 bytes', rewriting((text) => text.slice(0, 130)), canonical],
  ['signs for every network', { ...sound, getSigner: () => sound.getSigner('eip155:1') }, foreign],
  [
    'derives 16 bytes',
    { ...sound, deriveSecret: async (purpose) => (await sound.deriveSecret?.(purpose))?.slice(16) ?? new Uint8Array() },
    derives,
  ],
  ['derives zeros', { ...sound, deriveSecret: async () => new Uint8Array(32) }, derives],
  [
    'derives the same for every purpose',
    { ...sound, deriveSecret: async () => (await sound.deriveSecret?.('x')) ?? new Uint8Array() },
    derives,
  ],
  [
    'derives anew each time',
    { ...sound, deriveSecret: async () => crypto.getRandomValues(new Uint8Array(32)) },
    derives,
  ],
  [
    'gives out the secret that it keeps',
    (() => {
      const kept = new Map<string, Promise<Uint8Array>>()
      const deriveSecret = (purpose: string): Promise<Uint8Array> => {
        const secret = kept.get(purpose) ?? (sound.deriveSecret as NonNullable<KeyStore['deriveSecret']>)(purpose)
        kept.set(purpose, secret)
        return secret
      }
      return { ...sound, deriveSecret }
    })(),
    derives,
  ],
  ['shows its key as hex', { ...sound, key } as KeyStore, hides],
  ['shows its key in upper case', { ...sound, key: `0x${key.toUpperCase()}` } as KeyStore, hides],
  ['shows its key as bytes', { ...sound, inner: { bytes } } as KeyStore, hides],
  ['shows its key as a list of numbers', { ...sound, inner: [...bytes] } as KeyStore, hides],
  ['shows its key as a number', { ...sound, inner: BigInt(`0x${key}`) } as KeyStore, hides],
  ['shows its key as base64', { ...sound, inner: Buffer.from(bytes).toString('base64') } as KeyStore, hides],
  ['shows its key under a symbol', { ...sound, [Symbol('key')]: key }, hides],
  ['shows its key in what is not enumerated', Object.defineProperty({ ...sound }, 'key', { value: key }), hides],
  ['shows its key through a getter of its class', new Wallet(), hides],
  ['shows its key as JSON', { ...sound, toJSON: () => ({ key }) } as KeyStore, hides],
  ['shows its key as text', { ...sound, toString: () => `key ${key}` } as KeyStore, hides],
  ['shows its key in a map', { ...sound, keys: new Map([['first', key]]) } as KeyStore, hides],
  ['shows its key in its signers', signing(() => ({ source: { key } })), hides],
  [
    'shows its key on its methods',
    { ...sound, getSigner: Object.assign((network: Network) => sound.getSigner(network), { key }) },
    hides,
  ],
  ['derives its key', { ...sound, deriveSecret: async () => bytes }, hides],
  ['throws its key', throwing(new Error(`cannot sign with ${key}`)), hides],
  ['throws its key as a cause', throwing(new Error('cannot sign', { cause: { key } })), hides],
]

/** The same of key stores that hold a Solana key. */
const mistakesOfSolana: typeof mistakes = [
  ['has a key of another family', sound, handsOut],
  [
    'has an address that is no point',
    signingSolana(() => ({ address: base58.encode(new Uint8Array(32).fill(2)) })),
    handsOut,
  ],
  ['has another key each time it is made', () => privateKey(Keypair.generate().secretKey), oneAddress],
  ['names an address that is not its own', signingSolana(() => ({ address: stranger.publicKey.toBase58() })), recovers],
  [
    'signs other bytes than it was given',
    signingSolana((signer) => ({ signMessage: (message: Uint8Array) => signer.signMessage(message.slice(1)) })),
    recovers,
  ],
  [
    'writes no 64 bytes',
    signingSolana((signer) => ({
      signMessage: async (message: Uint8Array) => [...(await signer.signMessage(message))],
    })),
    canonical,
  ],
  ['signs for every network', { ...soundSolana, getSigner: () => soundSolana.getSigner('solana:1') }, foreign],
  ['derives zeros', { ...soundSolana, deriveSecret: async () => new Uint8Array(32) }, derives],
  ['shows its key as base58', { ...soundSolana, key: base58.encode(pair.secretKey) } as KeyStore, hides],
  ['shows its seed as base58', { ...soundSolana, key: base58.encode(bytes) } as KeyStore, hides],
  ['shows its key in its signers', signingSolana(() => ({ source: pair.secretKey })), hides],
]

describe('the key store contract', () => {
  test.each(Object.entries(keyStoreContract))(
    'is kept by a private key, a viem account and the test store: %s',
    async (_sentence, check) => {
      await expect(check(() => ({ keyStore: privateKey(key), secrets: [key] }))).resolves.toBeUndefined()
      await expect(check(() => ({ keyStore: account(viemAccount), secrets: [`0x${key}`] }))).resolves.toBeUndefined()
      const secrets = ['0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80']
      await expect(check(async () => ({ keyStore: testKeyStore(), secrets }))).resolves.toBeUndefined()
    },
  )

  test.each(mistakes)('finds a store that %s', async (_what, store, sentence = '') => {
    const check = keyStoreContract[sentence]
    const create = () => ({ keyStore: typeof store === 'function' ? store() : store, secrets: [key] })
    const error = await check?.(create).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'Error', message: expect.stringMatching(/^[A-Z].* /) })
    expect(String(error)).not.toContain(key)
  })

  test.each(mistakesOfSolana)('finds a store of a Solana key that %s', async (_what, store, sentence = '') => {
    const keyStore = typeof store === 'function' ? store : () => store
    const secrets = [key, Buffer.from(pair.secretKey).toString('hex')]
    const check = keyStoreContract[sentence]
    const error = await check?.(() => ({ keyStore: keyStore(), holds: ['solana'], secrets })).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ name: 'Error', message: expect.stringMatching(/^[A-Z].* /) })
  })

  test('proves nothing of a store that is said to hold nothing', async () => {
    for (const sentence of [handsOut, oneAddress, recovers, canonical, hides]) {
      await expect(keyStoreContract[sentence ?? '']?.(() => ({ keyStore: sound, holds: [] }))).rejects.toThrow('no key')
    }
  })

  test('looks for words as they are', async () => {
    const phrase = 'test test test junk'
    const keyStore = { ...sound, note: phrase } as KeyStore
    await expect(keyStoreContract[hides ?? '']?.(() => ({ keyStore, secrets: [phrase] }))).rejects.toThrow('.note')
  })

  test('asks for the network that is named', async () => {
    const check = keyStoreContract[foreign ?? '']
    await expect(check?.(() => ({ keyStore: sound, foreign: 'eip155:1' }))).rejects.toThrow('eip155:1')
  })

  test('has no check that cannot fail', () => {
    const proven = new Set(mistakes.map(([, , sentence]) => sentence))
    expect(Object.keys(keyStoreContract).filter((sentence) => !proven.has(sentence))).toEqual([])
  })
})

import { createHash } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1'
import { Keypair } from '@solana/web3.js'
import { base58 } from '@scure/base'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { privateKeyToAccount } from 'viem/accounts'
import { signDigest } from '../../src/evm/signature.js'
import type { EvmSigner, KeyStore, SolanaSigner } from '../../src/index.js'
import { privateKey } from '../../src/keys/index.js'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const pair = Keypair.fromSeed(new Uint8Array(32).fill(3))
const order = secp256k1.CURVE.n
const word = (value: bigint): string => value.toString(16).padStart(64, '0')

async function signMessage(keyStore: KeyStore<EvmSigner | SolanaSigner>, message: Uint8Array): Promise<Uint8Array> {
  const signer = await keyStore.getSigner('solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp')
  if (signer?.namespace !== 'solana') throw new Error('no Solana signer')
  return signer.signMessage(message)
}

afterEach(() => vi.restoreAllMocks())

describe('a private key', () => {
  const key = '6b'.repeat(32)
  const { address } = privateKeyToAccount(`0x${key}`)

  test.each<[string, Parameters<typeof privateKey>[0]]>([
    ['hex', key],
    ['hex with 0x, in upper case', `0x${key.toUpperCase()}`],
    ['hex with a line feed after it', `${key}\n`],
    ['32 bytes', bytesOf(key)],
    ['32 bytes of a pooled buffer', Buffer.from(key, 'hex')],
    ['an account of viem', privateKeyToAccount(`0x${key}`)],
  ])('is taken for an EVM key when it is %s', (_form, value) => {
    expect(privateKey(value)).toMatchObject({ namespace: 'eip155', address })
  })

  test.each<[string, Parameters<typeof privateKey>[0]]>([
    ['base58', base58.encode(pair.secretKey)],
    ['the text of an id.json', JSON.stringify([...pair.secretKey])],
    ['the text of an id.json over many lines', JSON.stringify([...pair.secretKey], null, 2)],
    ['the list of an id.json', [...pair.secretKey]],
    ['64 bytes', pair.secretKey],
  ])('is taken for a Solana key when it is %s', async (_form, value) => {
    const keyStore = privateKey(value)
    expect(keyStore).toMatchObject({ namespace: 'solana', address: pair.publicKey.toBase58() })
    expect(await keyStore.getSigner('eip155:1')).toBeUndefined()
  })

  const off = Uint8Array.from(pair.secretKey, (byte, index) => (index === 63 ? byte ^ 1 : byte))
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined'],
    ['null', null, 'Failed'],
    ['an empty text', '', 'It is empty'],
    ['zero', '0'.repeat(64), 'Expected'],
    ['the order', word(order), 'Expected'],
    ['the order and one', word(order + 1n), 'Expected'],
    ['all ones', 'f'.repeat(64), 'Expected'],
    ['63 digits', '1'.repeat(63), 'Expected'],
    ['66 digits', '12'.repeat(33), 'Expected'],
    ['digits with one that is none', `${'2'.repeat(63)}z`, 'Expected'],
    ['31 bytes', new Uint8Array(31).fill(1), 'Expected'],
    ['32 zeros', new Uint8Array(32), 'Expected'],
    ['a list of 32 numbers, of whichever family', Array.from({ length: 32 }, () => 7), 'Expected'],
    ['an address of Solana, or a seed', pair.publicKey.toBase58(), 'may as well be an address'],
    ['a Solana key with a wrong public half', off, 'public key'],
    ['that as base58', base58.encode(off), 'public key'],
    ['a Solana key of zeros', Keypair.fromSeed(new Uint8Array(32)).secretKey, 'public key'],
    ['a list with a number of three hundred', [...pair.secretKey.slice(1), 300], 'Expected'],
    ['a list with a fraction', [...pair.secretKey.slice(1), 0.5], 'Expected'],
    ['a list of 63', JSON.stringify([...pair.secretKey.slice(1)]), 'Expected'],
    ['JSON that is cut off', JSON.stringify([...pair.secretKey]).slice(0, -1), 'Expected'],
    ['a phrase', 'test test test test test test test test test test test junk', 'mnemonic('],
    ['an object', { key }, 'Failed'],
  ])('is not taken when it is %s', (_form, value, detail) => {
    const error = expectError(() => privateKey(value as string))
    expect(error).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
    expect(error.message).toContain(detail)
    const shown = typeof value === 'string' && value.length > 8 ? [value, value.slice(0, 16)] : [hex(off).slice(0, 16)]
    for (const text of shown) expect(`${error.message}${error.stack}${String(error.cause)}`).not.toContain(text)
  })

  test('is copied, so that the caller can overwrite its own', async () => {
    const bytes = bytesOf(key)
    const secret = pair.secretKey.slice()
    const stores = [privateKey(bytes), privateKey(secret)]
    const before = await Promise.all(stores.map(async (store) => store.deriveSecret?.('nonces')))
    bytes.fill(0)
    secret.fill(0)
    expect(await Promise.all(stores.map(async (store) => store.deriveSecret?.('nonces')))).toEqual(before)
  })

  test('derives what it always derived: another secret would be another nonce for the same purchase', async () => {
    const derived = await privateKey(key).deriveSecret?.('purchases')
    const extract = createHmacKey(new Uint8Array(32), bytesOf(key))
    expect(hex(derived ?? new Uint8Array())).toBe(
      hex(createHmacKey(extract, Buffer.concat([Buffer.from('stipend/purchases'), Uint8Array.of(1)]))),
    )
  })
})

describe('its signatures', () => {
  // RFC 6979 with SHA-256 on secp256k1, as Bitcoin's implementations test it.
  test.each([
    [
      1n,
      'Satoshi Nakamoto',
      '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
    ],
    [
      order - 1n,
      'Satoshi Nakamoto',
      'fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d06b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5',
    ],
    [
      1n,
      'All those moments will be lost in time, like tears in rain. Time to die...',
      '8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21',
    ],
  ])('on secp256k1 are those of RFC 6979: key %i', (secret, message, expected) => {
    const digest = createHash('sha256').update(message).digest()
    expect(signDigest(Uint8Array.from(digest), bytesOf(word(secret))).slice(2, 130)).toBe(expected)
  })

  // RFC 8032, 7.1, tests 1 to 3.
  const vectors = [
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ] as const

  test.each(vectors)('on ed25519 are those of RFC 8032: %s', async (seed, publicKey, message, expected) => {
    const keyStore = privateKey(bytesOf(seed + publicKey))
    expect(keyStore.address).toBe(base58.encode(bytesOf(publicKey)))
    expect(hex(await signMessage(keyStore, bytesOf(message)))).toBe(expected)
  })

  test.each(vectors)(
    'on ed25519 are the same where there is no Node: %s',
    async (seed, publicKey, message, expected) => {
      vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
      const keyStore = privateKey(bytesOf(seed + publicKey))
      expect(hex(await signMessage(keyStore, bytesOf(message)))).toBe(expected)
      expect(process.getBuiltinModule).toHaveBeenCalled()
    },
  )
})

function createHmacKey(key: Uint8Array, data: Uint8Array): Uint8Array {
  const padded = new Uint8Array(64)
  padded.set(key)
  const hash = (pad: number, inner: Uint8Array): Uint8Array =>
    createHash('sha256')
      .update(padded.map((byte) => byte ^ pad))
      .update(inner)
      .digest()
  return hash(0x5c, hash(0x36, data))
}

function expectError(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('expected it to throw')
}

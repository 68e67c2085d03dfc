import { createCipheriv, pbkdf2Sync } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { keccak_256 } from '@noble/hashes/sha3'
import { Keypair } from '@solana/web3.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { changePassword, encryptedFile, exportKey, importKeys, mnemonic, privateKey } from '../../../src/keys/index.js'
import { createKeyFolder, password } from '../../support/key-files.ts'
import { rejection } from '../../support/wallets.ts'

const at = createKeyFolder()
const path = at('keys.json')
const key = '6b'.repeat(32)
const pair = Keypair.fromSeed(new Uint8Array(32).fill(3))
const phrase = 'test test test test test test test test test test test junk'
const locked = { code: 'key_store_locked', moved: 'no' }

/** The test vectors of the definition of Web3 Secret Storage, both of one key. */
const keystores = {
  pbkdf2: {
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
      ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
      kdf: 'pbkdf2',
      kdfparams: {
        c: 262_144,
        dklen: 32,
        prf: 'hmac-sha256',
        salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
      },
      mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
    },
    id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
    version: 3,
  },
  scrypt: {
    Crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
      ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
      kdf: 'scrypt',
      kdfparams: {
        dklen: 32,
        n: 262_144,
        p: 8,
        r: 1,
        salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
      },
      mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
    },
    address: '008aeeda4d805471df9b2a5b0f38a0c3bcba786b',
    id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
    version: 3,
  },
}
const vectorKey = '7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d'
const importKeystore = (keystore: object, keystorePassword: string, file: string) =>
  importKeys({ path: at(file), password, from: { keystore: JSON.stringify(keystore), keystorePassword } })

/** Writes a file as geth does: the password as its bytes are. */
function writeKeystore(secret: string, passwordBytes: string): object {
  const [salt, iv] = [Buffer.alloc(32, 5), Buffer.alloc(16, 6)]
  const derived = pbkdf2Sync(Buffer.from(passwordBytes, 'utf8'), salt, 16, 32, 'sha256')
  const ciphertext = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv).update(Buffer.from(secret, 'hex'))
  const mac = Buffer.from(keccak_256(Buffer.concat([derived.subarray(16), ciphertext])))
  return {
    version: 3,
    address: privateKey(secret).address,
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: iv.toString('hex') },
      ciphertext: ciphertext.toString('hex'),
      kdf: 'pbkdf2',
      kdfparams: { c: 16, dklen: 32, prf: 'hmac-sha256', salt: salt.toString('hex') },
      mac: mac.toString('hex'),
    },
  }
}

beforeAll(async () => {
  await importKeys({ path, password, from: { privateKey: key } })
})

describe('importing keys', () => {
  test.each(Object.entries(keystores))(
    'decrypts Web3 Secret Storage of %s as its vector says',
    async (name, keystore) => {
      const added = await importKeystore(keystore, 'testpassword', `${name}.json`)
      expect(added).toEqual([{ namespace: 'eip155', address: privateKey(vectorKey).address }])
      expect(await encryptedFile({ path: at(`${name}.json`) }).addresses()).toEqual(added)
      expect(readFileSync(at(`${name}.json`), 'utf8')).not.toContain(vectorKey.slice(0, 16))
    },
  )

  const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const
  const spellings = forms.flatMap((written) => forms.map((typed) => [written, typed] as const))
  test.each(spellings)('opens a file whose password was written as %s and is typed as %s', async (written, typed) => {
    const text = 'crème ﬁlet ½'
    const keystore = writeKeystore(vectorKey, text.normalize(written))
    const file = `${written}-${typed}.json`
    // What a compatible form has made one of two spellings cannot be told apart any more.
    const isOpened = written.includes('K') || !typed.includes('K')
    const added = importKeystore(keystore, text.normalize(typed), file).catch(() => [])
    expect(await added).toEqual(isOpened ? [{ namespace: 'eip155', address: privateKey(vectorKey).address }] : [])
  })

  test('opens a file whose password is no form of Unicode, and takes bytes as they are', async () => {
    const text = 'ée\u0301ﬁ'
    const keystore = writeKeystore(vectorKey, text)
    expect(await importKeystore(keystore, text, 'raw.json')).toHaveLength(1)
    const bytes = new TextEncoder().encode(text)
    const asBytes = { keystore: JSON.stringify(keystore), keystorePassword: bytes }
    expect(await importKeys({ path: at('bytes.json'), password, from: asBytes })).toHaveLength(1)
    const composed = { ...asBytes, keystorePassword: new TextEncoder().encode(text.normalize('NFC')) }
    expect(await rejection(importKeys({ path: at('none.json'), password, from: composed }))).toMatchObject(locked)
  })

  const { crypto: sealed, ...rest } = keystores.pbkdf2
  const withParameters = (change: object): object => ({
    ...rest,
    crypto: { ...sealed, kdfparams: { ...sealed.kdfparams, ...change } },
  })
  test.each<[string, object]>([
    ['a wrong MAC', { ...rest, crypto: { ...sealed, mac: sealed.mac.replace(/^5/, '6') } }],
    ['a changed ciphertext', { ...rest, crypto: { ...sealed, ciphertext: sealed.ciphertext.replace(/^5/, '6') } }],
    ['the address of another key', { ...keystores.pbkdf2, address: '1'.repeat(40) }],
  ])('refuses one with %s as it refuses a wrong password', async (_what, keystore) => {
    const error = await rejection(importKeystore(keystore, 'testpassword', 'refused.json'))
    expect(error).toEqual(await rejection(importKeystore(keystores.pbkdf2, 'wrong', 'refused.json')))
    expect(error).toMatchObject(locked)
    expect(existsSync(at('refused.json'))).toBe(false)
  })

  test.each<[string, object]>([
    ['of version 1', { ...keystores.pbkdf2, version: 1 }],
    ['of another cipher', { ...rest, crypto: { ...sealed, cipher: 'aes-128-cbc' } }],
    ['of no iterations', withParameters({ c: 0 })],
    ['of a billion iterations', withParameters({ c: 1_000_000_000 })],
    ['of a short derived key', withParameters({ dklen: 16 })],
    [
      'of scrypt with n of 2^30',
      {
        ...rest,
        crypto: { ...sealed, kdf: 'scrypt', kdfparams: { dklen: 32, n: 2 ** 30, r: 8, p: 1, salt: '00'.repeat(32) } },
      },
    ],
    ['that is empty', {}],
  ])('refuses one %s before any work', async (_what, keystore) => {
    await expect(importKeystore(keystore, 'testpassword', 'refused.json')).rejects.toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringContaining('keystore'),
    })
  })

  test('adds to the file what it is given, at its end and for its owner only, and exports it as it was', async () => {
    const idJson = JSON.stringify([...pair.secretKey])
    const from = [{ privateKey: idJson }, { mnemonic: phrase, index: 1 }]
    const added = await importKeys({ path, password, from })
    expect(added.map(({ address }) => address)).toEqual([
      pair.publicKey.toBase58(),
      ...mnemonic(phrase, { index: 1 }).addresses.map(({ address }) => address),
    ])
    const [first, ...others] = (await encryptedFile({ path }).addresses()).map(({ address }) => address)
    expect([first, ...others]).toEqual([privateKey(key).address, pair.publicKey.toBase58()])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const exported = await exportKey({ path, password, address: pair.publicKey.toBase58() })
    expect(privateKey(exported).address).toBe(pair.publicKey.toBase58())
  })

  test('adds no key twice, and leaves nothing behind when it refuses', async () => {
    const before = readFileSync(path)
    await expect(importKeys({ path, password, from: { privateKey: key } })).rejects.toThrow('holds this key already')
    const twice = [{ privateKey: key }, { privateKey: `0x${key}` }]
    await expect(importKeys({ path: at('twice.json'), password, from: twice })).rejects.toThrow('this key already')
    expect(existsSync(at('twice.json'))).toBe(false)
    await expect(importKeys({ path, password, from: { privateKey: 'none' } })).rejects.toThrow('Failed to read')
    expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(dirname(path))).not.toContain('keys.json.new')
  })
})

describe('changing the password', () => {
  test('encrypts the file anew, so that the old password opens nothing', async () => {
    const file = at('changed.json')
    await importKeys({ path: file, password, from: { privateKey: pair.secretKey } })
    const before = readFileSync(file, 'utf8')
    await changePassword({ path: file, password, newPassword: 'battery staple' })
    const after = readFileSync(file, 'utf8')
    for (const field of ['salt', 'iv', 'ciphertext']) {
      const [old, fresh] = [before, after].map((text) => new RegExp(`"${field}": "(.+)"`).exec(text)?.[1])
      expect(fresh).not.toBe(old)
    }
    await expect(encryptedFile({ path: file }).unlock(password)).rejects.toMatchObject(locked)
    await expect(encryptedFile({ path: file }).unlock('battery staple')).resolves.toBeUndefined()
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('leaves the file as it is when the old password is wrong, or the new one too short', async () => {
    const before = readFileSync(path)
    const wrong = changePassword({ path, password: 'not the password', newPassword: 'battery staple' })
    await expect(wrong).rejects.toMatchObject(locked)
    const short = changePassword({ path, password, newPassword: 'short' })
    await expect(short).rejects.toMatchObject({ code: 'configuration_invalid' })
    expect(readFileSync(path)).toEqual(before)
    expect(existsSync(`${path}.new`)).toBe(false)
  })

  test('waits for no other change: of two at once, one is made and one refused', async () => {
    const file = at('both.json')
    await importKeys({ path: file, password, from: { privateKey: key } })
    const changes = ['first password', 'other password'].map((newPassword) =>
      changePassword({ path: file, password, newPassword }).then(
        () => newPassword,
        (error: unknown) => error,
      ),
    )
    const [made, refused] = (await Promise.all(changes)).toSorted((one) => (typeof one === 'string' ? -1 : 1))
    expect(refused).toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining('another change') })
    await expect(encryptedFile({ path: file }).unlock(String(made))).resolves.toBeUndefined()
  })

  test('refuses to go on where one was cut off, and names the file to remove', async () => {
    writeFileSync(`${path}.new`, '', { mode: 0o600 })
    const change = changePassword({ path, password, newPassword: 'battery staple' })
    await expect(change).rejects.toThrow('.new at its end')
    expect(existsSync(`${path}.new`)).toBe(true)
  })
})

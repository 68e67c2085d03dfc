import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { encryptedFile, exportKey, importKeys } from '../../../src/keys/index.js'
import { copyKeyFile, createKeyFolder, password } from '../../support/key-files.ts'
import { rejection } from '../../support/wallets.ts'

const at = createKeyFolder()
const path = at('wallet/keys.json')
const key = '6b'.repeat(32)
const modeOf = (file: string): number => statSync(file).mode & 0o777
const locked = { code: 'key_store_locked', moved: 'no', retryable: true }
const invalid = { code: 'configuration_invalid', moved: 'no' }

beforeAll(async () => {
  await importKeys({ path, password, from: { privateKey: key } })
})

describe('a new file', () => {
  test('is made with a fresh key of each family, for its owner only, in a folder for its owner only', async () => {
    const fresh = at('fresh/deep/keys.json')
    const store = encryptedFile({ path: fresh, password, create: true })
    const [evm, solana, ...others] = await store.addresses()
    expect([evm?.namespace, solana?.namespace, others]).toEqual(['eip155', 'solana', []])
    expect([modeOf(fresh), modeOf(dirname(fresh)), modeOf(at('fresh'))]).toEqual([0o600, 0o700, 0o700])
    expect(readdirSync(dirname(fresh))).toEqual(['keys.json'])
    // Its addresses are told without a password from then on, and are those of the keys.
    expect(await encryptedFile({ path: fresh }).addresses()).toEqual([evm, solana])
    expect((await store.getSigner('eip155:1'))?.address).toBe(evm?.address)
    expect((await store.getSigner('solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'))?.address).toBe(solana?.address)
    expect(await store.getSigner('cosmos:cosmoshub-4')).toBeUndefined()
  })

  test('is made once, however many stores want it at the same time', async () => {
    const shared = at('shared.json')
    const stores = Array.from({ length: 2 }, () => encryptedFile({ path: shared, password, create: true }))
    const [first, ...others] = await Promise.all(stores.map((store) => store.addresses()))
    expect(others).toEqual([first])
    const secrets = await Promise.all(stores.map(async (store) => store.deriveSecret?.('nonces')))
    expect(new Set(secrets.map(String)).size).toBe(1)
  })

  test('says of a password that is empty what it may come of', async () => {
    const store = encryptedFile({ path: at('empty.json'), password: async () => '', create: true })
    expect(String(await rejection(store.getSigner('eip155:1')))).toContain(
      'it is empty: is the environment variable set?',
    )
  })

  test('is not made unless that is asked for', async () => {
    const error = await rejection(encryptedFile({ path: at('none.json'), password }).getSigner('eip155:1'))
    expect(error).toMatchObject(invalid)
    expect(existsSync(at('none.json'))).toBe(false)
  })

  test('is not made of a generator that answers zeros', async () => {
    const random = (length: number): Uint8Array => new Uint8Array(length)
    const store = encryptedFile({ path: at('zeros.json'), password, create: true, random })
    await expect(store.addresses()).rejects.toMatchObject(invalid)
    expect(existsSync(at('zeros.json'))).toBe(false)
  })

  test('is not made where others can write to the folder', async () => {
    mkdirSync(at('open'))
    chmodSync(at('open'), 0o777)
    const store = encryptedFile({ path: at('open/keys.json'), password, create: true })
    await expect(store.addresses()).rejects.toThrow('make it 0700')
    expect(readdirSync(at('open'))).toEqual([])
  })

  test('never takes the place of what is there, not even of a link that leads nowhere', async () => {
    symlinkSync(at('elsewhere.json'), at('dangling.json'))
    const store = encryptedFile({ path: at('dangling.json'), password, create: true })
    await expect(store.addresses()).rejects.toThrow('not a regular file')
    expect(existsSync(at('elsewhere.json'))).toBe(false)
  })
})

describe('a file that is not private', () => {
  const refused = async (file: string, reason: string): Promise<void> => {
    const store = encryptedFile({ path: file, password })
    for (const error of [await rejection(store.getSigner('eip155:1')), await rejection(store.addresses())]) {
      expect(error).toMatchObject({ ...invalid, message: expect.stringContaining(reason) })
    }
  }

  test.each([0o644, 0o640, 0o620, 0o604, 0o666])('is refused when its mode is %o', async (mode) => {
    const file = copyKeyFile(path, at(`mode-${mode}.json`))
    chmodSync(file, mode)
    await refused(file, 'make it 0600')
  })

  test('is refused when it is a symbolic link', async () => {
    symlinkSync(path, at('symbolic.json'))
    await refused(at('symbolic.json'), 'not a regular file')
  })

  test('is refused when it has another name', async () => {
    copyKeyFile(path, at('linked.json'))
    linkSync(at('linked.json'), at('other-name.json'))
    await refused(at('linked.json'), 'not a regular file')
    unlinkSync(at('other-name.json'))
    expect(await encryptedFile({ path: at('linked.json') }).addresses()).toHaveLength(1)
  })

  test('is refused when it is a pipe, without waiting for who writes to it', async () => {
    execFileSync('mkfifo', ['-m', '600', at('pipe.json')])
    await refused(at('pipe.json'), 'not a regular file')
  })

  test('is refused when it is a folder', async () => {
    mkdirSync(at('folder.json'), { mode: 0o700 })
    await refused(at('folder.json'), 'not a regular file')
  })

  test('is refused when it is longer than any of ours', async () => {
    await refused(
      copyKeyFile(path, at('long.json'), (text) => text + ' '.repeat(70_000)),
      'not a key file',
    )
  })
})

describe('a file that was changed', () => {
  const text = (): string => readFileSync(path, 'utf8')

  test('is refused before any work where the change breaks its form, whichever byte it is', async () => {
    const bytes = Buffer.from(text())
    const file = copyKeyFile(path, at('flipped.json'))
    const wellFormed: number[] = []
    for (let place = 0; place < bytes.length; place += 1) {
      const flipped = Uint8Array.from(bytes)
      flipped[place] = (flipped[place] ?? 0) ^ 1
      writeFileSync(file, flipped)
      const outcome = await encryptedFile({ path: file })
        .addresses()
        .catch((error: unknown) => error)
      if (Array.isArray(outcome)) wellFormed.push(place)
      else expect(outcome).toMatchObject(invalid)
    }
    // What is left are digits of these, which the encryption itself refuses; r may be higher than what is written.
    const digits = new Set(wellFormed.map((place) => /"(\w+)": "?[^",]*$/.exec(text().slice(0, place))?.[1]))
    expect(digits).toEqual(new Set(['r', 'salt', 'iv', 'address', 'ciphertext']))
  })

  let wrong: unknown
  test.each(['iv', 'address', 'ciphertext'])(
    'is refused as a wrong password is, where the change is in the %s',
    async (field) => {
      const file = copyKeyFile(path, at(`${field}.json`), (before) =>
        before.replace(
          new RegExp(`("${field}": "(?:0x)?)(.)`),
          (_all, start, digit) => start + (digit === '1' ? '2' : '1'),
        ),
      )
      expect(readFileSync(file, 'utf8')).not.toBe(text())
      const error = await rejection(encryptedFile({ path: file }).unlock(password))
      wrong ??= await rejection(encryptedFile({ path }).unlock('not the password'))
      expect(error).toMatchObject(locked)
      expect(error).toEqual(wrong)
    },
  )

  test.each<[string, string | RegExp, string, string]>([
    ['n of 2', /"n": \d+/, '"n": 2', 'weaker'],
    ['n of 2^16', /"n": \d+/, '"n": 65536', 'weaker'],
    ['r of 1', /"r": \d+/, '"r": 1', 'weaker'],
    ['n of 2^30', /"n": \d+/, '"n": 1073741824', '512 MiB'],
    ['n of 2^20, which is 1 GiB', /"n": \d+/, '"n": 1048576', '512 MiB'],
    ['r of 2^20', /"r": \d+/, '"r": 1048576', '512 MiB'],
    ['p of 2^20', /"p": \d+/, '"p": 1048576', '8 passes'],
    ['p of 0', /"p": \d+/, '"p": 0', '8 passes'],
    ['n that is no power of two', /"n": \d+/, '"n": 131073', '512 MiB'],
    ['another derivation', '"scrypt"', '"pbkdf2"', 'not a key file'],
    ['another version', '"version": 1', '"version": 2', 'not a key file'],
    ['a field more', '"version": 1,', '"version": 1, "more": 1,', 'not a key file'],
    ['a key twice', '"version": 1,', '"version": 1,\n  "version": 1,', 'not a key file'],
    ['nothing after its middle', /"keys"[\s\S]*/, '', 'not a key file'],
    ['other space', /\n$/, '\n\n', 'not a key file'],
  ])('is refused before any work when it has %s', async (what, find, replacement, reason) => {
    const file = copyKeyFile(path, at(`${what.replaceAll(' ', '-')}.json`), (before) =>
      before.replace(find, replacement),
    )
    const asked: string[] = []
    const ask = async (): Promise<string> => {
      asked.push('password')
      return password
    }
    const error = await rejection(encryptedFile({ path: file, password: ask }).getSigner('eip155:1'))
    expect(error).toMatchObject({ ...invalid, message: expect.stringContaining(reason) })
    expect(asked).toEqual([])
  })
})

describe('a password', () => {
  test.each([
    ['empty', ''],
    ['of one character', 'x'],
    ['of seven characters that are fourteen units', '\u{1f511}'.repeat(7)],
    ['of ten megabytes', 'x'.repeat(10_000_000)],
    ['of bytes, but few', new Uint8Array(7)],
    ['of bytes, but many', new Uint8Array(5000)],
    ['neither text nor bytes', 12_345_678],
  ])('is refused when it is %s', async (_what, value) => {
    const error = await rejection(encryptedFile({ path }).unlock(value as string))
    expect(error).toMatchObject({ ...invalid, message: expect.stringContaining('password') })
  })

  test('is the same however its characters are composed, and as bytes what it is', async () => {
    const file = at('unicode.json')
    await importKeys({ path: file, password: 'caf\u00e9 caf\u00e9', from: { privateKey: key } })
    for (const same of ['cafe\u0301 cafe\u0301', new TextEncoder().encode('caf\u00e9 caf\u00e9')]) {
      const store = encryptedFile({ path: file, password: async () => same })
      expect((await store.getSigner('eip155:1'))?.address).toBeDefined()
    }
    const other = encryptedFile({ path: file, password: new TextEncoder().encode('cafe\u0301 cafe\u0301') })
    await expect(other.getSigner('eip155:1')).rejects.toMatchObject(locked)
  })

  test('is what exports a key, and nothing else does', async () => {
    const [address = ''] = (await encryptedFile({ path }).addresses()).map((one) => one.address)
    expect(await exportKey({ path, password, address })).toBe(`0x${key}`)
    await expect(exportKey({ path, password: 'not the password', address })).rejects.toMatchObject(locked)
  })
})

import { createHmac, pbkdf2Sync } from 'node:crypto'
import { mnemonicToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { deriveSeed } from '../../src/keys/slip10.js'
import { generate, generateMnemonic, mnemonic } from '../../src/keys/index.js'

const junk = 'test test test test test test test test test test test junk'
const abandon = `${'abandon '.repeat(11)}about`
const addressesOf = (...given: Parameters<typeof mnemonic>): readonly string[] =>
  mnemonic(...given).addresses.map(({ address }) => address)

describe('a mnemonic', () => {
  test('has the addresses that common wallets show', () => {
    expect(addressesOf(abandon)).toEqual([
      '0x9858EfFD232B4033E47d90003D41EC34EcaEda94',
      'HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk',
    ])
    expect([0, 1, 2].map((index) => addressesOf(junk, { index })[0])).toEqual([
      '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
      '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
      '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC',
    ])
  })

  test('agrees with viem on any path, and with BIP-39 on the passphrase', () => {
    const path = "m/44'/60'/7'/1/2147483647" as const
    expect(addressesOf(junk, { evmPath: path })[0]).toBe(mnemonicToAccount(junk, { path }).address)
    expect(addressesOf(junk, { passphrase: 'TREZOR' })[0]).toBe(
      mnemonicToAccount(junk, { passphrase: 'TREZOR' } as object).address,
    )
  })

  test('is read whatever its case and the space between its words', () => {
    expect(addressesOf(`  ${junk.toUpperCase().replaceAll(' ', '\n\t ')} `)).toEqual(addressesOf(junk))
  })

  test('is another wallet under another passphrase, which is normalised', () => {
    const composed = addressesOf(junk, { passphrase: '\u00e9' })
    expect(addressesOf(junk, { passphrase: 'e\u0301' })).toEqual(composed)
    expect(composed).not.toEqual(addressesOf(junk))
  })

  test('holds its Solana key at the path of SLIP-0010', () => {
    const seed = pbkdf2Sync(junk, 'mnemonic', 2048, 64, 'sha512')
    expect(addressesOf(junk, { index: 3 })[1]).toBe(addressesOf(junk, { solanaPath: "m/44'/501'/3'/0'" })[1])
    expect(Buffer.from(deriveSeed(seed, [44, 501, 3, 0]))).toEqual(slip10(seed, [44, 501, 3, 0]))
  })

  const words = junk.split(' ')
  test.each([
    ['undefined', undefined, {}],
    ['empty', '', {}],
    ['one word short', words.slice(1).join(' '), {}],
    ['of a wrong checksum', `${'test '.repeat(11)}test`, {}],
    ['of a word that is none', `${'test '.repeat(11)}secretword`, {}],
    ['given an index of -1', junk, { index: -1 }],
    ['given an index of one half', junk, { index: 0.5 }],
    ['given an index of 2^31', junk, { index: 2 ** 31 }],
    ['given a path that is none', junk, { evmPath: 'secretpath' }],
    ['given a step beyond 2^31', junk, { evmPath: "m/44'/60'/9999999999" }],
    ['given a Solana path with a step that is not hardened', junk, { solanaPath: "m/44'/501'/0" }],
    ['given a Solana path with a step of 2^31', junk, { solanaPath: "m/44'/501'/2147483648'" }],
  ])('is refused when it is %s, without being repeated', (_what, phrase, options) => {
    const error = (() => {
      try {
        return mnemonic(phrase, options)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toMatchObject({ code: 'configuration_invalid' })
    expect(String((error as Error).stack)).not.toMatch(/junk|secret(word|path)|test test/)
  })
})

describe('SLIP-0010', () => {
  // Test vector 1 for ed25519.
  test.each<[readonly number[], string]>([
    [[], '2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7'],
    [[0], '68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3'],
    [[0, 1], 'b1d0bad404bf35da785a64ca1ac54b2617211d2777696fbffaf208f746ae84f2'],
    [[0, 1, 2], '92a5b23c0b8a99e37d07df3fb9966917f5d06e02ddbd909c7e184371463e9fc9'],
    [[0, 1, 2, 2], '30d1dc7e5fc04c31219ab25a27ae00b50f6fd66622f6e9c913253d6511d1e662'],
    [[0, 1, 2, 2, 1_000_000_000], '8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793'],
  ])('derives along %j', (steps, expected) => {
    const master = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
    expect(Buffer.from(deriveSeed(master, steps)).toString('hex')).toBe(expected)
  })
})

describe('a generated phrase', () => {
  test('is a fresh one of 24 words, or of 12', () => {
    expect(generateMnemonic().split(' ')).toHaveLength(24)
    expect(generateMnemonic({ words: 12 }).split(' ')).toHaveLength(12)
    expect(generateMnemonic()).not.toBe(generateMnemonic())
    expect(mnemonic(generateMnemonic()).addresses).toHaveLength(2)
    expect(generate().addresses).not.toEqual(generate().addresses)
    expect(() => generate({ random: (length) => new Uint8Array(length) })).toThrow(
      expect.objectContaining({ code: 'configuration_invalid' }),
    )
  })

  test.each([
    [0, 'legal winner thank year wave sausage worth useful legal winner thank yellow', 0x7f],
    [1, 'letter advice cage absurd amount doctor acoustic avoid letter advice cage above', 0x80],
    [2, 'zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong', 0xff],
  ])('is what BIP-39 makes of the random bytes: vector %i', (_vector, phrase, byte) => {
    expect(generateMnemonic({ words: 12, random: (length) => new Uint8Array(length).fill(byte) })).toBe(phrase)
  })

  test.each([
    ['zeros', (length: number) => new Uint8Array(length)],
    ['too little', () => new Uint8Array(8).fill(1)],
  ])('is not made of a generator that answers %s', (_what, random) => {
    expect(() => generateMnemonic({ random })).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
  })
})

/** The derivation once more, by Node's own hashes. */
function slip10(seed: Uint8Array, steps: readonly number[]): Buffer {
  const hash = (key: Uint8Array | string, data: Uint8Array): Buffer => createHmac('sha512', key).update(data).digest()
  const last = steps.reduce(
    (node, step) => {
      const index = Buffer.alloc(4)
      index.writeUInt32BE(0x8000_0000 + step)
      return hash(node.subarray(32), Buffer.concat([Buffer.alloc(1), node.subarray(0, 32), index]))
    },
    hash('ed25519 seed', seed),
  )
  return last.subarray(0, 32)
}

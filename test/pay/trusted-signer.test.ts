import { describe, expect, test } from 'vitest'
import { ConfigurationError, type EvmSigner, type KeyStore } from '../../src/index.js'
import { exactEvm } from '../../src/evm/exact.js'
import { noble } from '../../src/evm/signature.js'
import { privateKey } from '../../src/keys/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const key = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

/** A store of one signer around our own, which signs all but its first as if another amount had been asked. */
async function wrongAfterTheFirst(): Promise<KeyStore> {
  const own = privateKey(key)
  const inner = (await own.getSigner('eip155:84532')) as EvmSigner
  let asked = 0
  const signTypedData: EvmSigner['signTypedData'] = async (data) => {
    asked += 1
    return inner.signTypedData(asked === 1 ? data : { ...data, message: { ...data.message, value: 1n } })
  }
  const signer = { ...inner, signTypedData }
  return { ...own, getSigner: async () => signer }
}

describe('which signatures are compared with their payments', () => {
  test.each(['foreign', 'always'] as const)(
    'every one of a signer around our own, which could answer anything (%s)',
    async (checkSignatures) => {
      const { open, ledger } = openShop()
      const wallet = open({ keyStore: await wrongAfterTheFirst(), checkSignatures })
      await wallet.fetch(`${url}1`)
      expect(await rejection(wallet.fetch(`${url}2`))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
      expect((await ledger.list()).map(({ status }) => status)).toEqual(['unknown', 'claimed'])
    },
  )

  test('our own signers pay on after the first, and each payment is its own', async () => {
    const { open, ledger, taken } = openShop()
    const wallet = open({ keyStore: privateKey(key) })
    for (const path of ['a', 'b', 'c']) await wallet.fetch(url + path)
    expect(taken()).toBe(30_000n)
    expect(new Set((await ledger.list()).map(({ terms }) => terms.nonce)).size).toBe(3)
  })

  test.each([
    ['foreign', 1],
    ['always', 3],
  ] as const)('our own signers are looked at as often as the owner wants: %s', async (checkSignatures, looks) => {
    const scheme = exactEvm()
    let looked = 0
    const check: typeof scheme.check = (payment, signature) => {
      looked += 1
      return scheme.check(payment, signature)
    }
    const wallet = openShop().open({ keyStore: privateKey(key), checkSignatures, schemes: [{ ...scheme, check }] })
    for (const path of ['a', 'b', 'c']) await wallet.fetch(url + path)
    expect(looked).toBe(looks)
  })

  test('every one that code of another make has signed with our key', async () => {
    let asked = 0
    const secp256k1: typeof noble = {
      sign: (digest, own) => {
        asked += 1
        return noble.sign(asked === 1 ? digest : digest.map((byte) => byte ^ 1), own)
      },
    }
    const { open, taken } = openShop()
    const wallet = open({ keyStore: privateKey(key, { secp256k1 }) })
    await wallet.fetch(`${url}1`)
    expect(await rejection(wallet.fetch(`${url}2`))).toMatchObject({ code: 'signing_failed' })
    expect(taken()).toBe(10_000n)
  })

  test('an unknown choice is refused', () => {
    const { open } = openShop()
    expect(() => open({ checkSignatures: 'never' as never })).toThrow(ConfigurationError)
  })
})

import { describe, expect, test } from 'vitest'
import type { Chain } from '../../src/ports/chain.js'
import type { KeyStore, SessionId } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const keyed = { payment: { key: 'k' } }

/** A promise, and what fulfils it. */
function defer(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil
  })
  return { promise, resolve: () => resolve() }
}

describe('a signer that fails late', () => {
  test('releases nothing of a payment that was signed anew since', async () => {
    const { open, scene, keyStore, ledger, fetch } = openShop()
    const [failing, asked, answer, sent] = [defer(), defer(), defer(), defer()]
    const slow: KeyStore = {
      ...keyStore,
      getSigner: async (network) => {
        const signer = await keyStore.getSigner(network)
        if (signer?.namespace !== 'eip155') return signer
        const signTypedData = async (): Promise<never> => {
          asked.resolve()
          await failing.promise
          throw new Error('the worker has ended')
        }
        return { ...signer, throwsUnsigned: true, signTypedData }
      },
    }
    const first = rejection(open({ keyStore: slow }).fetch(url, keyed))
    await asked.promise
    scene.now += 600_000
    const chain: Chain = { network: 'eip155:84532', examine: async () => ({ type: 'expired' }) }
    const held: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (response.status === 402) return response
      sent.resolve()
      await answer.promise
      return response
    }
    const other = open({ chains: [chain], fetch: held })
    expect((await other.reconcile()).expired).toHaveLength(1)
    const second = other.fetch(url, keyed)
    await sent.promise
    failing.resolve()
    expect(await first).toMatchObject({ code: 'signing_failed' })
    expect(await ledger.list()).toMatchObject([{ status: 'authorized' }])
    answer.resolve()
    expect((await second).status).toBe(200)
    expect(await ledger.list()).toMatchObject([{ status: 'claimed' }])
  })
})

describe('what a signer throws', () => {
  test.each<[string, unknown, string]>([
    ['an error with a name', Object.assign(new Error('sk_live_1'), { name: 'KmsTimeout' }), 'KmsTimeout'],
    ['an error whose name is a sentence', Object.assign(new Error(), { name: 'key sk_live_1' }), 'the signer threw'],
    ['an object with a name', { name: 'Sklive' }, 'the signer threw'],
    ['a text', 'sk_live_1', 'the signer threw'],
    ['nothing', undefined, 'the signer threw'],
  ])('is told by its name alone, and only where it has one: %s', async (_what, thrown, note) => {
    const { open, keyStore, ledger } = openShop()
    const failing: KeyStore = {
      ...keyStore,
      getSigner: async (network) => {
        const signer = await keyStore.getSigner(network)
        return signer?.namespace === 'eip155' ? { ...signer, signTypedData: () => Promise.reject(thrown) } : signer
      },
    }
    const error = await rejection(open({ keyStore: failing }).fetch(url))
    expect(error).toMatchObject({ code: 'signing_failed' })
    expect(String(error)).not.toContain('sk_live')
    expect(await ledger.list()).toMatchObject([{ note }])
  })
})

describe('what is recorded and not signed any more', () => {
  test.each([
    ['the wallet was frozen', 'wallet_frozen', { frozen: async () => ({ reason: 'stop', at: 0 }) }],
    ['the session was revoked', 'session_revoked', { revoked: async ([first]: readonly SessionId[]) => first }],
  ])('says that %s', async (note, code, halting) => {
    const { open, ledger, keyStore } = openShop()
    const session = open({ ledger: { ...ledger, ...halting } }).session({ maxPayments: 1 })
    expect(await rejection(session.fetch(url))).toMatchObject({ code, moved: 'no' })
    expect(await ledger.list()).toMatchObject([{ status: 'released', note }])
    expect(keyStore.signed).toEqual([])
  })
})

describe('a signer that throws, and says which of what it throws proves that nothing was signed', () => {
  test.each<[string, () => boolean, string]>([
    ['this does', () => true, 'released'],
    ['this does not', () => false, 'unknown'],
    [
      'nothing, since it throws too',
      () => {
        throw new Error('broken')
      },
      'unknown',
    ],
  ])('%s', async (_what, throwsUnsigned, status) => {
    const { open, ledger, keyStore } = openShop()
    const signTypedData = async (): Promise<never> => {
      throw new Error('no answer')
    }
    const getSigner: KeyStore['getSigner'] = async (network) =>
      Object.assign({}, await keyStore.getSigner(network), { throwsUnsigned, signTypedData })
    const error = await rejection(open({ keyStore: { ...keyStore, getSigner } }).fetch(url))
    expect(error).toMatchObject({ code: 'signing_failed', moved: status === 'released' ? 'no' : 'maybe' })
    expect(await ledger.list()).toMatchObject([{ status }])
  })
})

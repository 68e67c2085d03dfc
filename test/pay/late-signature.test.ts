import { describe, expect, test } from 'vitest'
import type { KeyStore } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const keyed = { payment: { key: 'k' } }
const second = 1000

type Sign = (inner: () => Promise<string>, count: number) => Promise<string>

/** A key store whose signer does as told; `throwsUnsigned` says whether it is inside this process. */
function acting(inner: KeyStore, throwsUnsigned: boolean, act: Sign): KeyStore {
  let count = 0
  return {
    ...inner,
    getSigner: async (network) => {
      const signer = await inner.getSigner(network)
      if (signer?.namespace !== 'eip155') return signer
      const { signTypedData } = signer as unknown as { signTypedData: (data: unknown) => Promise<string> }
      const own = async (data: unknown): Promise<string> => {
        count += 1
        return act(() => signTypedData(data), count)
      }
      return { ...signer, throwsUnsigned, signTypedData: own }
    },
  }
}

/** What a wallet in another program says when its owner rejects a request. */
const rejected = Object.assign(new Error('User rejected the request'), { code: 4001 })

describe('a signature of another program that came too late', () => {
  test('counts on where the one in its place is rejected at the wallet', async () => {
    const { open, scene, keyStore, ledger } = openShop()
    const remote = acting(keyStore, false, async (inner, count) => {
      if (count > 1) throw rejected
      const signature = await inner()
      scene.now += 58 * second
      return signature
    })
    expect(await rejection(open({ keyStore: remote }).fetch(url, keyed))).toMatchObject({ moved: 'maybe' })
    expect(await ledger.list()).toMatchObject([{ status: 'unknown' }])
  })

  test('counts on where the wallet is frozen before there is one in its place', async () => {
    const { open, scene, keyStore, ledger } = openShop()
    const remote = acting(keyStore, false, async (inner) => {
      const signature = await inner()
      scene.now += 58 * second
      return signature
    })
    let frozen = 0
    const freezing: typeof ledger = {
      ...ledger,
      frozen: async () => ((frozen += 1) > 1 ? { reason: 'stop', at: scene.now } : undefined),
    }
    await rejection(open({ keyStore: remote, ledger: freezing }).fetch(url, keyed))
    expect(frozen).toBe(2)
    const [payment] = await ledger.list()
    expect(payment?.status).not.toBe('released')
  })
})

describe('a purchase that another call has sent while its signature was waited for', () => {
  test('counts on where the signature came too late, and no other could be made', async () => {
    const { open, scene, keyStore, ledger, fetch } = openShop()
    const sent: string[] = []
    const failing: typeof globalThis.fetch = async (input, init) => {
      const signature = new Request(input, init).headers.get('payment-signature')
      if (signature === null) return fetch(input, init)
      sent.push(signature)
      return new Response('try later', { status: 500 })
    }
    let others: Promise<unknown> = Promise.resolve()
    const wallet = open({
      fetch: failing,
      keyStore: acting(keyStore, true, async (inner, count) => {
        if (count === 3) throw new Error('the worker has ended')
        const signature = await inner()
        if (count > 1) return signature
        others = wallet.fetch(url, keyed)
        await others
        scene.now += 58 * second
        return signature
      }),
    })
    await rejection(wallet.fetch(url, keyed))
    expect(sent).toHaveLength(1)
    const [payment] = await ledger.list()
    expect(payment?.status).not.toBe('released')
  })
})

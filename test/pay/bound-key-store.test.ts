import { describe, expect, test } from 'vitest'
import type { AgentWallet, KeyStore } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { hurry, never } from '../support/time.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'

describe('a key store that does not answer', () => {
  test.each<[string, Partial<KeyStore>]>([
    ['for a signer', { getSigner: never }],
    ['for a secret', { deriveSecret: never }],
  ])('%s ends the call, and nothing is recorded or signed', async (_what, stuck) => {
    const { open, keyStore, ledger } = openShop()
    const wallet = open({ keyStore: { ...keyStore, ...stuck } })
    const error = await hurry(() => rejection(wallet.fetch(url)))
    expect(error).toMatchObject({ code: 'configuration_invalid', moved: 'no', cause: { name: 'TimeoutError' } })
    expect(await ledger.list()).toEqual([])
    expect(keyStore.signed).toHaveLength(0)
  })

  test.each<[string, (wallet: AgentWallet) => Promise<unknown>]>([
    ['addresses', (wallet) => wallet.addresses()],
    ['a quote', (wallet) => wallet.quote(url)],
  ])('ends the question for %s', async (_what, ask) => {
    const { open, keyStore } = openShop()
    const wallet = open({ keyStore: { ...keyStore, getSigner: never } })
    expect(await hurry(() => rejection(ask(wallet)))).toMatchObject({ code: 'configuration_invalid' })
  })

  test('once, answers the next time', async () => {
    const { open, keyStore } = openShop()
    let asked = 0
    const deriveSecret: KeyStore['deriveSecret'] = async (purpose) => {
      asked += 1
      return asked === 1 ? never() : (keyStore.deriveSecret?.(purpose) ?? never())
    }
    const wallet = open({ keyStore: { ...keyStore, deriveSecret } })
    await hurry(() => rejection(wallet.fetch(url)))
    expect((await wallet.fetch(url)).status).toBe(200)
  })

  test('may be an object whose methods need it', async () => {
    const { open, keyStore } = openShop()
    const store = {
      inner: keyStore,
      getSigner(network: `${string}:${string}`) {
        return this.inner.getSigner(network)
      },
      deriveSecret(purpose: string) {
        return this.inner.deriveSecret?.(purpose) ?? never()
      },
    }
    expect((await open({ keyStore: store }).fetch(url)).status).toBe(200)
  })
})

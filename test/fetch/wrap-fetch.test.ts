import { describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet, wrapFetch } from '../../src/index.js'
import { opaqueRedirect } from '../support/opaque-redirect.ts'
import { rejection } from '../support/wallets.ts'
import { setUp, url, price } from '../support/one-key.ts'

describe('a paid response', () => {
  test('is the one that the fetch answered, with its body as it came', async () => {
    const { open, fetch } = setUp({ respond: () => new Response(new Uint8Array([1, 2, 3])) })
    const answers: Response[] = []
    const wallet = open({
      fetch: async (input, init) => {
        const answer = await fetch(input, init)
        answers.push(answer)
        return answer
      },
    })
    const response = await wallet.fetch(url)
    expect(response).toBe(answers.at(-1))
    expect(response.bodyUsed).toBe(false)
    const copy = response.clone()
    const reader = response.body?.getReader({ mode: 'byob' })
    expect((await reader?.read(new Uint8Array(8)))?.value).toEqual(Uint8Array.of(1, 2, 3))
    expect((await reader?.read(new Uint8Array(8)))?.done).toBe(true)
    expect(new Uint8Array(await copy.arrayBuffer())).toEqual(Uint8Array.of(1, 2, 3))
  })
})

describe('an answer to a payment', () => {
  test.each(['follow', 'manual'] as const)(
    'that is a redirect as browsers and workers show it delivers nothing, where redirects are to %s',
    async (redirect) => {
      const { open, keyStore } = setUp()
      const { fetch } = setUp()
      const wallet = open({
        fetch: async (input, init) =>
          new Headers(init?.headers).has('payment-signature') ? opaqueRedirect() : fetch(input, init),
      })
      const answered = await wallet.fetch(url, { redirect }).catch((error: unknown) => error)
      if (redirect === 'follow') expect(answered).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
      expect(keyStore.signed).toHaveLength(1)
      expect(await wallet.payments.list()).toMatchObject([{ status: 'unknown' }])
    },
  )
})

describe('a global fetch that pays, patched once more', () => {
  test('pays nothing for a quote, nor beyond what a session or a call may spend', async () => {
    const { open, keyStore, fetch } = setUp()
    const original = globalThis.fetch
    try {
      globalThis.fetch = fetch
      const wallet = createAgentWallet({
        keyStore,
        policy: [allowHosts(['shop.example.com'])],
        clock: () => Date.UTC(2026, 5, 17, 12),
      })
      const paying = wrapFetch(globalThis.fetch, open())
      const patched: typeof globalThis.fetch = async (input, init) => {
        await Promise.resolve()
        return paying(new Request(input, init))
      }
      globalThis.fetch = patched
      expect(await wallet.quote(url)).toMatchObject({ payable: { microUsd: price } })
      await rejection(wallet.session({ limits: { perPaymentUsd: 0.001 } }).fetch(url))
      await rejection(wallet.fetch(url, { payment: { maxUsd: 0.001 } }))
      expect(keyStore.signed).toEqual([])
      expect((await wallet.fetch(url)).status).toBe(200)
      expect(keyStore.signed).toHaveLength(1)
      globalThis.fetch = async (input, init) => wallet.fetch(new Request(input, init))
      expect((await globalThis.fetch(url)).status).toBe(200)
      expect(keyStore.signed).toHaveLength(2)
    } finally {
      globalThis.fetch = original
    }
  })
})

import { describe, expect, test } from 'vitest'
import { openLightning, url } from '../support/lightning-shop.ts'

describe('what an identical call is buying', () => {
  test('is not paid by a call that waited for an identical one, where the network fails it, and fails as unpaid', async () => {
    const shared = openLightning()
    const broken = new TypeError('fetch failed')
    const proofs: string[] = []
    const fetch = async (...request: Parameters<typeof globalThis.fetch>): Promise<Response> => {
      const asked = new Request(...request)
      const isProof = asked.headers.has('authorization') && proofs.push(asked.url) > 1
      if (isProof) throw broken
      return shared.server(asked)
    }
    const { wallet } = openLightning({ shared, wallet: { fetch } })
    const [first, second] = await Promise.allSettled([wallet.fetch(url), wallet.fetch(url)])
    expect([first?.status, second]).toMatchObject(['fulfilled', { status: 'rejected', reason: broken }])
    expect(shared.lightning.asked).toHaveLength(1)
  })

  test('lets go of the body of another 402 that came while it waited for an identical call', async () => {
    const shared = openLightning()
    const dropped: string[] = []
    const proofs: string[] = []
    const fetch = async (...request: Parameters<typeof globalThis.fetch>): Promise<Response> => {
      const asked = new Request(...request)
      const isSecond = asked.headers.has('authorization') && proofs.push(asked.url) === 2
      const cancel = (): void => void dropped.push(asked.url)
      return isSecond ? new Response(new ReadableStream({ cancel }), { status: 402 }) : shared.server(asked)
    }
    const { wallet } = openLightning({ shared, wallet: { fetch } })
    await Promise.allSettled([wallet.fetch(url), wallet.fetch(url)])
    expect(dropped).toEqual([url])
  })
})

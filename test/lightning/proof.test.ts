import { afterEach, describe, expect, test, vi } from 'vitest'
import { allowHosts, memoryLedger } from '../../src/index.js'
import { spentBy } from '../support/agent.ts'
import { openLightning, url } from '../support/lightning-shop.ts'
import { opaqueRedirect } from '../support/opaque-redirect.ts'
import { rejection } from '../support/wallets.ts'

afterEach(() => vi.useRealTimers())

const held = 110_000n
/** When what nobody had an answer to can be sent again no more. */
const quarter = 15 * 60_000

/** A 402 of x402 alone, in what this wallet does not have. */
const accepts = [
  {
    ...{ scheme: 'exact', network: 'eip155:84532', amount: '1', maxTimeoutSeconds: 60, extra: {} },
    ...{ asset: `0x${'22'.repeat(20)}`, payTo: `0x${'33'.repeat(20)}` },
  },
]
const required = { x402Version: 2, resource: { url }, accepts }
const headers = { 'PAYMENT-REQUIRED': Buffer.from(JSON.stringify(required)).toString('base64') }

/** Puts what answers the next proof in place of the server. */
function openBetween(): ReturnType<typeof openLightning> & {
  readonly answers: (Response | { readonly status: number })[]
} {
  const shared = openLightning()
  const answers: (Response | { readonly status: number })[] = []
  const fetch = async (...request: Parameters<typeof globalThis.fetch>): Promise<Response> => {
    const asked = new Request(...request)
    const answer = asked.headers.has('authorization') ? answers.shift() : undefined
    if (!answer && asked.url.endsWith('/by-x402')) return new Response(null, { status: 402, headers })
    if (answer instanceof Response) return answer
    return answer ? new Response('between', answer) : shared.server(asked)
  }
  return { ...openLightning({ shared, wallet: { fetch } }), answers }
}

describe('what was paid by L402', () => {
  test('is shown again before anything is paid again, as a payment of nothing that is on record', async () => {
    const { wallet, lightning, server } = openLightning()
    await wallet.fetch(url)
    const again = await wallet.fetch(`${url}?page=2`)
    expect([again.status, lightning.asked.length, server.sold()]).toEqual([200, 1, 2])
    expect(new Set(server.proofs).size).toBe(1)
    expect(await wallet.payments.list()).toMatchObject([
      { scheme: 'sign-in', amount: 0n, microUsd: 0n, note: 'it opened what was paid before' },
      { scheme: 'bolt11' },
    ])
    expect(await spentBy(wallet)).toBe(held)
  })

  test('is paid anew, once, where the server takes it no more', async () => {
    const { wallet, lightning, server } = openLightning()
    await wallet.fetch(url)
    server.fault = 'unauthorized'
    // A fault of the server alone would refuse what is paid then too.
    const refused = await wallet.fetch(url)
    expect([refused.status, lightning.asked.length]).toEqual([401, 2])
    expect(await spentBy(wallet)).toBe(2n * held)
  })

  test.each([429, 502, 503, 504])(
    'is shown again, and not paid again, after an answer that says nothing of it (%s)',
    async (status) => {
      const { wallet, lightning, answers } = openBetween()
      await wallet.fetch(url)
      answers.unshift({ status })
      expect((await wallet.fetch(url)).status).toBe(status)
      expect((await wallet.fetch(url)).status).toBe(200)
      expect(lightning.asked).toHaveLength(1)
    },
  )

  test.each(['/free', '/report?page=2'])(
    'opens another request (%s), and the one that it was made for is still bound by it',
    async (other) => {
      const { wallet, lightning, server, answers, time } = openBetween()
      server.fault = 'endless-402'
      for (let index = 0; index < 3; index += 1) await rejection(wallet.fetch(url))
      time.now += quarter
      answers.unshift({ status: 200 })
      expect((await wallet.fetch(new URL(other, url))).status).toBe(200)
      expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
      expect(lightning.asked).toHaveLength(1)
    },
  )

  test('is shown once after a restart, as the wallet behind still knows it', async () => {
    const ledger = memoryLedger()
    const first = openLightning({ wallet: { ledger } })
    await first.wallet.fetch(url)
    const restarted = openLightning({ wallet: { ledger }, shared: first })
    expect((await restarted.wallet.fetch(url)).status).toBe(200)
    expect([first.lightning.asked.length, first.lightning.lookups.length]).toEqual([1, 1])
  })

  test('is paid anew after a restart where nobody knows the preimage any more', async () => {
    const ledger = memoryLedger()
    const first = openLightning({ wallet: { ledger } })
    Reflect.set(first.lightning, 'lookupInvoice', undefined)
    await first.wallet.fetch(url)
    const restarted = openLightning({ wallet: { ledger }, shared: first })
    expect((await restarted.wallet.fetch(url)).status).toBe(200)
    expect(first.lightning.asked).toHaveLength(2)
  })

  describe.each([
    [
      'throws',
      async () => {
        throw new Error('relay closed')
      },
    ],
    ['throws what is no error', () => Promise.reject(undefined)],
    [
      'says that it has too much to do',
      async () => {
        throw Object.assign(new Error('later'), { code: 'RATE_LIMITED' })
      },
    ],
    ['is late', () => new Promise(() => {})],
    ['answers nothing', async () => undefined],
  ])('after a restart, by a Lightning wallet that %s when it is asked', (_, lookupInvoice) => {
    const restart = async () => {
      vi.useFakeTimers()
      const ledger = memoryLedger()
      const first = openLightning({ wallet: { ledger } })
      await first.wallet.fetch(url)
      const { lookupInvoice: answers } = first.lightning
      Reflect.set(first.lightning, 'lookupInvoice', lookupInvoice)
      const { wallet } = openLightning({ wallet: { ledger }, shared: first })
      const restarted: typeof wallet.fetch = async (...request) => {
        const answer = wallet.fetch(...request)
        answer.catch(() => {})
        await vi.advanceTimersByTimeAsync(25_000)
        return answer
      }
      const recover = (): boolean => Reflect.set(first.lightning, 'lookupInvoice', answers)
      return { ...first, wallet, restarted, recover }
    }

    test('is not paid again, and is shown once that answers', async () => {
      const { wallet, restarted, recover, lightning, server } = await restart()
      const error = await rejection(restarted(`${url}?page=2`))
      expect(error).toMatchObject({ code: 'chain_unavailable', moved: 'no', retryable: true })
      expect(String(error)).toMatch(/Lightning wallet did not answer[^]*nothing was paid now[^]*payment\.key/)
      expect([lightning.asked.length, server.proofs.length, await spentBy(wallet)]).toEqual([1, 1, held])
      recover()
      expect((await restarted(url)).status).toBe(200)
      expect([lightning.asked.length, server.proofs.length]).toEqual([1, 2])
    })

    test.each([
      ['repeatable', url, { payment: { repeatable: true } }],
      ['another path', `${url}/other`, {}],
      ['another method', url, { method: 'POST' }],
    ])('is paid for %s', async (_case, asked, init) => {
      const { restarted, lightning } = await restart()
      expect((await restarted(asked, init)).status).toBe(200)
      expect(lightning.asked).toHaveLength(2)
    })
  })

  test('is paid anew for a name of its own, though the Lightning wallet does not answer', async () => {
    const ledger = { ...memoryLedger(), durable: true }
    const first = openLightning({ wallet: { ledger } })
    await first.wallet.fetch(url)
    Reflect.set(first.lightning, 'lookupInvoice', async () => {
      throw new Error('relay closed')
    })
    const restarted = openLightning({ wallet: { ledger }, shared: first })
    const payment = { key: 'order-8' }
    expect((await restarted.wallet.fetch(url, { payment })).status).toBe(200)
    expect(first.lightning.asked).toHaveLength(2)
  })

  test.each(['NOT_FOUND', 'NOT_IMPLEMENTED'])(
    'is paid anew after a restart where the wallet behind answers %s',
    async (code) => {
      const ledger = memoryLedger()
      const first = openLightning({ wallet: { ledger } })
      await first.wallet.fetch(url)
      Reflect.set(first.lightning, 'lookupInvoice', async () => {
        throw Object.assign(new Error('no'), { code })
      })
      const restarted = openLightning({ wallet: { ledger }, shared: first })
      expect((await restarted.wallet.fetch(url)).status).toBe(200)
      expect(first.lightning.asked).toHaveLength(2)
    },
  )

  test.each([
    ['as Node shows it', (): Response => new Response(null, { status: 302, headers: { Location: '/login' } })],
    ['as browsers and workers show it', opaqueRedirect],
  ])('is not opened by a redirect, %s', async (_, redirect) => {
    const { wallet, lightning, server, answers, time } = openBetween()
    server.fault = 'endless-402'
    await rejection(wallet.fetch(url))
    time.now += quarter
    answers.unshift(redirect())
    await wallet.fetch(url)
    const paid = (await wallet.payments.list()).filter(({ scheme }) => scheme === 'bolt11')
    expect([paid.map(({ status }) => status), lightning.asked.length]).toEqual([['unknown'], 1])
  })

  test('opens other paths of its origin where its server lets it', async () => {
    const { wallet, lightning } = openLightning({ server: { opens: 'origin' } })
    await wallet.fetch(url)
    expect((await wallet.fetch(`${url}/other`)).status).toBe(200)
    expect(lightning.asked).toHaveLength(1)
  })

  test('is not shown again where the server has refused it', async () => {
    const { wallet, lightning, server } = openLightning()
    await wallet.fetch(url)
    for (const path of ['/a', '/b']) expect((await wallet.fetch(`${url}${path}`)).status).toBe(200)
    expect([lightning.asked.length, server.proofs.length]).toEqual([3, 5])
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(lightning.asked).toHaveLength(3)
  })

  test('is not shown to another origin, also of the same host', async () => {
    const policy = [allowHosts(['http://127.0.0.1:*', 'https://127.0.0.1:*'])]
    const { wallet, lightning, server } = openLightning({ server: { opens: 'origin' }, wallet: { policy } })
    for (const origin of ['https://127.0.0.1:8402', 'http://127.0.0.1:8402', 'http://127.0.0.1:8403'])
      expect((await wallet.fetch(`${origin}/report`)).status).toBe(200)
    const tokens = server.proofs.map((one) => one.split(' ')[1])
    expect([new Set(tokens).size, tokens.length, lightning.asked.length]).toEqual([3, 3, 3])
  })

  test('is not shown to what does not ask for it, also of the same origin', async () => {
    const { wallet, server, answers } = openBetween()
    await wallet.fetch(url)
    answers.unshift({ status: 200 })
    const asksOtherwise = new URL('/by-x402', url)
    expect(await rejection(wallet.fetch(asksOtherwise))).toMatchObject({ code: 'no_payable_offer' })
    expect([answers.length, server.proofs.length]).toEqual([1, 1])
  })

  test('is not shown by a session that has not paid for it, and by one that has', async () => {
    const { wallet, lightning, server } = openLightning()
    await wallet.fetch(url)
    const session = wallet.session({})
    await session.fetch(url)
    expect([lightning.asked.length, new Set(server.proofs).size]).toEqual([2, 2])
    await session.fetch(url)
    await session.session({}).fetch(url)
    expect([lightning.asked.length, new Set(server.proofs).size]).toEqual([3, 3])
  })

  test('is shown by no wallet that is frozen, no session that is revoked, and to no host that is not allowed any more', async () => {
    const { wallet, server } = openLightning()
    const session = wallet.session({})
    await session.fetch(url)
    await wallet.fetch(url)
    const shown = server.proofs.length
    await wallet.revokeSession(session)
    expect(await rejection(session.fetch(url))).toMatchObject({ code: 'session_revoked' })
    await wallet.setPolicy([allowHosts(['api.example.com'])])
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_denied' })
    await wallet.setPolicy([allowHosts(['http://127.0.0.1:*'])])
    await wallet.freeze('a test')
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'wallet_frozen' })
    expect(server.proofs).toHaveLength(shown)
  })
})

import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  type AgentWalletOptions,
  type Approval,
  allowHosts,
  exactEvm,
  type KeyStore,
  memoryLedger,
  spendingLimit,
} from '../../src/index.js'
import type { Chain } from '../../src/ports/chain.js'
import { openShop } from '../support/shop.ts'
import { type Deferred, defer, never, settleDown } from '../support/time.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const reason = new Error('the caller has had enough')
const cheap = [
  allowHosts(['shop.example.com']),
  spendingLimit({ perPaymentUsd: 1, dailyLimitUsd: '0.001', onExceed: 'approve' }),
]

async function abortAfter(ticks: number, stop: AbortController): Promise<void> {
  for (let left = ticks; left > 0; left -= 1) await Promise.resolve()
  stop.abort(reason)
}

type Shop = ReturnType<typeof openShop>
type Stuck = (shop: Shop, stick: () => Promise<never>) => Partial<AgentWalletOptions>

/** Everything that is waited for before the key is asked, each not answering. */
const waits: Readonly<Record<string, Stuck>> = {
  'the server, through a fetch that does not heed the signal': (_, stick) => ({ fetch: stick }),
  'the body of the 402': ({ fetch }, stick) => ({
    fetch: async (input, init) => {
      const { status } = await fetch(input, init)
      const pull = () => stick()
      return new Response(new ReadableStream({ pull }), { status })
    },
  }),
  'the signer of a key store': ({ keyStore }, stick) => ({ keyStore: { ...keyStore, getSigner: stick } }),
  'the secret of a key store': ({ keyStore }, stick) => ({ keyStore: { ...keyStore, deriveSecret: stick } }),
  'the secret of a ledger': ({ keyStore, ledger }, stick) => ({
    keyStore: { ...keyStore, deriveSecret: undefined },
    ledger: { ...ledger, secret: stick },
  }),
  'a policy': (_, stick) => ({ policy: { evaluate: stick } }),
  'a scheme that asks its chain': (_, stick) => ({ schemes: [{ ...exactEvm(), terms: stick }] }),
  'the ledger’s record': ({ ledger }, stick) => ({ ledger: { ...ledger, reserve: stick } }),
  'the ledger’s word on a freeze': ({ ledger }, stick) => ({ ledger: { ...ledger, frozen: stick } }),
  'the ledger’s requests for approval': ({ ledger }, stick) => ({
    ledger: { ...ledger, requestApproval: stick },
    policy: cheap,
  }),
  'a person’s approval': (_, stick) => ({ onApproval: stick, policy: cheap }),
}

afterEach(() => {
  vi.useRealTimers()
})

describe('an abort', () => {
  test.each(Object.entries(waits))('ends the wait for %s, and nothing is signed', async (_what, options) => {
    const shop = openShop()
    const asked = defer()
    const wallet = shop.open(
      options(shop, () => {
        asked.resolve()
        return never()
      }),
    )
    const stop = new AbortController()
    const failed = rejection(wallet.fetch(url, { signal: stop.signal }))
    await asked.promise
    stop.abort(reason)
    expect(await failed).toBe(reason)
    await settleDown()
    expect([shop.keyStore.signed.length, shop.taken()]).toEqual([0, 0n])
    expect((await shop.ledger.list()).filter(({ status }) => status !== 'released')).toEqual([])
  })

  test('ends the wait for a chain that is asked for the time', async () => {
    const asked = defer()
    const time = (): Promise<never> => {
      asked.resolve()
      return never()
    }
    const chain: Chain = { network: 'eip155:84532', examine: never, time }
    const { open, scene, keyStore } = openShop()
    const wallet = open({ chains: [chain], monotonic: () => 0 })
    scene.now += 3_600_000
    const stop = new AbortController()
    const failed = rejection(wallet.fetch(url, { signal: stop.signal }))
    await asked.promise
    stop.abort(reason)
    expect(await failed).toBe(reason)
    expect(keyStore.signed).toHaveLength(0)
  })

  test('ends the wait for the request’s own body, which is then let go of', async () => {
    const { open, keyStore, fetch } = openShop()
    const cancelled = defer()
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('so much')),
      pull: never,
      cancel: () => cancelled.resolve(),
    })
    // A server that asks for payment before it has read what it was sent.
    const early: typeof fetch = async (input, init) => {
      const response = await fetch(String(input))
      if (init?.body instanceof ReadableStream) await init.body.cancel()
      return response
    }
    const settings = { method: 'POST', body, duplex: 'half', signal: AbortSignal.timeout(100) }
    expect(await rejection(open({ fetch: early }).fetch(url, settings))).toMatchObject({ name: 'TimeoutError' })
    await cancelled.promise
    expect(keyStore.signed).toHaveLength(0)
  })

  test('while the ledger records releases what it has recorded', async () => {
    const inner = memoryLedger()
    const [asked, gate] = [defer(), defer()]
    const { open, keyStore, taken } = openShop({
      ledger: {
        ...inner,
        reserve: async (...given) => {
          const reservation = await inner.reserve(...given)
          asked.resolve()
          await gate.promise
          return reservation
        },
      },
    })
    const stop = new AbortController()
    const failed = rejection(open().fetch(url, { signal: stop.signal }))
    await asked.promise
    stop.abort(reason)
    expect(await failed).toBe(reason)
    expect(await inner.list()).toMatchObject([{ status: 'authorized' }])
    gate.resolve()
    await settleDown()
    expect(await inner.list()).toMatchObject([{ status: 'released' }])
    expect([keyStore.signed.length, taken()]).toEqual([0, 0n])
  })

  test('as the ledger says that nothing is frozen releases what is recorded, and asks no key', async () => {
    const inner = memoryLedger()
    const stop = new AbortController()
    const frozen: typeof inner.frozen = async () => {
      stop.abort(reason)
      return undefined
    }
    const { open, keyStore } = openShop({ ledger: { ...inner, frozen } })
    expect(await rejection(open().fetch(url, { signal: stop.signal }))).toBe(reason)
    expect(await inner.list()).toMatchObject([{ status: 'released' }])
    expect(keyStore.signed).toHaveLength(0)
  })

  test('is heeded until the very moment at which the key is asked', async () => {
    for (let ticks = 0; ticks < 40; ticks += 1) {
      const inner = memoryLedger()
      const stop = new AbortController()
      const frozen: typeof inner.frozen = async () => {
        void abortAfter(ticks, stop)
        return undefined
      }
      const { open, keyStore } = openShop({ ledger: { ...inner, frozen } })
      let wasAborted = false
      const getSigner: KeyStore['getSigner'] = async (network) => {
        const signer = await keyStore.getSigner(network)
        if (signer?.namespace !== 'eip155') return signer
        const signTypedData: typeof signer.signTypedData = async (data) => {
          wasAborted = stop.signal.aborted
          return signer.signTypedData(data)
        }
        return { ...signer, signTypedData }
      }
      const call = open({ keyStore: { ...keyStore, getSigner } }).fetch(url, { signal: stop.signal })
      await call.then(
        () => undefined,
        () => undefined,
      )
      expect([ticks, wasAborted]).toEqual([ticks, false])
    }
  })

  test('while a person is asked leaves a late yes without effect', async () => {
    const [asked, answer]: [Deferred<void>, Deferred<boolean>] = [defer(), defer()]
    const { open, keyStore, ledger } = openShop()
    const decided: Approval[] = []
    const wallet = open({
      policy: cheap,
      onApproval: () => {
        asked.resolve()
        return answer.promise
      },
    })
    wallet.on('approval.decided', ({ approval }) => decided.push(approval))
    const stop = new AbortController()
    const failed = rejection(wallet.fetch(url, { signal: stop.signal }))
    await asked.promise
    stop.abort(reason)
    expect(await failed).toBe(reason)
    answer.resolve(true)
    await settleDown()
    expect(decided).toEqual([])
    expect(await wallet.approvals.list()).toMatchObject([{ status: 'pending' }])
    expect(await ledger.list()).toEqual([])
    expect(keyStore.signed).toHaveLength(0)
  })
})

describe('an abort while the key signs', () => {
  const limited = [allowHosts(['shop.example.com']), spendingLimit({ dailyLimitUsd: '0.01' })]

  /** A shop, and a wallet over it whose signer signs when it is let. */
  function openSlow(throwsUnsigned: boolean) {
    const shop = openShop()
    const [asked, gate] = [defer(), defer()]
    const keyStore: KeyStore = {
      ...shop.keyStore,
      getSigner: async (network) => {
        const signer = await shop.keyStore.getSigner(network)
        if (signer?.namespace !== 'eip155') return signer
        const signTypedData: typeof signer.signTypedData = async (data) => {
          asked.resolve()
          await gate.promise
          return signer.signTypedData(data)
        }
        return { ...signer, throwsUnsigned, signTypedData }
      },
    }
    return { ...shop, wallet: shop.open({ keyStore, policy: limited }), asked: asked.promise, sign: gate.resolve }
  }

  test('in this process gives the budget back, and what is signed later goes nowhere', async () => {
    const { wallet, asked, sign, ledger, keyStore, taken, open } = openSlow(true)
    const stop = new AbortController()
    const failed = rejection(wallet.fetch(url, { signal: stop.signal }))
    await asked
    stop.abort(reason)
    expect(await failed).toMatchObject({ code: 'signing_failed', moved: 'no', cause: reason })
    expect(await ledger.list()).toMatchObject([{ status: 'released' }])
    sign()
    await settleDown()
    expect([keyStore.signed.length, taken()]).toEqual([1, 0n])
    expect((await open({ policy: limited }).fetch(url)).status).toBe(200)
    expect(taken()).toBe(10_000n)
  })

  test('in this process, as late as it gives the signature, is obeyed too', async () => {
    const { keyStore, ledger, taken, open } = openShop()
    const stop = new AbortController()
    const aborting: KeyStore = {
      ...keyStore,
      getSigner: async (network) => {
        const signer = await keyStore.getSigner(network)
        if (signer?.namespace !== 'eip155') return signer
        const signTypedData: typeof signer.signTypedData = async (data) => {
          const signature = await signer.signTypedData(data)
          stop.abort(reason)
          return signature
        }
        return { ...signer, signTypedData }
      },
    }
    const error = await rejection(open({ keyStore: aborting }).fetch(url, { signal: stop.signal }))
    expect(error).toMatchObject({ code: 'signing_failed', moved: 'no' })
    expect(await ledger.list()).toMatchObject([{ status: 'released' }])
    expect([keyStore.signed.length, taken()]).toEqual([1, 0n])
  })

  test('elsewhere counts as spent, since the signature can be in other hands', async () => {
    const { wallet, asked, sign, ledger, taken, open } = openSlow(false)
    const stop = new AbortController()
    const failed = rejection(wallet.fetch(url, { signal: stop.signal }))
    await asked
    stop.abort(reason)
    expect(await failed).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect(await ledger.list()).toMatchObject([{ status: 'unknown' }])
    sign()
    await settleDown()
    expect(taken()).toBe(0n)
    const other = open({ policy: limited })
    expect(await rejection(other.fetch(`${url}other`))).toMatchObject({ code: 'limit_exceeded' })
  })

  test('by a deadline of the caller’s own is an abort, and not a signer that is late', async () => {
    const { wallet, asked, ledger } = openSlow(true)
    const stop = new AbortController()
    const failed = rejection(wallet.fetch(url, { signal: stop.signal }))
    await asked
    stop.abort(new DOMException('no time', 'TimeoutError'))
    expect(await failed).toMatchObject({ code: 'signing_failed', moved: 'no' })
    expect(await ledger.list()).toMatchObject([{ status: 'released' }])
  })
})

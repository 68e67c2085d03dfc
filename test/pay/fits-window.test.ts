import { describe, expect, test } from 'vitest'
import { type AgentWallet, exactEvm, type KeyStore, type Payment } from '../../src/index.js'
import { paidResource, type PaidResourceOptions, testKeyStore } from '../../src/testing/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const second = 1000

/** A server whose clock is ahead of the wallet's, and what it has seen and taken. */
function openAhead(aheadSeconds: number, options: PaidResourceOptions = {}) {
  const shop = openShop()
  const resource = paidResource({ ...options, clock: () => shop.scene.now + aheadSeconds * second })
  const fetch: typeof globalThis.fetch = async (input, init) =>
    resource(new Request(input, init)).catch(() => Promise.reject(new TypeError('fetch failed')))
  return { ...shop, resource, fetch, open: (more: object = {}) => shop.open({ fetch, ...more }) }
}

/** A key store whose signer takes so many seconds of the shop's clock for each signature in turn. */
function slowed(shop: Pick<ReturnType<typeof openShop>, 'scene'>, seconds: readonly number[], isRemote = false) {
  const inner = testKeyStore()
  const left = [...seconds]
  const keyStore: KeyStore = {
    ...inner,
    getSigner: async (network) => {
      const signer = await inner.getSigner(network)
      if (signer?.namespace !== 'eip155') return signer
      const signTypedData: typeof signer.signTypedData = async (data) => {
        const signature = await signer.signTypedData(data)
        shop.scene.now += (left.shift() ?? 0) * second
        return signature
      }
      return { ...signer, throwsUnsigned: !isRemote, signTypedData }
    },
  }
  return { keyStore, signed: inner.signed as readonly { readonly message: Readonly<Record<string, unknown>> }[] }
}

async function onlyPayment(wallet: AgentWallet): Promise<Payment> {
  const [payment, ...others] = await wallet.payments.list()
  if (!payment || others.length > 0) throw new Error('expected one payment')
  return payment
}

describe('an authorization that would be dead when it arrives', () => {
  test.each([56, 60, 90, 119])('is not signed for a server that is %i s ahead and gives a minute', async (ahead) => {
    const { open, resource, keyStore } = openAhead(ahead)
    const wallet = open()
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'clock_skewed', moved: 'no' })
    expect(keyStore.signed).toHaveLength(0)
    expect(await wallet.payments.list()).toEqual([])
    expect(resource.requests).toHaveLength(1)
  })

  test.each([0, 7, 30, 53, 100, 119])('is never signed, whatever a server that is %i s ahead gives', async (ahead) => {
    for (let maxTimeoutSeconds = 7; maxTimeoutSeconds <= 127; maxTimeoutSeconds += 4) {
      const { open, resource, keyStore } = openAhead(ahead, { maxTimeoutSeconds })
      const answer = await open()
        .fetch(url)
        .catch((error: unknown) => error)
      const isPaid = resource.payments.length === 1
      expect([keyStore.signed.length, isPaid]).toEqual([isPaid ? 1 : 0, ahead + 6 <= maxTimeoutSeconds])
      if (!isPaid) expect(answer).toMatchObject({ code: 'clock_skewed', moved: 'no' })
    }
  })

  test('does not stand in the way of another offer that fits', async () => {
    const accepts: PaidResourceOptions['accepts'] = (offer) => [
      { ...offer, amount: '9000', maxTimeoutSeconds: 30 },
      { ...offer, amount: '10000', maxTimeoutSeconds: 120 },
    ]
    const { open, resource, keyStore } = openAhead(60, { accepts })
    expect((await open().fetch(url)).status).toBe(200)
    expect([resource.settled, keyStore.signed.length]).toEqual([10_000n, 1])
  })

  test('is not sent once more either, but signed anew under its nonce', async () => {
    const { open, resource, keyStore, scene } = openAhead(25, { fault: 'endless-402', faultTimes: 1 })
    const wallet = open()
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'payment_rejected' })
    scene.now += 32 * second
    expect((await wallet.fetch(url)).status).toBe(200)
    const [first, renewed] = keyStore.signed.map((one) => (one as { message: Record<string, unknown> }).message)
    expect(renewed?.['nonce']).toBe(first?.['nonce'])
    expect(resource.payments).toMatchObject([{}])
    expect(resource.settled).toBe(10_000n)
    expect((await onlyPayment(wallet)).status).toBe('claimed')
  })
})

describe('a signature that comes when its time is over', () => {
  test('is dropped, and made anew under the same nonce', async () => {
    const shop = openAhead(0)
    const { keyStore, signed } = slowed(shop, [58])
    const wallet = shop.open({ keyStore })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(signed).toHaveLength(2)
    expect(signed[1]?.message['nonce']).toBe(signed[0]?.message['nonce'])
    expect(shop.resource.requests).toHaveLength(2)
    expect(shop.resource.payments).toMatchObject([{ validBefore: Number(signed[1]?.message['validBefore']) }])
    expect(await onlyPayment(wallet)).toMatchObject({ status: 'claimed', amount: 10_000n })
  })

  test('is judged by the clock of the server that it is for', async () => {
    const shop = openAhead(30)
    const { keyStore, signed } = slowed(shop, [25])
    expect((await shop.open({ keyStore }).fetch(url)).status).toBe(200)
    expect([signed.length, shop.resource.requests.length, shop.resource.settled]).toEqual([2, 2, 10_000n])
  })

  test('twice is sent nowhere, and gives the budget back where no other program can have it', async () => {
    const shop = openAhead(0)
    const { keyStore, signed } = slowed(shop, [58, 58])
    const wallet = shop.open({ keyStore })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'no' })
    expect([signed.length, shop.resource.requests.length]).toEqual([2, 1])
    expect(await onlyPayment(wallet)).toMatchObject({ status: 'released' })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(shop.resource.settled).toBe(10_000n)
  })

  test('twice counts as spent where another program made it', async () => {
    const shop = openAhead(0)
    const { keyStore } = slowed(shop, [58, 58], true)
    const wallet = shop.open({ keyStore })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect(shop.resource.requests).toHaveLength(1)
    expect(await onlyPayment(wallet)).toMatchObject({ status: 'unknown' })
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(shop.resource.settled).toBe(10_000n)
  })

  test('is not made anew against a policy that has changed meanwhile', async () => {
    const shop = openAhead(0)
    const { keyStore, signed } = slowed(shop, [58])
    const wallet = shop.open({
      keyStore: {
        ...keyStore,
        getSigner: async (network: `${string}:${string}`) => {
          const signer = await keyStore.getSigner(network)
          if (signer?.namespace !== 'eip155') return signer
          const { signTypedData } = signer as unknown as { signTypedData: (data: unknown) => Promise<string> }
          const signThenForbid = async (data: unknown): Promise<string> => {
            const signature = await signTypedData(data)
            await wallet.setPolicy([])
            return signature
          }
          return { ...signer, signTypedData: signThenForbid }
        },
      },
    })
    const error = await rejection(wallet.fetch(url))
    expect(error).toMatchObject({ code: 'signing_failed', moved: 'no', cause: { code: 'payment_denied' } })
    expect([signed.length, shop.resource.requests.length]).toEqual([1, 1])
    expect(await onlyPayment(wallet)).toMatchObject({ status: 'released' })
  })
})

describe('a chain that executes each signature for itself', () => {
  const perMessage = { ...exactEvm(), atMostOnce: false }
  const schemes = [
    {
      ...perMessage,
      terms: async (...given: Parameters<typeof perMessage.terms>) => {
        const terms = await perMessage.terms(...given)
        return { ...terms, usefulUntil: Math.floor(given[1].now / second) + 56 }
      },
    },
  ]

  test('is sent nothing that it takes no more, and nothing is signed a second time', async () => {
    const shop = openAhead(0, { maxTimeoutSeconds: 120 })
    const { keyStore, signed } = slowed(shop, [52])
    const wallet = shop.open({ keyStore, schemes })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'no' })
    expect([signed.length, shop.resource.requests.length]).toEqual([1, 1])
    expect(await onlyPayment(wallet)).toMatchObject({ status: 'released' })
    expect((await wallet.fetch(url)).status).toBe(200)
  })

  test('knows by its own blocks how old a signature is, whatever the clock of the server says', async () => {
    const shop = openAhead(55, { maxTimeoutSeconds: 120 })
    expect((await shop.open({ schemes }).fetch(url)).status).toBe(200)
  })
})

describe('the time that a server gives', () => {
  test.each([
    [300, {}, 300],
    [600, {}, 300],
    [60, {}, 60],
    [300, { maxValiditySeconds: 90 }, 90],
    [900, { maxValiditySeconds: 900 }, 900],
  ])('of %i s with %o is signed for %i s', async (maxTimeoutSeconds, options, expected) => {
    const { open, resource, scene } = openAhead(0, { maxTimeoutSeconds })
    expect((await open({ schemes: [exactEvm(options)] }).fetch(url)).status).toBe(200)
    expect(resource.payments).toMatchObject([{ validBefore: scene.now / second + expected }])
  })
})

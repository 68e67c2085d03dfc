import ky from 'ky'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AgentWallet, getPayment, isStipendError } from 'stipend'
import { createAgent, spentBy } from '../support/agent.ts'
import { type KeyPair, startChain, type TestChain } from '../../examples/support/chain.ts'
import { type Facilitator, startFacilitator } from '../../examples/support/facilitator.ts'
import { type HostileServer, type Misdeed, misdeedNames, startHostileServer } from '../support/hostile.ts'

const price = 1000n
const funds = 1_000_000n

let chain: TestChain
let facilitator: Facilitator
let payer: KeyPair
let wallet: AgentWallet
let server: HostileServer | undefined

beforeAll(async () => {
  chain = await startChain()
  facilitator = await startFacilitator(chain)
})
beforeEach(async () => {
  payer = await chain.createPayer(funds)
  wallet = createAgent(payer)
})
afterEach(() => server?.close())
afterAll(async () => {
  await facilitator?.close()
  await chain?.stop()
})

describe('a wallet whose payment was taken', () => {
  test.each<{ readonly misdeed: Misdeed; readonly code: string }>([
    { misdeed: 'asks again', code: 'payment_rejected' },
    { misdeed: 'drops the socket', code: 'payment_outcome_unknown' },
    { misdeed: 'redirects to another path', code: 'payment_outcome_unknown' },
    { misdeed: 'redirects to another origin', code: 'payment_outcome_unknown' },
    { misdeed: 'redirects to another origin as GET', code: 'payment_outcome_unknown' },
  ])('throws $code and pays no more when the server $misdeed', async ({ misdeed, code }) => {
    const { url } = await meet(misdeed)

    const error = await wallet.fetch(`${url}/paid`).catch((thrown: unknown) => thrown)

    expect(isStipendError(error)).toBe(true)
    expect(error).toMatchObject({ code, moved: 'maybe', payment: { status: 'unknown', amount: price } })
    await expectPaidOnce()
  })

  test('throws payment_outcome_unknown when the caller gives up waiting for an answer that never comes', async () => {
    const { url, settled } = await meet('never answers')
    const impatience = new AbortController()
    void settled.then(() => impatience.abort())

    const error = await wallet.fetch(`${url}/paid`, { signal: impatience.signal }).catch((thrown: unknown) => thrown)

    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe', payment: { status: 'unknown' } })
    await expectPaidOnce()
  })

  test('hands over an error of the server, and says that the outcome is unknown', async () => {
    const { url } = await meet('answers 500')

    const response = await wallet.fetch(`${url}/paid`)

    expect(response.status).toBe(500)
    expect(await response.text()).toBe('out of order')
    expect(getPayment(response)).toMatchObject({ status: 'unknown', moved: 'maybe' })
    await expectPaidOnce()
  })

  test('keeps the payment of an answer that breaks off', async () => {
    const { url } = await meet('breaks off its answer')

    const response = await wallet.fetch(`${url}/paid`)

    await expect(response.text()).rejects.toThrow(TypeError)
    expect(getPayment(response)).toMatchObject({ amount: price, moved: 'maybe' })
    await expectPaidOnce()
  })

  test.each([
    { how: 'by its key', init: { payment: { key: 'report 42' } } },
    { how: 'by being the same request', init: undefined },
  ])('sends the same authorization again for the same purchase, known $how', async ({ init }) => {
    const { url, sightings } = await meet('drops the socket')

    for (let attempt = 0; attempt < 5; attempt += 1) {
      await expect(wallet.fetch(`${url}/paid`, init)).rejects.toMatchObject({ code: 'payment_outcome_unknown' })
    }

    expect(sightings.length).toBeGreaterThan(1)
    expect(sightings.length).toBeLessThanOrEqual(3)
    expect(new Set(sightings.map(({ payload }) => JSON.stringify(payload.payload))).size).toBe(1)
    await expectTransferredOnce()
    expect(await spentBy(wallet)).toBe(price)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('cannot pay again for the same purchase even when its ledger is lost', async () => {
    const { url, sightings, settlements } = await meet('drops the socket')
    const buy = () => createAgent(payer).fetch(`${url}/paid`, { payment: { key: 'report 42' } })

    await expect(buy()).rejects.toMatchObject({ code: 'payment_outcome_unknown' })
    await expect(buy()).rejects.toMatchObject({ code: 'payment_outcome_unknown' })

    // Both authorizations left, but they have one nonce: the token itself refuses the second.
    expect(sightings).toHaveLength(2)
    expect(settlements.map((settlement) => settlement.success)).toEqual([true, false])
    await expectTransferredOnce()
  })
})

const paths = Array.from({ length: 50 }, (_, round) => `paid/${round}`)

describe('a wallet that meets the same server fifty times at once', () => {
  test.each(misdeedNames)('pays no more than its cap when it %s', async (misdeed) => {
    const affordable = 30
    wallet = createAgent(payer, { dailyLimitUsd: (affordable * Number(price)) / 1e6 })
    await meet(misdeed)

    await Promise.all(paths.map((path) => insist(path, misdeed)))

    await expectEachPaidOnce(affordable)
  })

  test.each(misdeedNames)('pays once for each purchase when it %s', async (misdeed) => {
    await meet(misdeed)

    await Promise.all(paths.map((path) => insist(path, misdeed)))

    await expectEachPaidOnce(paths.length)
  })

  test.each<{ readonly client: string; readonly create: (url: string) => (path: string) => Promise<unknown> }>([
    {
      client: 'ky',
      create: (url) => {
        const retry = { limit: 3, methods: ['get'], statusCodes: [500], delay: () => 1 }
        const client = ky.create({ fetch: (input, init) => wallet.fetch(input, init), retry, prefix: url })
        return (path) => client.get(path).text()
      },
    },
    {
      client: 'openai',
      create: (url) => {
        const fetch: typeof globalThis.fetch = (input, init) => wallet.fetch(input, init)
        const client = new OpenAI({ apiKey: 'none', baseURL: url, maxRetries: 1, fetch })
        return (path) => client.post(`/${path}`, { body: { model: 'any' } })
      },
    },
  ])('pays once for each purchase through $client, which tries again by itself', async ({ create }) => {
    const { url, sightings } = await meet('answers 500')
    const call = create(url)

    await Promise.all(paths.map((path) => call(path).catch(() => {})))

    expect(sightings.length).toBeGreaterThan(paths.length)
    await expectEachPaidOnce(paths.length)
  })
})

/** A client that tries again by itself, whatever it is told. */
async function insist(path: string, misdeed: Misdeed): Promise<void> {
  const url = `${server?.url}/${path}`
  // An answer that begins well is one; only a key says that the next call wants no second.
  const named = misdeed === 'breaks off its answer' ? { payment: { key: path } } : {}
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const impatience = new AbortController()
    if (misdeed === 'never answers') void server?.settledAt(url).then(() => impatience.abort())
    const answer = wallet.fetch(url, { signal: impatience.signal, ...named }).then((response) => response.text())
    await answer.catch(() => {})
  }
}

async function expectEachPaidOnce(purchases: number): Promise<void> {
  const sightings = server?.sightings ?? []
  expect(sightings.every((sighting) => sighting.url.startsWith(`${server?.url}/paid/`))).toBe(true)
  const authorizations = new Map<string, Set<string>>()
  for (const { url, payload } of sightings) {
    authorizations.set(url, (authorizations.get(url) ?? new Set()).add(JSON.stringify(payload.payload)))
  }
  expect(authorizations.size).toBe(purchases)
  expect([...authorizations.values()].every((sent) => sent.size === 1)).toBe(true)
  const transfers = await chain.transfersFrom(payer.address)
  expect(transfers).toHaveLength(purchases)
  expect(new Set(transfers.map(({ to, value }) => `${to}/${value}`))).toEqual(new Set([`${server?.payTo}/${price}`]))
  expect(await chain.balanceOf(payer.address)).toBe(funds - BigInt(purchases) * price)
  expect(await spentBy(wallet)).toBe(BigInt(purchases) * price)
}

async function meet(misdeed: Misdeed): Promise<HostileServer> {
  server = await startHostileServer(misdeed, { chain, facilitator })
  return server
}

async function expectPaidOnce(): Promise<void> {
  expect(server?.sightings.map((sighting) => sighting.url)).toEqual([`${server?.url}/paid`])
  await expectTransferredOnce()
  expect(await spentBy(wallet)).toBe(price)
  expect(await wallet.payments.list()).toHaveLength(1)
}

async function expectTransferredOnce(): Promise<void> {
  const transfers = await chain.transfersFrom(payer.address)
  expect(transfers).toMatchObject([{ to: server?.payTo, value: price }])
  expect(await chain.balanceOf(payer.address)).toBe(funds - price)
}

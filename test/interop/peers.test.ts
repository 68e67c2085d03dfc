import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getPayment, isStipendError } from 'stipend'
import { createAgent, spentBy } from '../support/agent.ts'
import { startChain, type TestChain } from '../../examples/support/chain.ts'
import { type Facilitator, startFacilitator } from '../../examples/support/facilitator.ts'
import type { Echo, OfficialServer } from '../../examples/support/servers.ts'
import { officialServers } from '../support/servers.ts'

const price = 1000n
const funds = 1_000_000n
/** Neither text nor UTF-8: a client that decodes it on the way changes it. */
const bytes = Uint8Array.from({ length: 256 }, (_, index) => 255 - index)
const json = JSON.stringify({ question: 'Wie heißt du?', limit: 3 })

let chain: TestChain
let facilitator: Facilitator

beforeAll(async () => {
  chain = await startChain()
  facilitator = await startFacilitator(chain)
})
afterAll(async () => {
  await facilitator?.close()
  await chain?.stop()
})

type Purchase = {
  readonly what: string
  readonly request: (url: string) => Parameters<typeof fetch>
  readonly arrives: { readonly method: string; readonly body: string | Uint8Array; readonly type: string | undefined }
}

const purchases: readonly Purchase[] = [
  {
    what: 'GET',
    request: (url) => [url, { headers: { 'x-trace': 'abc' } }],
    arrives: { method: 'GET', body: '', type: undefined },
  },
  {
    what: 'POST of JSON',
    request: (url) => [
      url,
      { method: 'POST', body: json, headers: new Headers({ 'content-type': 'application/json', 'x-trace': 'abc' }) },
    ],
    arrives: { method: 'POST', body: json, type: 'application/json' },
  },
  {
    what: 'POST of bytes',
    request: (url) => [
      url,
      {
        method: 'POST',
        body: bytes,
        headers: [
          ['content-type', 'application/octet-stream'],
          ['x-trace', 'abc'],
        ],
      },
    ],
    arrives: { method: 'POST', body: bytes, type: 'application/octet-stream' },
  },
  {
    what: 'POST of a Request',
    request: (url) => [new Request(url, { method: 'POST', body: json, headers: { 'x-trace': 'abc' } })],
    arrives: { method: 'POST', body: json, type: 'text/plain;charset=UTF-8' },
  },
]

describe.each(Object.entries(officialServers))('a wallet at a server of %s', (_name, start) => {
  let server: OfficialServer

  beforeAll(async () => {
    server = await start({ facilitator })
  })
  afterAll(() => server?.close())

  test.each(purchases)('pays for a $what, which arrives as it was sent', async ({ request, arrives }) => {
    const payer = await chain.createPayer(funds)
    const earned = await chain.balanceOf(server.payTo)
    const sold = server.sales()
    const wallet = createAgent(payer)

    const response = await wallet.fetch(...request(`${server.url}/paid`))

    expect(response.status).toBe(200)
    const echo = (await response.json()) as Echo
    expect(echo.method).toBe(arrives.method)
    expect(Buffer.from(echo.body, 'base64')).toEqual(Buffer.from(arrives.body))
    expect(echo.headers['content-type']).toBe(arrives.type)
    expect(echo.headers['x-trace']).toBe('abc')

    expect(server.sales()).toBe(sold + 1)
    expect(await chain.balanceOf(payer.address)).toBe(funds - price)
    expect(await chain.balanceOf(server.payTo)).toBe(earned + price)
    const [transfer, ...others] = await chain.transfersFrom(payer.address)
    expect(others).toEqual([])
    expect(transfer).toMatchObject({ to: server.payTo, value: price })
    expect(getPayment(response)).toMatchObject({
      status: 'claimed',
      amount: price,
      payTo: server.payTo,
      receipt: { status: 'claimed', transaction: transfer?.transaction, network: 'eip155:84532' },
    })
    expect(await spentBy(wallet)).toBe(price)
  })

  test('is paid ten times for ten requests in parallel', async () => {
    const payer = await chain.createPayer(funds)
    const earned = await chain.balanceOf(server.payTo)
    const wallet = createAgent(payer)

    const responses = await Promise.all(Array.from({ length: 10 }, () => wallet.fetch(`${server.url}/paid`)))

    expect(responses.map((response) => response.status)).toEqual(Array(10).fill(200))
    const transfers = await chain.transfersFrom(payer.address)
    const receipts = responses.map((response) => getPayment(response)?.receipt?.transaction)
    expect(new Set(receipts)).toEqual(new Set(transfers.map((transfer) => transfer.transaction)))
    expect(transfers.map((transfer) => transfer.value)).toEqual(Array(10).fill(price))
    expect(await chain.balanceOf(payer.address)).toBe(funds - 10n * price)
    expect(await chain.balanceOf(server.payTo)).toBe(earned + 10n * price)
  })

  test('is paid no more often than the limit allows, however many ask at once', async () => {
    const payer = await chain.createPayer(funds)
    const wallet = createAgent(payer, { dailyLimitUsd: 0.004 })

    const results = await Promise.allSettled(Array.from({ length: 10 }, () => wallet.fetch(`${server.url}/paid`)))

    const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    expect(refusals.map((error) => isStipendError(error) && error.code)).toEqual(Array(6).fill('limit_exceeded'))
    expect(await chain.transfersFrom(payer.address)).toHaveLength(4)
    expect(await chain.balanceOf(payer.address)).toBe(funds - 4n * price)
    expect(await spentBy(wallet)).toBe(4n * price)
  })
})

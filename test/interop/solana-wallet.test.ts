import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getPayment } from 'stipend'
import { solana } from 'stipend/solana'
import { spentBy } from '../support/agent.ts'
import { others } from '../support/other-versions.ts'
import { createSolanaAgent, schemeFor } from '../support/solana-agent.ts'
import {
  devnetUsdc,
  type SolanaFacilitator,
  type SolanaServer,
  solanaDevnet,
  startSolana,
  startSolanaFacilitator,
  startSolanaFacilitatorV1,
  startSolanaServer,
  startSolanaServerV1,
  type TestSolana,
} from '../support/solana/index.ts'

const price = 1000n
const funds = 1_000_000n
/** Devnet's PYUSD, which is of Token-2022. */
const pyusd = 'CXk2AMBfi3TwaEL2468s6zP8xq9NxTXjp9gjMgzeUynM'

let chain: TestSolana
let facilitator: SolanaFacilitator
let facilitatorV1: SolanaFacilitator | undefined

beforeAll(async () => {
  chain = await startSolana()
  chain.putMint(pyusd, { program: 'spl-token-2022' })
  facilitator = await startSolanaFacilitator(chain)
  if (others) facilitatorV1 = await startSolanaFacilitatorV1(chain)
})
afterAll(async () => {
  await facilitator?.close()
  await facilitatorV1?.close()
  await chain?.close()
})

type Shop = { readonly what: string; readonly asset: string; readonly open: () => Promise<SolanaServer> }

const shops: readonly Shop[] = [
  { what: '@x402/express', asset: devnetUsdc, open: () => startSolanaServer({ chain, facilitator }) },
  {
    what: '@x402/express that wants a token of Token-2022',
    asset: pyusd,
    open: () => startSolanaServer({ chain, facilitator, asset: pyusd }),
  },
  {
    what: '@x402/express that wants its own memo',
    asset: devnetUsdc,
    open: () => startSolanaServer({ chain, facilitator, memo: 'order 42, für Jürgen' }),
  },
  {
    what: '@x402/express that gives a blockhash along',
    asset: devnetUsdc,
    open: () => startSolanaServer({ chain, facilitator, blockhash: 'embedded' }),
  },
  ...(others
    ? [
        {
          what: 'x402-express of version 1',
          asset: devnetUsdc,
          open: () => startSolanaServerV1({ chain, facilitator: facilitatorV1 ?? facilitator }),
        },
      ]
    : []),
]

describe.each(shops)('a wallet with a Solana key at a server of $what', ({ asset, open }) => {
  let server: SolanaServer
  beforeAll(async () => {
    server = await open()
  })
  afterAll(() => server?.close())

  test('pays the price, once', async () => {
    const payer = await chain.createPayer(funds, asset)
    const earned = await chain.tokenBalance(server.payTo, asset)
    const sold = server.sales()
    const wallet = createSolanaAgent(chain, payer)

    const response = await wallet.fetch(`${server.url}/paid`)

    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ sold: 'a report' })
    expect(server.sales()).toBe(sold + 1)
    expect(await chain.tokenBalance(payer.address, asset)).toBe(funds - price)
    expect(await chain.tokenBalance(server.payTo, asset)).toBe(earned + price)
    expect(getPayment(response)).toMatchObject({
      status: 'claimed',
      amount: price,
      payTo: server.payTo,
      receipt: { status: 'claimed', transaction: chain.landed().at(-1)?.signature, network: solanaDevnet },
    })
    expect(await spentBy(wallet)).toBe(price)
    expect(wallet.signed).toHaveLength(1)
  })

  test('pays for a request with a body, which arrives with the payment, once', async () => {
    const payer = await chain.createPayer(funds, asset)
    const earned = await chain.tokenBalance(server.payTo, asset)
    const asked = server.bodies().length
    const wallet = createSolanaAgent(chain, payer)
    const body = JSON.stringify({ question: 'wie spät ist es?' })

    const response = await wallet.fetch(`${server.url}/paid`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })

    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ sold: 'an answer' })
    expect(server.bodies().slice(asked)).toEqual([body])
    expect(await chain.tokenBalance(payer.address, asset)).toBe(funds - price)
    expect(await chain.tokenBalance(server.payTo, asset)).toBe(earned + price)
    expect(wallet.signed).toHaveLength(1)
  })

  test('pays ten times for ten requests in parallel', async () => {
    const payer = await chain.createPayer(funds, asset)
    const earned = await chain.tokenBalance(server.payTo, asset)
    const wallet = createSolanaAgent(chain, payer)
    const responses = await Promise.all(
      Array.from({ length: 10 }, (_, index) => wallet.fetch(`${server.url}/paid?n=${index}`)),
    )
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
    expect(await chain.tokenBalance(payer.address, asset)).toBe(funds - 10n * price)
    expect(await chain.tokenBalance(server.payTo, asset)).toBe(earned + 10n * price)
    expect(await spentBy(wallet)).toBe(10n * price)
  })
})

describe('a blockhash that has grown too old on the way', () => {
  test('is refused by the official facilitator; the purchase is paid once it is provably dead', async () => {
    const server = await startSolanaServer({ chain, facilitator })
    try {
      const payer = await chain.createPayer(funds)
      let now = Date.now()
      const clock = (): number => now
      const wallet = createSolanaAgent(chain, payer, {
        clock,
        schemes: [schemeFor(chain, { clock })],
        chains: [solana({ network: solanaDevnet, rpcs: [`${chain.url}/one`], clock })],
      })
      await wallet.fetch(`${server.url}/paid`)
      chain.tick(150)
      const key = { payment: { key: 'report' } }
      const error = await wallet.fetch(`${server.url}/paid?late`, key).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'payment_rejected', moved: 'maybe' })
      expect(await spentBy(wallet)).toBe(2n * price)

      chain.tick(32 + 150)
      expect(await wallet.reconcile()).toMatchObject({ confirmed: [{}], expired: [{ status: 'expired' }] })
      expect(await spentBy(wallet)).toBe(price)
      now += 30_000
      expect((await wallet.fetch(`${server.url}/paid?late`, key)).status).toBe(200)
      expect(await chain.tokenBalance(server.payTo, devnetUsdc)).toBe(2n * price)
      expect(await spentBy(wallet)).toBe(2n * price)
    } finally {
      await server.close()
    }
  })
})

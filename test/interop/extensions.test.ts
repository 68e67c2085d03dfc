import { createServer } from 'node:http'
import { HTTPFacilitatorClient, x402ResourceServer } from '@x402/core/server'
import { ExactEvmScheme } from '@x402/evm/exact/server'
import { paymentMiddleware } from '@x402/express'
import {
  createOfferReceiptExtension,
  declareOfferReceiptExtension,
  type OfferReceiptIssuer,
} from '@x402/extensions/offer-receipt'
import { declarePaymentIdentifierExtension } from '@x402/extensions/payment-identifier'
import {
  createSIWxResourceServerExtension,
  declareSIWxExtension,
  InMemorySIWxStorage,
} from '@x402/extensions/sign-in-with-x'
import express from 'express'
import { type AgentWalletOptions, allowFlows, allowHosts, createAgentWallet, getPayment, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import { evm } from 'stipend/evm'
import { signedReceipts } from 'stipend/receipts'
import { signInWithX } from 'stipend/sign-in'
import { type Address, createTestClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { spentBy } from '../support/agent.ts'
import { type KeyPair, startChain, type TestChain } from '../../examples/support/chain.ts'
import { type Facilitator, startFacilitator } from '../../examples/support/facilitator.ts'
import { createJwsIssuer, createTypedIssuer } from '../support/attesting-server.ts'
import { type Listening, serve } from '../../examples/support/http.ts'

const price = 10_000n
const hosts = ['http://127.0.0.1:*']
const policy = [allowHosts(hosts), spendingLimit({ dailyLimitUsd: 1 })]

let chain: TestChain
let facilitator: Facilitator
const servers: Listening[] = []

beforeAll(async () => {
  chain = await startChain()
  facilitator = await startFacilitator(chain)
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()))
  await facilitator?.close()
  await chain?.stop()
})

type Options = {
  readonly extra?: Readonly<Record<string, unknown>> | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
  readonly status?: number | undefined
  readonly issuer?: OfferReceiptIssuer | undefined
}

/** The official server of `GET /paid`, for a cent; what it was sent, and how often it sold. */
async function startOfficial({ extra, extensions, status = 200, issuer }: Options) {
  const payTo: Address = privateKeyToAddress(generatePrivateKey())
  const app = express()
  const listening = await serve(createServer(app))
  servers.push(listening)
  const official = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitator.url }))
    .register('eip155:84532', new ExactEvmScheme())
    .registerExtension(
      createSIWxResourceServerExtension({ storage: new InMemorySIWxStorage(), origin: listening.url }) as never,
    )
  if (issuer) official.registerExtension(createOfferReceiptExtension(issuer) as never)
  const named = { name: 'USDC', version: '2', ...extra }
  const accepts = {
    scheme: 'exact',
    network: 'eip155:84532',
    payTo,
    price: { amount: price.toString(), asset: chain.token, extra: named },
  } as const
  const headers: Record<string, unknown>[] = []
  app.use((request, _response, next) => {
    headers.push(request.headers)
    next()
  })
  app.use(paymentMiddleware({ 'GET /paid': { accepts, ...(extensions && { extensions }) } }, official))
  let sales = 0
  app.get('/paid', (_request, response) => {
    sales += 1
    response.status(status).json({ report: sales })
  })
  return { url: `${listening.url}/paid`, payTo, headers, sales: () => sales }
}

async function createBuyer(settings: Partial<AgentWalletOptions> = {}) {
  const payer: KeyPair = await chain.createPayer(1_000_000n)
  return { payer, wallet: createAgentWallet({ keyStore: privateKey(payer.privateKey), policy, ...settings }) }
}

describe('a wallet at an official server', () => {
  test('that lets payers sign in pays once, and is served for nothing afterwards', async () => {
    const server = await startOfficial({ extensions: declareSIWxExtension({ network: 'eip155:84532' }) })
    const { payer, wallet } = await createBuyer({ signIn: signInWithX({ hosts }) })
    expect(getPayment(await wallet.fetch(server.url))?.status).toBe('claimed')
    for (let call = 0; call < 2; call++) expect((await wallet.fetch(server.url)).status).toBe(200)
    expect(server.sales()).toBe(3)
    expect(await chain.transfersFrom(payer.address)).toMatchObject([{ to: server.payTo, value: price }])
    expect((await wallet.payments.list()).map(({ scheme }) => scheme)).toEqual(['sign-in', 'sign-in', 'exact'])
    expect(await spentBy(wallet)).toBe(price)
  })

  test('that takes the money first, and then fails, has its receipt kept', async () => {
    const server = await startOfficial({ extra: { paymentFlow: 'upfront' }, status: 500 })
    const { payer, wallet } = await createBuyer({ policy: [...policy, allowFlows(['upfront'])] })
    const response = await wallet.fetch(server.url)
    expect(response.status).toBe(500)
    const [transfer, ...others] = await chain.transfersFrom(payer.address)
    expect([transfer, others]).toMatchObject([{ to: server.payTo, value: price }, []])
    expect(getPayment(response)).toMatchObject({
      status: 'unknown',
      receipt: { status: 'claimed', transaction: transfer?.transaction },
    })
    expect(await spentBy(wallet)).toBe(price)
  })

  test('that takes the money first is not paid without leave', async () => {
    const server = await startOfficial({ extra: { paymentFlow: 'upfront' } })
    const { payer, wallet } = await createBuyer()
    await expect(wallet.fetch(server.url)).rejects.toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(await chain.transfersFrom(payer.address)).toEqual([])
  })

  test.each([createTypedIssuer(), createJwsIssuer('ES256')])(
    'that signs its offers and receipts ($format) attests a payment, also once a chain shows it',
    async (issuer) => {
      const extensions = declareOfferReceiptExtension({ includeTxHash: true })
      const server = await startOfficial({ extensions, issuer })
      const { wallet } = await createBuyer({
        attestations: signedReceipts(),
        chains: [evm({ network: 'eip155:84532', clients: [chain.publicClient] })],
      })
      const payment = getPayment(await wallet.fetch(server.url))
      expect(payment).toMatchObject({ status: 'claimed', note: undefined, receipt: { attestedBy: issuer.key } })
      await createTestClient({ chain: chain.chain, mode: 'anvil', transport: http() }).mine({ blocks: 64 })
      const { confirmed } = await wallet.reconcile()
      const { attestation } = payment?.receipt ?? {}
      expect(confirmed).toMatchObject([{ receipt: { status: 'confirmed', attestedBy: issuer.key, attestation } }])
    },
  )

  test('that takes a payment-identifier is sent the payment’s own', async () => {
    const extensions = { 'payment-identifier': declarePaymentIdentifierExtension(true) }
    const server = await startOfficial({ extensions })
    const { wallet } = await createBuyer()
    const payment = getPayment(await wallet.fetch(server.url, { payment: { key: 'order 7' } }))
    const sent = JSON.parse(Buffer.from(String(server.headers.at(-1)?.['payment-signature']), 'base64').toString())
    expect(sent.extensions['payment-identifier'].info).toEqual({ required: true, id: payment?.id })
  })
})

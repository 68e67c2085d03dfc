import { createServer } from 'node:http'
import { HTTPFacilitatorClient, x402ResourceServer } from '@x402/core/server'
import { ExactEvmScheme } from '@x402/evm/exact/server'
import { UptoEvmScheme } from '@x402/evm/upto/server'
import { paymentMiddleware, setSettlementOverrides } from '@x402/express'
import express from 'express'
import type { Address } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import type { Facilitator } from '../../examples/support/facilitator.ts'
import { type Listening, serve } from '../../examples/support/http.ts'

type Options = {
  readonly facilitator: Facilitator
  readonly asset: Address
  readonly scheme: 'exact' | 'upto'
  /** What is taken of the price by use, in atomic units; of `upto` only. */
  readonly charge?: string | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
}

/** A server of `@x402/express` that sells `GET /paid` for at most a cent, by Permit2. */
export type Permit2Server = Listening & { readonly payTo: Address; readonly sales: () => number }

/** Starts the official server. */
export async function startPermit2Server({
  facilitator,
  asset,
  scheme,
  charge,
  extensions,
}: Options): Promise<Permit2Server> {
  const payTo = privateKeyToAddress(generatePrivateKey())
  const extra = { name: 'USDC', version: '2', assetTransferMethod: 'permit2' }
  const accepts = { scheme, network: 'eip155:84532', payTo, price: { amount: '10000', asset, extra } } as const
  const official = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitator.url }))
    .register('eip155:84532', new ExactEvmScheme())
    .register('eip155:84532', new UptoEvmScheme())
  let sales = 0
  const app = express()
  app.use(paymentMiddleware({ 'GET /paid': { accepts, ...(extensions && { extensions }) } }, official))
  app.get('/paid', (_request, response) => {
    sales += 1
    if (charge !== undefined) setSettlementOverrides(response, { amount: charge })
    response.json({ report: 'paid for' })
  })
  const listening = await serve(createServer(app))
  return { ...listening, payTo, sales: () => sales }
}

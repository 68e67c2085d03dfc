import { createServer } from 'node:http'
import { HTTPFacilitatorClient, x402ResourceServer } from '@x402/core/server'
import { paymentMiddleware as expressV2 } from '@x402/express'
import { ExactSvmScheme } from '@x402/svm/exact/server'
import express, { type RequestHandler } from 'express'
import { type Listening, serve } from '../http.ts'
import { devnetUsdc, solanaDevnet, type TestSolana } from './chain.ts'
import type { SolanaFacilitator } from './facilitator.ts'

/** A server that sells `GET /paid` and `POST /paid`, and what it says when it has sold. */
export type SolanaServer = Listening & {
  readonly payTo: string
  /** How often it handed out what it sells. */
  readonly sales: () => number
  /** The bodies of the requests that it was paid for with `POST`, as text. */
  readonly bodies: () => readonly string[]
}

/** What a server asks for. */
export type Offer = {
  readonly chain: TestSolana
  readonly facilitator: SolanaFacilitator
  /** In units of the asset. @default 1000n */
  readonly amount?: bigint | undefined
  /** @default devnet's USDC */
  readonly asset?: string | undefined
  /** @default an address that nobody has used, with an account for the asset */
  readonly payTo?: string | undefined
}

type OfferV2 = Offer & {
  /** The text that the payment must carry. @default none */
  readonly memo?: string | undefined
  /** Whether the 402 carries a blockhash; the server's traffic has the tag `server`. @default 'fetched' */
  readonly blockhash?: 'embedded' | 'fetched' | undefined
}

/** Starts a server of `@x402/express`. */
export async function startSolanaServer(offer: OfferV2): Promise<SolanaServer> {
  const { chain, facilitator, amount = 1000n, asset = devnetUsdc, memo, blockhash = 'fetched' } = offer
  const payTo = offer.payTo ?? (await chain.createPayee(asset))
  const price = { asset, amount: amount.toString(), ...(memo === undefined ? {} : { extra: { memo } }) }
  const accepts = { scheme: 'exact', price, network: solanaDevnet, payTo } as const
  const scheme = new ExactSvmScheme(blockhash === 'embedded' ? { rpcUrl: `${chain.url}/server` } : {})
  const resources = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitator.url }))
  const route = { accepts, description: 'A report', mimeType: 'application/json' }
  return sell(expressV2({ 'GET /paid': route, 'POST /paid': route }, resources.register(solanaDevnet, scheme)), payTo)
}

/** Sells behind a middleware. */
export async function sell(middleware: RequestHandler, payTo: string): Promise<SolanaServer> {
  let sales = 0
  const bodies: string[] = []
  const app = express()
  app.use(middleware)
  app.get('/paid', (_request, response) => {
    sales += 1
    response.json({ sold: 'a report' })
  })
  app.post('/paid', express.text({ type: '*/*' }), (request, response) => {
    sales += 1
    bodies.push(String(request.body))
    response.json({ sold: 'an answer' })
  })
  return { ...(await serve(createServer(app))), payTo, sales: () => sales, bodies: () => [...bodies] }
}

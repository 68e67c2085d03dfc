import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { HTTPFacilitatorClient, x402ResourceServer } from '@x402/core/server'
import { ExactEvmScheme } from '@x402/evm/exact/server'
import { paymentMiddleware } from '@x402/express'
import express, { type RequestHandler } from 'express'
import type { Address } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import type { Facilitator } from './facilitator.ts'
import { type Listening, readAll, serve } from './http.ts'

/** A server that sells `GET /paid` and `POST /paid`; both answer with what arrived. */
export type OfficialServer = Listening & {
  readonly payTo: Address
  /** How often it handed out what it sells. */
  readonly sales: () => number
}

/** What of a paid request arrived at the server's own handler. */
export type Echo = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** In base64. */
  readonly body: string
}

/** What a server is built of. */
export type Sale = {
  readonly facilitator: Facilitator
  readonly price: string
  readonly payTo: Address
  /** Takes what arrived, answers the goods. */
  readonly sell: (echo: Echo) => unknown
}

export type ServerOptions = {
  readonly facilitator: Facilitator
  /** @default '$0.001' */
  readonly price?: string | undefined
  /** @default an address that nobody has used */
  readonly payTo?: Address | undefined
  /** @default what arrived of the paid request */
  readonly goods?: unknown
}

/** Starts a server built with `@x402/express` as its README says. */
export function startServer(options: ServerOptions): Promise<OfficialServer> {
  return startBuilt((sale) => onExpress(paymentMiddleware(routes(sale), resourceServer(sale)), sale), options)
}

/** Starts a server built with whatever package. */
export async function startBuilt(build: (sale: Sale) => Server, options: ServerOptions): Promise<OfficialServer> {
  const { facilitator, price = '$0.001', payTo = privateKeyToAddress(generatePrivateKey()), goods } = options
  let sales = 0
  const sell = (echo: Echo): unknown => {
    sales += 1
    return goods ?? echo
  }
  const listening = await serve(build({ facilitator, price, payTo, sell }))
  return { ...listening, payTo, sales: () => sales }
}

/** What is sold, as the packages of x402 v2 read it. */
export function routes({ price, payTo }: Sale): Parameters<typeof paymentMiddleware>[0] {
  const route = {
    accepts: { scheme: 'exact', price, network: 'eip155:84532', payTo },
    description: 'A report',
    mimeType: 'application/json',
  } as const
  return { 'GET /paid': route, 'POST /paid': route }
}

/** What verifies and settles for the packages of x402 v2. */
export function resourceServer({ facilitator: { url } }: Sale): x402ResourceServer {
  return new x402ResourceServer(new HTTPFacilitatorClient({ url })).register('eip155:84532', new ExactEvmScheme())
}

/** Sells behind a middleware of express. */
export function onExpress(middleware: RequestHandler, { sell }: Sale): Server {
  const app = express()
  app.use(middleware)
  app.all('/paid', async (request, response) => {
    const body = (await readAll(request)).toString('base64')
    response.json(sell({ method: request.method, headers: flatten(request.headers), body }))
  })
  return createServer(app)
}

function flatten(headers: IncomingHttpHeaders): Echo['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

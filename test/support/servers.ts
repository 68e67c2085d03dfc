import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { HTTPFacilitatorClient, x402ResourceServer } from '@x402/core/server'
import { ExactEvmScheme } from '@x402/evm/exact/server'
import { paymentMiddleware as expressV2 } from '@x402/express'
import { paymentMiddleware as honoV2 } from '@x402/hono'
import express, { type RequestHandler } from 'express'
import { Hono, type MiddlewareHandler } from 'hono'
import type { Address } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { paymentMiddleware as expressV1 } from 'x402-express'
import { paymentMiddleware as honoV1 } from 'x402-hono'
import type { Facilitator } from './facilitator.ts'
import { type Listening, readAll, serve } from './http.ts'

/** The official server packages: of x402 v2 with a scope, of v1 without. */
export type OfficialPackage = '@x402/express' | '@x402/hono' | 'x402-express' | 'x402-hono'

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

type Sale = {
  readonly facilitator: Facilitator
  readonly price: string
  readonly payTo: Address
  /** Takes what arrived, answers the goods. */
  readonly sell: (echo: Echo) => unknown
}

const builders: Readonly<Record<OfficialPackage, (sale: Sale) => Server>> = {
  '@x402/express': (sale) => onExpress(expressV2(routesV2(sale), resourceServer(sale)), sale),
  '@x402/hono': (sale) => onHono(honoV2(routesV2(sale), resourceServer(sale)), sale),
  'x402-express': (sale) => onExpress(expressV1(sale.payTo, routesV1(sale), { url: facilitatorUrl(sale) }), sale),
  'x402-hono': (sale) => onHono(honoV1(sale.payTo, routesV1(sale), { url: facilitatorUrl(sale) }), sale),
}

/** The names of the official server packages. */
export const officialPackages = Object.keys(builders) as readonly OfficialPackage[]

type Options = {
  readonly facilitator: Facilitator
  /** @default '$0.001' */
  readonly price?: string | undefined
  /** @default an address that nobody has used */
  readonly payTo?: Address | undefined
  /** @default what arrived of the paid request */
  readonly goods?: unknown
}

/** Starts a server built with an official package as its README says. */
export async function startServer(name: OfficialPackage, options: Options): Promise<OfficialServer> {
  const { facilitator, price = '$0.001', payTo = privateKeyToAddress(generatePrivateKey()), goods } = options
  let sales = 0
  const sell = (echo: Echo): unknown => {
    sales += 1
    return goods ?? echo
  }
  const listening = await serve(builders[name]({ facilitator, price, payTo, sell }))
  return { ...listening, payTo, sales: () => sales }
}

function routesV2({ price, payTo }: Sale): Parameters<typeof expressV2>[0] {
  const route = {
    accepts: { scheme: 'exact', price, network: 'eip155:84532', payTo },
    description: 'A report',
    mimeType: 'application/json',
  } as const
  return { 'GET /paid': route, 'POST /paid': route }
}

function resourceServer(sale: Sale): x402ResourceServer {
  const facilitator = new HTTPFacilitatorClient({ url: facilitatorUrl(sale) })
  return new x402ResourceServer(facilitator).register('eip155:84532', new ExactEvmScheme())
}

function routesV1({ price }: Sale): Parameters<typeof expressV1>[1] {
  const route = { price, network: 'base-sepolia', config: { description: 'A report' } } as const
  return { 'GET /paid': route, 'POST /paid': route }
}

/** The v1 packages take the facilitator's URL in this shape only. */
function facilitatorUrl({ facilitator }: Sale): `http://${string}` {
  return facilitator.url as `http://${string}`
}

function onExpress(middleware: RequestHandler, { sell }: Sale): Server {
  const app = express()
  app.use(middleware)
  app.all('/paid', async (request, response) => {
    const body = (await readAll(request)).toString('base64')
    response.json(sell({ method: request.method, headers: flatten(request.headers), body }))
  })
  return createServer(app)
}

function onHono(middleware: MiddlewareHandler, { sell }: Sale): Server {
  const app = new Hono()
  app.use(middleware)
  app.all('/paid', async ({ req }) => {
    const body = Buffer.from(await req.arrayBuffer()).toString('base64')
    return Response.json(sell({ method: req.method, headers: req.header(), body }))
  })
  // By default it replaces the process's Request and Response, which the client under test uses too.
  return createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }))
}

function flatten(headers: IncomingHttpHeaders): Echo['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

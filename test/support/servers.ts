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
import type { Facilitator } from './facilitator.ts'
import { type Listening, readAll, serve } from './http.ts'
import { others } from './other-versions.ts'

/** The official server packages that are always there, which are of x402 v2. */
export type OfficialPackage = '@x402/express' | '@x402/hono'

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

type Build = (sale: Sale) => Server

const builders: Readonly<Record<OfficialPackage, Build>> = {
  '@x402/express': (sale) => onExpress(expressV2(routesV2(sale), resourceServer(sale)), sale),
  '@x402/hono': (sale) => onHono(honoV2(routesV2(sale), resourceServer(sale)), sale),
}

/** Those of v1, where they are installed. */
const buildersV1: Readonly<Record<string, Build>> = others ? ofV1(others) : {}

function ofV1({ expressV1, honoV1 }: NonNullable<typeof others>): Readonly<Record<string, Build>> {
  return {
    'x402-express': (sale) => onExpress(expressV1(sale.payTo, routesV1(sale), sale.facilitator), sale),
    'x402-hono': (sale) => onHono(honoV1(sale.payTo, routesV1(sale), sale.facilitator), sale),
  }
}

/** Starts a server with each of the official packages there are, by its name. */
export const officialServers: Readonly<Record<string, (options: Options) => Promise<OfficialServer>>> =
  Object.fromEntries(
    Object.entries({ ...builders, ...buildersV1 }).map(([name, build]) => [name, (options) => start(build, options)]),
  )

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
export function startServer(name: OfficialPackage, options: Options): Promise<OfficialServer> {
  return start(builders[name], options)
}

async function start(build: Build, options: Options): Promise<OfficialServer> {
  const { facilitator, price = '$0.001', payTo = privateKeyToAddress(generatePrivateKey()), goods } = options
  let sales = 0
  const sell = (echo: Echo): unknown => {
    sales += 1
    return goods ?? echo
  }
  const listening = await serve(build({ facilitator, price, payTo, sell }))
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
  const facilitator = new HTTPFacilitatorClient({ url: sale.facilitator.url })
  return new x402ResourceServer(facilitator).register('eip155:84532', new ExactEvmScheme())
}

function routesV1({ price }: Sale): Readonly<Record<string, object>> {
  const route = { price, network: 'base-sepolia', config: { description: 'A report' } } as const
  return { 'GET /paid': route, 'POST /paid': route }
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

import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { paymentMiddleware as honoV2 } from '@x402/hono'
import { Hono, type MiddlewareHandler } from 'hono'
import {
  type OfficialServer,
  onExpress,
  resourceServer,
  routes,
  type Sale,
  type ServerOptions,
  startBuilt,
  startServer,
} from '../../examples/support/servers.ts'
import { others } from './other-versions.ts'

type Start = (options: ServerOptions) => Promise<OfficialServer>

/** Starts a server with each of the official packages there are, by its name; those of x402 v1, where they are installed. */
export const officialServers: Readonly<Record<string, Start>> = {
  '@x402/express': startServer,
  '@x402/hono': (options) => startBuilt((sale) => onHono(honoV2(routes(sale), resourceServer(sale)), sale), options),
  ...(others && ofV1(others)),
}

function ofV1({ expressV1, honoV1 }: NonNullable<typeof others>): Readonly<Record<string, Start>> {
  return {
    'x402-express': (options) =>
      startBuilt((sale) => onExpress(expressV1(sale.payTo, routesV1(sale), sale.facilitator), sale), options),
    'x402-hono': (options) =>
      startBuilt((sale) => onHono(honoV1(sale.payTo, routesV1(sale), sale.facilitator), sale), options),
  }
}

function routesV1({ price }: Sale): Readonly<Record<string, object>> {
  const route = { price, network: 'base-sepolia', config: { description: 'A report' } } as const
  return { 'GET /paid': route, 'POST /paid': route }
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

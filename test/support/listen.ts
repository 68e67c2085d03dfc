import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'

/** A server on loopback, made of a function from request to response. */
export type Listening = { readonly url: string; readonly close: () => Promise<void> }

/** Serves a function on a free port of 127.0.0.1. */
export async function listen(handler: (request: Request) => Response | Promise<Response>): Promise<Listening> {
  const server = createAdaptorServer({ fetch: handler, overrideGlobalObjects: false })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()))
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

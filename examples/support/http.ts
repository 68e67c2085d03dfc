import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server on loopback, at a port that the system picked. */
export type Listening = { readonly url: string; readonly close: () => Promise<void> }

/** Starts a server, and waits until it listens. */
export async function serve(server: Server): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // Kept-alive and hanging connections would keep it open.
        server.closeAllConnections()
      }),
  }
}

/** Reads a request or a response to its end. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

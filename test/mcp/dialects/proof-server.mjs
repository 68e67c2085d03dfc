import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Store } from 'mppx'
import { Mppx, tempo } from 'mppx/server'
import { createClient, http } from 'viem'

/** mppx over HTTP, asking who it is and for no money. */
export async function startMppxProof({ rpcUrl }) {
  const mppx = Mppx.create({
    methods: [
      tempo.charge({
        currency: '0x20c0000000000000000000000000000000000000',
        recipient: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
        getClient: () => createClient({ transport: http(rpcUrl) }),
        store: Store.memory(),
      }),
    ],
    secretKey: 'test-secret-key-at-least-32-bytes-long!!',
  })
  let answered = 0
  const answer = async (request) => {
    const asked = await mppx.charge({ amount: '0', chainId: 42431 })(request)
    if (asked.status === 402) return asked.challenge
    answered += 1
    return asked.withReceipt(Response.json({ sky: 'clear' }))
  }
  const server = createServer(getRequestListener(answer))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${server.address().port}/me`, close, sales: () => answered }
}

import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Store } from 'mppx'
import { Mppx, tempo } from 'mppx/server'
import { createClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { tempoModerato } from 'viem/tempo/chains'

/** mppx over HTTP, selling for a cent of pathUSD; given the key of somebody who pays the fee, it pays that too. */
export async function startMppxTempo({ rpcUrl, recipient, feePayerKey }) {
  const mppx = Mppx.create({
    methods: [
      tempo.charge({
        currency: '0x20c0000000000000000000000000000000000000',
        recipient,
        getClient: () => createClient({ chain: tempoModerato, transport: http(rpcUrl) }),
        store: Store.memory(),
        ...(feePayerKey && { feePayer: privateKeyToAccount(feePayerKey) }),
      }),
    ],
    secretKey: 'test-secret-key-at-least-32-bytes-long!!',
    realm: 'api.example.com',
  })
  const seen = []
  let sales = 0
  const answer = async (request) => {
    const credential = request.headers.get('authorization')
    if (credential) seen.push(credential)
    const asked = await mppx.charge({ amount: '0.01', chainId: 42431 })(request)
    if (asked.status === 402) return asked.challenge
    sales += 1
    return asked.withReceipt(Response.json({ sky: 'clear' }))
  }
  const server = createServer(getRequestListener(answer))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${server.address().port}/sky`, close, sales: () => sales, seen: () => seen }
}

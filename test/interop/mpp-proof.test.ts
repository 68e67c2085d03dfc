import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { allowHosts, createAgentWallet } from 'stipend'
import { privateKey } from 'stipend/keys'
import { mpp } from 'stipend/mpp'
import { signInWithMpp } from 'stipend/sign-in'
import { generatePrivateKey } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startAnvil } from '../../examples/support/anvil.ts'

type Server = { readonly url: string; readonly sales: () => number; readonly close: () => Promise<void> }

/** The server is heavy, and has a folder of its own: `npm run test:dialects` installs it. */
const folder = fileURLToPath(new URL('../mcp/dialects/', import.meta.url))
const isInstalled = existsSync(`${folder}node_modules/mppx/package.json`)

describe.skipIf(!isInstalled)("a wallet at a server of mppx's own that asks for no money", () => {
  let node: Awaited<ReturnType<typeof startAnvil>>
  let server: Server

  beforeAll(async () => {
    node = await startAnvil(42431)
    const { startMppxProof } = await import(`${folder}proof-server.mjs`)
    server = await startMppxProof({ rpcUrl: node.url })
  })
  afterAll(async () => {
    await server?.close()
    await node?.stop()
  })

  test('proves whose it is, and pays nothing', async () => {
    const hosts = ['http://127.0.0.1:*']
    const wallet = createAgentWallet({
      keyStore: privateKey(generatePrivateKey()),
      policy: [allowHosts(hosts)],
      protocols: [mpp()],
      signIn: signInWithMpp({ hosts }),
    })
    const response = await wallet.fetch(server.url)
    expect([response.status, await response.json(), server.sales()]).toEqual([200, { sky: 'clear' }, 1])
    expect(response.headers.get('payment-receipt')).not.toBeNull()
    expect(await wallet.payments.list()).toMatchObject([{ scheme: 'sign-in', amount: 0n, note: 'the server took it' }])
  })
})

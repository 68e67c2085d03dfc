import { createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AgentWallet, allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import { evm } from '../../src/chains/index.js'
import { spentBy } from '../support/agent.ts'
import { type Scene, startScene } from '../support/evm-scene.ts'
import { type Facilitator, startFacilitator } from '../support/facilitator.ts'
import { type HostileServer, startHostileServer } from '../support/hostile.ts'
import { type Listening, serve } from '../support/http.ts'

const network = 'eip155:84532'
const price = 1000n

let scene: Scene
let facilitator: Facilitator
let wallet: AgentWallet
let server: HostileServer | Listening | undefined

beforeEach(async () => {
  scene = await startScene()
  facilitator = await startFacilitator(scene.chain)
  wallet = createAgentWallet({
    keyStore: privateKey(scene.payer.privateKey),
    policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 1 })],
    chains: [evm({ network, clients: [scene.chain.publicClient] })],
  })
})
afterEach(async () => {
  await server?.close()
  await facilitator?.close()
  await scene?.chain.stop()
})

describe('a wallet that reconciles', () => {
  test.each([
    { misdeed: 'answers 500', how: 'answered 500' },
    { misdeed: 'drops the socket', how: 'dropped the socket' },
    { misdeed: 'asks again', how: 'asked again' },
  ] as const)('has the proof of what it paid to a server that $how, and still counts it', async ({ misdeed }) => {
    server = await startHostileServer(misdeed, { chain: scene.chain, facilitator })
    await wallet.fetch(`${server.url}/paid`).catch(() => {})
    expect(await wallet.payments.list()).toMatchObject([{ status: 'unknown' }])
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [], open: [{ status: 'unknown' }] })

    await passTime(3600)

    const [transfer] = await scene.chain.transfersFrom(scene.payer.address)
    const receipt = { status: 'confirmed', transaction: transfer?.transaction, network, amount: price }
    expect(await wallet.reconcile()).toMatchObject({
      confirmed: [{ status: 'confirmed', note: 'paid, not delivered', receipt }],
      expired: [],
    })
    expect(await spentBy(wallet)).toBe(price)
  })

  test('has its budget back after a server took a payment and never settled it, but no second earlier', async () => {
    server = await startRefuser(scene)
    await wallet.fetch(`${server.url}/paid`).catch(() => {})
    const [payment] = await wallet.payments.list()
    expect(payment).toMatchObject({ status: 'unknown' })
    const validBefore = payment?.terms.validBefore ?? 0

    await scene.mineAt(validBefore - 1)
    await scene.finalize()
    expect(await wallet.reconcile()).toMatchObject({ open: [{ status: 'unknown' }], expired: [] })
    expect(await spentBy(wallet)).toBe(price)

    await scene.mineAt(validBefore)
    expect(await wallet.reconcile()).toMatchObject({ open: [{ status: 'unknown' }], expired: [] })
    await scene.finalize()
    expect(await wallet.reconcile()).toMatchObject({ expired: [{ id: payment?.id, status: 'expired' }], open: [] })
    expect(await spentBy(wallet)).toBe(0n)
    expect(await scene.chain.transfersFrom(scene.payer.address)).toEqual([])
  })
})

async function passTime(seconds: number): Promise<void> {
  const { timestamp } = await scene.chain.publicClient.getBlock()
  await scene.mineAt(Number(timestamp) + seconds)
  await scene.finalize()
}

/** Starts a server that asks for a payment whatever it is sent, and settles none. */
function startRefuser({ chain }: Scene): Promise<Listening> {
  const offer = {
    scheme: 'exact',
    network,
    amount: price.toString(),
    asset: chain.token,
    payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
    maxTimeoutSeconds: 300,
    extra: { name: 'USDC', version: '2' },
  }
  return serve(
    createServer((request, response) => {
      const resource = { url: `http://${request.headers.host}${request.url}` }
      const message = JSON.stringify({ x402Version: 2, error: 'Payment required', resource, accepts: [offer] })
      response.writeHead(402, { 'payment-required': Buffer.from(message).toString('base64') }).end('{}')
    }),
  )
}

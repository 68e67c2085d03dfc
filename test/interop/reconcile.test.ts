import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AgentWallet, allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import { evm } from '../../src/evm/index.js'
import { spentBy } from '../support/agent.ts'
import { type Scene, startScene } from '../support/evm-scene.ts'
import { type Facilitator, startFacilitator } from '../../examples/support/facilitator.ts'
import { type HostileServer, startHostileServer } from '../support/hostile.ts'
import { type Listening, serve } from '../../examples/support/http.ts'

const network = 'eip155:84532'
const price = 1000n
const payee = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const thief = '0x000000000000000000000000000000000000bEEF'

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

  test.each([
    { what: 'made up', transaction: async () => `0x${'ab'.repeat(32)}` },
    { what: "somebody else's payment of the same price", transaction: payAsSomebodyElse },
  ])('does not take a transaction that is $what for its own, and has its budget back in the end', async (one) => {
    server = await startLiar(scene, await one.transaction())
    expect((await wallet.fetch(`${server.url}/paid`)).status).toBe(200)
    const [payment] = await wallet.payments.list()
    expect(payment).toMatchObject({ status: 'claimed', receipt: { status: 'claimed' } })
    await scene.finalize()
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [], open: [{ status: 'claimed' }] })

    await passTime(3600)

    expect(await wallet.reconcile()).toMatchObject({ confirmed: [], expired: [{ id: payment?.id, status: 'expired' }] })
    expect(await spentBy(wallet)).toBe(0n)
  })

  test('pays on after its own payments have left, and is frozen by one that its key signed elsewhere', async () => {
    server = await startHostileServer('answers 500', { chain: scene.chain, facilitator })
    for (const number of [1, 2, 3]) await wallet.fetch(`${server.url}/${number}`)
    await passTime(3600)
    expect((await wallet.reconcile()).confirmed).toHaveLength(3)
    await scene.execute(await scene.createPayment({ amount: 777n, payTo: thief }))
    await wallet.reconcile()
    await wallet.fetch(`${server.url}/4`)

    const unexplained: unknown[] = []
    wallet.on('transfer.unexplained', ({ transfer }) => unexplained.push(transfer))
    await scene.finalize()
    await wallet.reconcile()

    expect(unexplained).toMatchObject([{ to: thief.toLowerCase(), amount: 777n }])
    const error = await wallet.fetch(`${server.url}/5`).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'wallet_frozen', moved: 'no' })
  })

  test('keeps counting what it sent while no node answers, and signs nothing else for it', async () => {
    const down = { request: () => Promise.reject(new Error('503')) }
    wallet = createAgentWallet({
      keyStore: privateKey(scene.payer.privateKey),
      policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 1 })],
      chains: [evm({ network, clients: [down] })],
    })
    const hostile = await startHostileServer('drops the socket', { chain: scene.chain, facilitator })
    server = hostile
    const failed: string[] = []
    wallet.on('transfers.unwatched', ({ reason }) => failed.push(reason))
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await wallet.fetch(`${server.url}/paid`).catch(() => {})
      expect(await wallet.reconcile()).toMatchObject({ open: [{ status: 'unknown' }] })
    }
    expect(failed).toHaveLength(3)
    expect(new Set(hostile.sightings.map(({ payload }) => JSON.stringify(payload.payload))).size).toBe(1)
    expect(await spentBy(wallet)).toBe(price)
  })
})

/** Another payer pays the same price to the same payee. */
async function payAsSomebodyElse(): Promise<string> {
  const other = await scene.chain.createPayer(1_000_000n)
  return scene.execute(await scene.createPayment({ amount: price, payTo: payee }), {}, other)
}

/** Starts a server that delivers, names a transaction, and settles nothing. */
function startLiar({ chain }: Scene, transaction: string): Promise<Listening> {
  const receipt = Buffer.from(JSON.stringify({ success: true, transaction, network })).toString('base64')
  return serve(
    createServer((request, response) => {
      if (request.headers['payment-signature']) response.writeHead(200, { 'payment-response': receipt }).end('{}')
      else askForPayment(chain.token, request, response)
    }),
  )
}

async function passTime(seconds: number): Promise<void> {
  const { timestamp } = await scene.chain.publicClient.getBlock()
  await scene.mineAt(Number(timestamp) + seconds)
  await scene.finalize()
}

/** Starts a server that asks for a payment whatever it is sent, and settles none. */
function startRefuser({ chain }: Scene): Promise<Listening> {
  return serve(createServer((request, response) => askForPayment(chain.token, request, response)))
}

function askForPayment(asset: string, request: IncomingMessage, response: ServerResponse): void {
  const extra = { name: 'USDC', version: '2' }
  const offer = {
    scheme: 'exact',
    network,
    amount: price.toString(),
    asset,
    payTo: payee,
    maxTimeoutSeconds: 300,
    extra,
  }
  const resource = { url: `http://${request.headers.host}${request.url}` }
  const message = JSON.stringify({ x402Version: 2, error: 'Payment required', resource, accepts: [offer] })
  response.writeHead(402, { 'payment-required': Buffer.from(message).toString('base64') }).end('{}')
}

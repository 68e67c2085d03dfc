import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AgentWallet, allowHosts, createAgentWallet, exactEvm, getPayment, spendingLimit, uptoEvm } from 'stipend'
import { privateKey } from 'stipend/keys'
import { createTestClient, http } from 'viem'
import { evm } from '../../src/evm/index.js'
import { spentBy } from '../support/agent.ts'
import { type KeyPair, startChain } from '../../examples/support/chain.ts'
import { type Facilitator, startFacilitator } from '../../examples/support/facilitator.ts'
import { type Permit2Chain, withPermit2 } from '../support/permit2.ts'
import { type Permit2Server, startPermit2Server } from '../support/permit2-server.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const price = 10_000n
const funds = 1_000_000n

let chain: Permit2Chain
let facilitator: Facilitator
let payer: KeyPair
const servers: Permit2Server[] = []

beforeAll(async () => {
  chain = await withPermit2(await startChain())
  facilitator = await startFacilitator(chain)
})
beforeEach(async () => {
  payer = await chain.createPayer(funds)
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()))
  await facilitator?.close()
  await chain?.stop()
})

async function startServer(scheme: 'exact' | 'upto', charge?: string): Promise<Permit2Server> {
  const server = await startPermit2Server({ facilitator, asset: chain.token, scheme, charge })
  servers.push(server)
  return server
}

function createWallet(options: { readonly isWatching?: boolean } = {}): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 1 })],
    schemes: [exactEvm(), uptoEvm()],
    ...(options.isWatching && { chains: [evm({ network, clients: [chain.publicClient] })] }),
  })
}

async function finalize(): Promise<void> {
  await createTestClient({ chain: chain.chain, mode: 'anvil', transport: http() }).mine({ blocks: 64 })
}

describe('a wallet at an official server that takes Permit2', () => {
  test('pays a fixed price out of its allowance, which has so much less left', async () => {
    const server = await startServer('exact')
    await chain.approve(payer, 25_000n)
    const wallet = createWallet({ isWatching: true })

    const response = await wallet.fetch(`${server.url}/paid`)

    expect(response.status).toBe(200)
    expect(server.sales()).toBe(1)
    const transfers = await chain.transfersFrom(payer.address)
    expect(transfers).toMatchObject([{ to: server.payTo, value: price }])
    expect(await chain.allowanceOf(payer.address)).toBe(15_000n)
    const transaction = transfers[0]?.transaction
    expect(getPayment(response)).toMatchObject({ status: 'claimed', receipt: { status: 'claimed', transaction } })
    await finalize()
    const { confirmed } = await wallet.reconcile()
    expect(confirmed).toMatchObject([{ receipt: { status: 'confirmed', transaction, amount: price } }])
    expect(await spentBy(wallet)).toBe(price)
  })

  test('signs nothing without an allowance, where a chain tells it so', async () => {
    const server = await startServer('exact')
    await chain.approve(payer, price - 1n)
    const wallet = createWallet({ isWatching: true })
    const error = await rejection(wallet.fetch(`${server.url}/paid`))
    expect(error).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect(String(error)).toContain('Permit2 may move 0.009999 USDC')
    expect(await wallet.payments.list()).toEqual([])
    const quote = await wallet.quote(`${server.url}/paid`)
    expect(quote?.payable).toBeUndefined()
    expect(await chain.allowanceOf(payer.address)).toBe(price - 1n)
  })

  test('is told by the server where no chain tells it, and approves nothing', async () => {
    const server = await startServer('exact')
    const wallet = createWallet()
    const error = await rejection(wallet.fetch(`${server.url}/paid`))
    expect(error).toMatchObject({ code: 'payment_rejected', moved: 'maybe', response: { status: 412 } })
    expect(String(error)).toContain(
      'The server says permit2_allowance_required. Permit2 may not move so much of the token',
    )
    expect(await chain.transfersFrom(payer.address)).toEqual([])
    expect(await chain.allowanceOf(payer.address)).toBe(0n)
    expect(await spentBy(wallet)).toBe(price)
  })

  test('pays by use, holds the most of it, and has the rest back once a final block shows what was taken', async () => {
    const server = await startServer('upto', '4000')
    await chain.approve(payer, price)
    const wallet = createWallet({ isWatching: true })

    const response = await wallet.fetch(`${server.url}/paid`)

    expect(response.status).toBe(200)
    expect(await chain.transfersFrom(payer.address)).toMatchObject([{ to: server.payTo, value: 4000n }])
    expect(await chain.allowanceOf(payer.address)).toBe(6000n)
    expect(getPayment(response)).toMatchObject({ amount: price, receipt: { status: 'claimed', amount: 4000n } })
    expect(await spentBy(wallet)).toBe(price)
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [], open: [{ status: 'claimed' }] })
    expect(await spentBy(wallet)).toBe(price)
    await finalize()
    const { confirmed } = await wallet.reconcile()
    expect(confirmed).toMatchObject([{ amount: price, receipt: { status: 'confirmed', amount: 4000n } }])
    expect(await spentBy(wallet)).toBe(4000n)
  })

  test('pays by use no more than its maximum fits in, whatever would be taken', async () => {
    const server = await startServer('upto', '1')
    await chain.approve(payer, funds)
    const wallet = createAgentWallet({
      keyStore: privateKey(payer.privateKey),
      policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 0.025 })],
      schemes: [exactEvm(), uptoEvm()],
    })
    const paid = await Promise.allSettled([1, 2, 3, 4].map(() => wallet.fetch(`${server.url}/paid`)))
    expect(paid.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(await chain.transfersFrom(payer.address)).toHaveLength(2)
  })
})

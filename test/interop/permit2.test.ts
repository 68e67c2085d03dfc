import { declareEip2612GasSponsoringExtension, EIP2612_GAS_SPONSORING } from '@x402/extensions'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type AgentWallet,
  allowHosts,
  createAgentWallet,
  exactEvm,
  getPayment,
  type Ledger,
  memoryLedger,
  spendingLimit,
  uptoEvm,
} from 'stipend'
import { privateKey } from 'stipend/keys'
import { createTestClient, http, parseAbi } from 'viem'
import { evm } from '../../src/evm/index.js'
import { spentBy } from '../support/agent.ts'
import { type KeyPair, startChain } from '../../examples/support/chain.ts'
import { type Facilitator, startFacilitator } from '../../examples/support/facilitator.ts'
import { type Permit2Chain, permit2Addresses, withPermit2 } from '../support/permit2.ts'
import { type Permit2Server, startPermit2Server } from '../support/permit2-server.ts'
import { ether } from '../support/ether.ts'
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
  facilitator = await startFacilitator(chain, { extensions: [EIP2612_GAS_SPONSORING] })
})
beforeEach(async () => {
  payer = await chain.createPayer(funds)
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()))
  await facilitator?.close()
  await chain?.stop()
})

async function startServer(
  scheme: 'exact' | 'upto',
  charge?: string,
  extensions?: Readonly<Record<string, unknown>>,
): Promise<Permit2Server> {
  const server = await startPermit2Server({ facilitator, asset: chain.token, scheme, charge, extensions })
  servers.push(server)
  return server
}

function createWallet(options: { readonly isWatching?: boolean; readonly ledger?: Ledger } = {}): AgentWallet {
  return createAgentWallet({
    ledger: options.ledger ?? memoryLedger(),
    keyStore: privateKey(payer.privateKey),
    policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 1 })],
    schemes: [exactEvm(), uptoEvm()],
    assets: [ether],
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

describe('a wallet at an official server that pays for the gas of a permit', () => {
  const sponsored = declareEip2612GasSponsoringExtension()
  const permits = (): Promise<bigint> =>
    chain.publicClient.readContract({
      address: chain.token,
      abi: parseAbi(['function nonces(address owner) view returns (uint256)']),
      functionName: 'nonces',
      args: [payer.address],
    })

  test.each([0n, price - 1n])('pays a fixed price with an allowance of %i, and leaves none', async (allowed) => {
    const server = await startServer('exact', undefined, sponsored)
    await chain.approve(payer, allowed)
    const wallet = createWallet({ isWatching: true })

    const response = await wallet.fetch(`${server.url}/paid`)

    expect(response.status).toBe(200)
    expect(server.sales()).toBe(1)
    expect(await chain.transfersFrom(payer.address)).toMatchObject([{ to: server.payTo, value: price }])
    expect(await chain.allowanceOf(payer.address)).toBe(0n)
    expect(await permits()).toBe(1n)
    await finalize()
    expect((await wallet.reconcile()).confirmed).toMatchObject([{ receipt: { status: 'confirmed', amount: price } }])
    expect(await spentBy(wallet)).toBe(price)
    expect(await wallet.allowances()).toEqual([])
  })

  test.each([1, 2])('is paid by purchases at once through %i wallets, by one permit after another', async (wallets) => {
    const server = await startServer('exact', undefined, sponsored)
    await chain.approve(payer, 0n)
    const ledger = memoryLedger()
    const all = Array.from({ length: wallets }, () => createWallet({ isWatching: true, ledger }))

    const bought = await Promise.all(
      [1, 2, 3, 4].map(async (number) => all[number % wallets]?.fetch(`${server.url}/paid?${number}`)),
    )

    expect(bought.map((response) => response?.status)).toEqual([200, 200, 200, 200])
    expect(server.sales()).toBe(4)
    expect(await chain.transfersFrom(payer.address)).toHaveLength(4)
    expect([await permits(), await chain.allowanceOf(payer.address)]).toEqual([4n, 0n])
  })

  test('signs no permit where there is allowance enough', async () => {
    const server = await startServer('exact', undefined, sponsored)
    await chain.approve(payer, 25_000n)
    await createWallet({ isWatching: true }).fetch(`${server.url}/paid`)
    expect(await chain.allowanceOf(payer.address)).toBe(15_000n)
    expect(await permits()).toBe(0n)
  })

  test('signs no permit where no chain tells it which', async () => {
    const server = await startServer('exact', undefined, sponsored)
    const error = await rejection(createWallet().fetch(`${server.url}/paid`))
    expect(error).toMatchObject({ code: 'payment_rejected', response: { status: 412 } })
    expect([await permits(), await chain.allowanceOf(payer.address)]).toEqual([0n, 0n])
  })

  test('lists what use leaves of an allowance, which grows by no further permit, and ends it with one call', async () => {
    const server = await startServer('upto', '4000', sponsored)
    await chain.approve(payer, 0n)
    const wallet = createWallet({ isWatching: true })

    await wallet.fetch(`${server.url}/paid`)

    expect(await chain.transfersFrom(payer.address)).toMatchObject([{ value: 4000n }])
    expect(await spentBy(wallet)).toBe(price)
    const left = { network, spender: permit2Addresses.permit2, amount: 6000n }
    expect(await chain.allowanceOf(payer.address)).toBe(6000n)
    expect(await wallet.allowances()).toMatchObject([left])

    await wallet.fetch(`${server.url}/paid`)
    expect(await permits()).toBe(2n)
    expect(await wallet.allowances()).toMatchObject([left])

    await wallet.revoke({ network, token: 'USDC', spender: permit2Addresses.permit2 })
    expect(await chain.allowanceOf(payer.address)).toBe(0n)
    expect(await wallet.allowances()).toEqual([])
  })
})

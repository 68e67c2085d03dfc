import { createErc20ApprovalGasSponsoringExtension, declareErc20ApprovalGasSponsoringExtension } from '@x402/extensions'
import { type AgentWallet, allowHosts, allowPayees, createAgentWallet, type Payment, spendingLimit } from 'stipend'
import { evm, type EvmOptions } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import {
  createTestClient,
  createWalletClient,
  decodeFunctionData,
  http,
  parseEther,
  parseTransaction,
  publicActions,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type KeyPair, startChain } from '../../examples/support/chain.ts'
import { type Facilitator, startFacilitator } from '../../examples/support/facilitator.ts'
import { spentBy } from '../support/agent.ts'
import { ether } from '../support/ether.ts'
import { allowanceAbi, type Permit2Chain, permit2Addresses, withPermit2 } from '../support/permit2.ts'
import { type Permit2Server, startPermit2Server } from '../support/permit2-server.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const price = 10_000n
const spender = permit2Addresses.permit2
const friend = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const maxFeeWei = 1_000_000_000_000_000n

let chain: Permit2Chain
let facilitator: Facilitator
let server: Permit2Server
let payer: KeyPair
/** What the facilitator does with the approval: it sends it and settles, or stops before or after it. */
let sponsor: 'settles' | 'says nothing' | 'stops before it' | 'stops after it'
let speak: () => void
let approvals: `0x${string}`[]

beforeAll(async () => {
  chain = await withPermit2(await startChain())
  const extension = createErc20ApprovalGasSponsoringExtension(await createSponsor())
  facilitator = await startFacilitator(chain, { extensions: [extension] })
  const extensions = declareErc20ApprovalGasSponsoringExtension()
  server = await startPermit2Server({ facilitator, asset: chain.token, scheme: 'exact', extensions })
})
beforeEach(async () => {
  payer = await chain.createPayer(1_000_000n)
  sponsor = 'settles'
  approvals = []
})
afterAll(async () => {
  await server?.close()
  await facilitator?.close()
  await chain?.stop()
})

/** Sends what payers signed, and gives them what it costs. */
async function createSponsor(): Promise<Parameters<typeof createErc20ApprovalGasSponsoringExtension>[0]> {
  const account = privateKeyToAccount((await chain.createSender()).privateKey)
  const client = createWalletClient({ account, chain: chain.chain, transport: http(), pollingInterval: 20 }).extend(
    publicActions,
  )
  const sent = async (hash: `0x${string}`): Promise<`0x${string}`> => {
    await client.waitForTransactionReceipt({ hash })
    return hash
  }
  const sendTransactions: Parameters<typeof createErc20ApprovalGasSponsoringExtension>[0]['sendTransactions'] = async (
    list,
  ) => {
    const hashes: `0x${string}`[] = []
    for (const one of list) {
      if (typeof one !== 'string') hashes.push(await sent(await client.sendTransaction(one)))
      else {
        approvals.push(one)
        if (sponsor === 'says nothing') {
          await new Promise<void>((resolve) => {
            speak = resolve
          })
        }
        if (sponsor === 'stops before it') throw new Error('it has lost its connection')
        await sent(await client.sendTransaction({ to: payer.address, value: parseEther('0.01') }))
        hashes.push(await sent(await client.sendRawTransaction({ serializedTransaction: one })))
        if (sponsor === 'stops after it') throw new Error('it has lost its connection')
      }
    }
    return hashes
  }
  return { ...client, address: account.address, sendTransactions } as never
}

function createWallet(options: Partial<EvmOptions> = { sponsoredApprovals: { maxFeeWei } }): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [
      allowHosts(['http://127.0.0.1:*']),
      allowPayees([server.payTo, friend]),
      spendingLimit({ dailyLimitUsd: 1 }),
    ],
    assets: [ether],
    chains: [evm({ network, clients: [chain.publicClient], ...options })],
  })
}

const count = (): Promise<number> => chain.publicClient.getTransactionCount({ address: payer.address })
const recorded = ({ terms }: Payment): unknown => terms.details
const approved = (serialized: `0x${string}`) => {
  const { to, data = '0x', nonce, value } = parseTransaction(serialized)
  return { to, nonce, value, ...decodeFunctionData({ abi: allowanceAbi, data }) }
}

describe('a wallet whose owner lets it sign approvals, at an official server that sends them', () => {
  test('pays with one of exactly the amount, and leaves none', async () => {
    const wallet = createWallet()

    const response = await wallet.fetch(`${server.url}/paid`)

    expect(response.status).toBe(200)
    expect(approvals.map(approved)).toEqual([
      { to: chain.token.toLowerCase(), nonce: 0, functionName: 'approve', args: [spender, price] },
    ])
    expect(await chain.transfersFrom(payer.address)).toMatchObject([{ to: server.payTo, value: price }])
    expect([await chain.allowanceOf(payer.address), await count()]).toEqual([0n, 1])
    expect(await wallet.allowances()).toEqual([])
    expect((await wallet.payments.list()).map(recorded)).toMatchObject([{ approvalNonce: '0' }])
    await createTestClient({ chain: chain.chain, mode: 'anvil', transport: http() }).mine({ blocks: 64 })
    expect((await wallet.reconcile()).confirmed).toMatchObject([{ receipt: { status: 'confirmed', amount: price } }])
    expect(await spentBy(wallet)).toBe(price)
  })

  test('pays purchases at once by one approval after another, in turn with what it sends itself', async () => {
    const wallet = createWallet()
    await chain.approve(payer, 0n)
    const bought = [1, 2, 3].map((number) => wallet.fetch(`${server.url}/paid?${number}`))
    const moved = wallet.transfer({ to: friend, amount: 5000n, asset: 'USDC', network })
    expect((await Promise.all(bought)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await moved).status).toBe('claimed')
    const values = (await chain.transfersFrom(payer.address)).map(({ value }) => value)
    expect(values.toSorted((one, other) => Number(one - other))).toEqual([5000n, price, price, price])
    expect([await chain.allowanceOf(payer.address), await count()]).toEqual([0n, 5])
  })

  test.each<[string, Partial<EvmOptions>]>([
    ['its owner has not said so', {}],
    ['the gas could cost more than its owner allows', { sponsoredApprovals: { maxFeeWei: 1n } }],
  ])('signs none where %s', async (_why, options) => {
    const wallet = createWallet(options)
    expect(await rejection(wallet.fetch(`${server.url}/paid`))).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect([await wallet.payments.list(), approvals, await chain.allowanceOf(payer.address)]).toEqual([[], [], 0n])
  })

  test('signs none where there is allowance enough', async () => {
    await chain.approve(payer, 25_000n)
    await createWallet().fetch(`${server.url}/paid`)
    expect([approvals, await chain.allowanceOf(payer.address)]).toEqual([[], 15_000n])
  })

  test('knows of one whose payment was not settled, and ends what it leaves', async () => {
    sponsor = 'stops after it'
    const wallet = createWallet()
    await chain.approve(payer, 0n)
    expect(await rejection(wallet.fetch(`${server.url}/paid`))).toMatchObject({ moved: 'maybe' })
    expect(await chain.allowanceOf(payer.address)).toBe(price)
    expect(await spentBy(wallet)).toBe(price)
    expect(await wallet.allowances()).toEqual([
      { network, token: expect.objectContaining({ symbol: 'USDC' }), spender, amount: price },
    ])
    await wallet.revoke({ network, token: 'USDC', spender })
    expect([await chain.allowanceOf(payer.address), await wallet.allowances()]).toEqual([0n, []])
  })

  test('takes an approval back while the server that has it says nothing', async () => {
    sponsor = 'says nothing'
    const wallet = createWallet()
    await chain.approve(payer, 0n)
    const bought = rejection(wallet.fetch(`${server.url}/paid`))
    await vi.waitFor(() => expect(approvals).toHaveLength(1))
    const more = rejection(wallet.fetch(`${server.url}/paid?more`))

    await wallet.revoke({ network, token: 'USDC', spender })

    expect([approvals.length, await wallet.allowances(), await count()]).toEqual([1, [], 2])
    speak()
    await Promise.all([bought, more])
  })

  test('knows of one that was not sent, which can be at any time, and makes it void by one call', async () => {
    sponsor = 'stops before it'
    const wallet = createWallet()
    await chain.approve(payer, 0n)
    expect(await rejection(wallet.fetch(`${server.url}/paid`))).toMatchObject({ moved: 'maybe' })
    expect(await chain.allowanceOf(payer.address)).toBe(0n)
    expect(await wallet.allowances()).toMatchObject([{ spender, amount: price, isPending: true }])

    await wallet.revoke({ network, token: 'USDC', spender })

    expect(await wallet.allowances()).toEqual([])
    const [approval = '0x'] = approvals
    await expect(chain.publicClient.sendRawTransaction({ serializedTransaction: approval })).rejects.toThrow(/nonce/i)
    expect(await chain.allowanceOf(payer.address)).toBe(0n)
  })
})

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestClient, createWalletClient, http, parseEther } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowHosts,
  allowPayees,
  createAgentWallet,
  memoryLedger,
  type Rule,
  spendingLimit,
} from 'stipend'
import { evm, type Rpc } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import { type KeyPair, startChain, type TestChain } from '../../examples/support/chain.ts'
import { ether } from '../support/ether.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const zero = '0x0000000000000000000000000000000000000000'

let chain: TestChain
let payer: KeyPair
let payee: `0x${string}`

beforeAll(async () => {
  chain = await startChain()
})
afterAll(() => chain.stop())
beforeEach(async () => {
  payer = await chain.createSender()
  await chain.mint(payer.address, 10_000_000n)
  payee = privateKeyToAccount(generatePrivateKey()).address
})
afterEach(() => setAutomine(true))

/** A wallet that pays its own gas, or has somebody who does. */
function open({ gasPayer = false, client = chain.publicClient as Rpc, ...options }: Options = {}): AgentWallet {
  const [, gas] = chain.accounts
  const account = privateKeyToAccount(gas?.privateKey ?? '0x')
  const sender = createWalletClient({ chain: chain.chain, transport: http(), account })
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [allowPayees([payee]), spendingLimit({ perPaymentUsd: 50, dailyLimitUsd: 100 })],
    assets: [ether],
    chains: [evm({ network, clients: [client], ...(gasPayer && { gasPayer: sender }) })],
    ...options,
  })
}
type Options = Partial<AgentWalletOptions> & { readonly gasPayer?: boolean; readonly client?: Rpc }

describe('a transfer', () => {
  test('of a token by signature moves it, and its gas is somebody else’s', async () => {
    const before = await chain.publicClient.getBalance({ address: payer.address })
    const payment = await open({ gasPayer: true }).transfer({ to: payee, amount: '1.50', asset: 'USDC', network })
    await mined(payment.receipt?.transaction)
    expect(payment).toMatchObject({ status: 'claimed', amount: 1_500_000n, scheme: 'exact', protocol: 'transfer' })
    expect(await chain.balanceOf(payee)).toBe(1_500_000n)
    expect(await chain.publicClient.getBalance({ address: payer.address })).toBe(before)
  })

  test('of a token by transaction moves it, at the payer’s own gas', async () => {
    const payment = await open().transfer({ to: payee, amount: 250_000n, asset: chain.token, network })
    await mined(payment.receipt?.transaction)
    expect(await chain.balanceOf(payee)).toBe(250_000n)
    expect(await chain.balanceOf(payer.address)).toBe(9_750_000n)
  })

  test('of the chain’s own coin moves it, at the owner’s price of it', async () => {
    const wallet = open()
    const payment = await wallet.transfer({ to: payee, amount: '0.01', asset: 'ETH', network })
    await mined(payment.receipt?.transaction)
    expect(await chain.publicClient.getBalance({ address: payee })).toBe(parseEther('0.01'))
    expect(payment.microUsd).toBe(20_000_000n)
    const daily = (await wallet.budget()).find(({ name }) => name === 'daily limit')
    expect(daily?.used).toBe(20_000_000n)
  })

  test('is confirmed by a final block, and no sooner', async () => {
    const wallet = open()
    await wallet.transfer({ to: payee, amount: '1', asset: 'USDC', network })
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [], open: [{ status: 'claimed' }] })
    await passBlocks()
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [{ status: 'confirmed', amount: 1_000_000n }] })
  })

  test('with a name is made once, however often and in whatever process it is asked for', async () => {
    const ledger = memoryLedger()
    const what = { to: payee, amount: '1', asset: 'USDC', network, key: 'invoice-7' } as const
    await setAutomine(false)
    const [one, other] = await Promise.all([open({ ledger }).transfer(what), open({ ledger }).transfer(what)])
    expect(one.receipt?.transaction).toBe(other.receipt?.transaction)
    await setAutomine(true)
    await passBlocks()
    expect(await chain.balanceOf(payee)).toBe(1_000_000n)
    expect(await open({ ledger }).payments.list()).toHaveLength(1)
  })

  test('goes one after another, each with a nonce of its own', async () => {
    const wallet = open()
    const amounts = [100_000n, 200_000n, 300_000n]
    await Promise.all(amounts.map((amount) => wallet.transfer({ to: payee, amount, asset: 'USDC', network })))
    await passBlocks()
    expect(await chain.balanceOf(payee)).toBe(600_000n)
    const nonces = (await wallet.payments.list()).map(({ terms }) => terms.details?.['accountNonce'])
    expect(new Set(nonces).size).toBe(3)
  })

  test('whose node drops the answer is on record with its name, and is the same transaction when it is asked for again', async () => {
    let drops = 1
    const client: Rpc = {
      request: async (call) => {
        const answer = await chain.publicClient.request(call as never)
        if (call.method === 'eth_sendRawTransaction' && drops-- > 0) throw new Error('socket hang up')
        if (call.method === 'eth_getTransactionByHash' && drops === 0) throw new Error('socket hang up')
        return answer
      },
    }
    const wallet = open({ client })
    const what = { to: payee, amount: '1', asset: 'USDC', network } as const
    const error = await rejection(wallet.transfer(what))
    expect(error).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    drops = -1
    await wallet.transfer(what).catch(() => {})
    await passBlocks()
    await wallet.reconcile()
    expect(await wallet.payments.list()).toMatchObject([{ status: 'confirmed' }])
    expect(await chain.balanceOf(payee)).toBe(1_000_000n)
  })

  test.each<[string, () => readonly Rule[], string]>([
    ['no rule names the payee', () => [spendingLimit({ perPaymentUsd: 50 })], 'payment_denied'],
    ['a rule names hosts only', () => [allowHosts(['api.example.com'])], 'payment_denied'],
    ['a rule names another payee', () => [allowPayees([`0x${'1'.repeat(40)}`])], 'payment_denied'],
    ['it is beyond a limit', () => [allowPayees([payee]), spendingLimit({ perPaymentUsd: 0.5 })], 'limit_exceeded'],
    ['the policy is empty', () => [], 'payment_denied'],
  ])('is not made when %s', async (_why, rules, code) => {
    const wallet = open({ policy: rules() })
    const error = await rejection(wallet.transfer({ to: payee, amount: '1', asset: 'USDC', network }))
    expect(error).toMatchObject({ code, moved: 'no' })
    expect(await wallet.payments.list()).toEqual([])
    expect(await chain.balanceOf(payee)).toBe(0n)
  })

  test.each([
    ['an amount that is none', { amount: '1e3' }],
    ['more decimals than the token has', { amount: '0.0000001' }],
    ['nothing', { amount: '0' }],
    ['an unknown token', { asset: 'DOGE' }],
    ['a network without a chain', { network: 'eip155:8453' }],
  ] as const)('is not made of %s', async (_what, different) => {
    const what = { to: payee, amount: '1', asset: 'USDC', network, ...different } as const
    expect(await rejection(open().transfer(what))).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
  })

  test('is not made when its gas would cost more than the owner allows, whatever the node says', async () => {
    const client: Rpc = {
      request: (call) =>
        call.method === 'eth_gasPrice' ? Promise.resolve('0xffffffffffff') : chain.publicClient.request(call as never),
    }
    const error = await rejection(open({ client }).transfer({ to: payee, amount: '1', asset: 'USDC', network }))
    expect(error).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
  })

  test('that waits in no block is not for its owner to free, however long ago it was', async () => {
    const now = Date.now()
    let later = 0
    const wallet = open({ clock: () => now + later, monotonic: () => later, ledger: memoryLedger() })
    await setAutomine(false)
    const payment = await wallet.transfer({ to: payee, amount: '1', asset: 'USDC', network })
    later = 2 * 3_600_000
    expect(await rejection(wallet.resolve(payment.id, { as: 'not-paid', reason: 'it hangs' }))).toMatchObject({
      message: expect.stringContaining('its transaction can still be executed'),
    })
    await setAutomine(true)
    await mined(payment.receipt?.transaction)
    expect(await chain.balanceOf(payee)).toBe(1_000_000n)
  })

  test('that fails on chain is over, and its amount is free again', async () => {
    const wallet = open()
    await setAutomine(false)
    const first = await wallet.transfer({ to: payee, amount: '9', asset: 'USDC', network })
    const second = await wallet.transfer({ to: payee, amount: '8', asset: 'USDC', network }).catch(() => undefined)
    await setAutomine(true)
    await passBlocks()
    const { confirmed, expired } = await wallet.reconcile()
    expect(confirmed.map(({ id }) => id)).toEqual([first.id])
    expect(expired.map(({ id }) => id)).toEqual(second ? [second.id] : [])
    expect(await chain.balanceOf(payee)).toBe(9_000_000n)
  })

  test('waits for a person where the policy says so', async () => {
    const wallet = open({ policy: [allowPayees([payee]), spendingLimit({ instantMaxUsd: 0.5, dailyLimitUsd: 10 })] })
    const what = { to: payee, amount: '1', asset: 'USDC', network, key: 'rent' } as const
    expect(await rejection(wallet.transfer(what))).toMatchObject({ code: 'approval_required' })
    const [asked] = await wallet.approvals.list()
    await wallet.approvals.approve(asked?.id ?? 'apr_')
    await wallet.transfer(what)
    await passBlocks()
    expect(await chain.balanceOf(payee)).toBe(1_000_000n)
  })

  test('cannot be asked for by a server', async () => {
    const entry = { scheme: 'transfer', network, asset: zero, amount: '1', payTo: payee, maxTimeoutSeconds: 60 }
    const extra = { accountNonce: '0', gas: '21000', maxFeePerGas: '1', maxPriorityFeePerGas: '1' }
    const required = {
      x402Version: 2,
      resource: { url: 'https://a.example/' },
      accepts: [
        { ...entry, extra },
        { ...entry, scheme: 'exact', extra },
      ],
    }
    const header = Buffer.from(JSON.stringify(required)).toString('base64')
    const fetch = async (): Promise<Response> =>
      new Response(null, { status: 402, headers: { 'payment-required': header } })
    const wallet = open({ policy: [allowHosts(['a.example']), spendingLimit({ perPaymentUsd: 50 })], fetch })
    expect(await rejection(wallet.fetch('https://a.example/'))).toMatchObject({ code: 'no_payable_offer' })
  })
})

describe('what a wallet holds', () => {
  test('is what the chain says, in atomic units and dollars', async () => {
    const wallet = open()
    const held = await wallet.balances()
    expect(held.map(({ asset, amount, microUsd }) => [asset.symbol, amount, microUsd])).toEqual([
      ['ETH', parseEther('100'), 200_000_000_000n],
      ['USDC', 10_000_000n, 10_000_000n],
    ])
    expect(await wallet.addresses()).toContainEqual({ network, address: payer.address })
  })
})

async function mined(transaction: string | undefined): Promise<void> {
  await chain.publicClient.waitForTransactionReceipt({ hash: transaction as `0x${string}` })
}

async function passBlocks(): Promise<void> {
  await admin().mine({ blocks: 100 })
}

async function setAutomine(on: boolean): Promise<void> {
  await admin().setAutomine(on)
}

function admin() {
  return createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' })
}

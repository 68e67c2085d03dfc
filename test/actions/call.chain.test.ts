import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { erc4626Abi, parseAbi, parseEther } from 'viem'
import { type AgentWallet, allowActions, createAgentWallet, memoryLedger, spendingLimit } from 'stipend'
import { call } from 'stipend/actions'
import { evm, type Rpc } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import type { KeyPair } from '../../examples/support/chain.ts'
import { ether } from '../support/ether.ts'
import { keepingVault, startVaults, vault, type VaultChain, weth } from '../support/vault.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const dollar = 1_000_000n
const zero = '0x0000000000000000000000000000000000000000'
const stranger = '0x000000000000000000000000000000000000dEaD'
const depositTo = (to: string, name: string) =>
  call({
    name,
    network,
    to,
    abi: erc4626Abi,
    function: 'deposit',
    outflows: [{ token: 'USDC', atMost: '25', argument: 'assets', spender: to }],
    inflows: [{ token: to, atLeast: 1n }],
  })
const actions = [
  depositTo(vault, 'deposit'),
  depositTo(keepingVault, 'depositAndKeep'),
  call({
    name: 'take',
    network,
    to: vault,
    abi: erc4626Abi,
    function: 'withdraw',
    outflows: [{ token: vault, atMost: 25n * dollar, argument: 'assets' }],
    inflows: [{ token: 'USDC', atLeast: 1n, argument: 'assets' }],
  }),
  call({
    name: 'wrap',
    network,
    to: weth,
    abi: parseAbi(['function deposit() payable']),
    function: 'deposit',
    maxValue: parseEther('0.01'),
    inflows: [{ token: 'WETH', atLeast: parseEther('0.005') }],
  }),
  call({
    name: 'unwrap',
    network,
    to: weth,
    abi: parseAbi(['function withdraw(uint256 wad)']),
    function: 'withdraw',
    outflows: [{ token: 'WETH', atMost: '0.01', argument: 'wad' }],
    inflows: [{ token: zero, atLeast: 1n, argument: 'wad' }],
  }),
]
const bounds = actions.map(({ name }) => ({
  action: name,
  network,
  contracts: [vault, keepingVault, weth],
  maxUsd: 60,
})) as readonly {
  readonly action: string
  readonly network: typeof network
  readonly contracts: readonly string[]
  readonly maxUsd: number
}[]

let chain: VaultChain
let payer: KeyPair
let deposit: { readonly action: string; readonly network: typeof network; readonly args: readonly unknown[] }

beforeAll(async () => {
  chain = await startVaults()
})
afterAll(() => chain?.stop())
beforeEach(async () => {
  payer = await chain.createSender()
  await chain.mint(payer.address, 100n * dollar)
  deposit = { action: 'deposit', network, args: [20n * dollar, payer.address] }
})
afterEach(async () => {
  await chain.passBlocks()
  for (const spender of [vault, keepingVault, weth]) {
    if ((await chain.allowance(chain.token, payer.address, spender)) !== 0n) throw new Error('an allowance is left')
  }
})

function open(ledger = memoryLedger(), client: Rpc = chain.publicClient as Rpc): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [allowActions(bounds), spendingLimit({ perPaymentUsd: 60, dailyLimitUsd: 200 })],
    assets: [ether],
    ledger,
    actions,
    chains: [evm({ network, clients: [client] })],
  })
}

async function expectUntouched(wallet: AgentWallet): Promise<void> {
  expect(await wallet.payments.list()).toEqual([])
  expect(await chain.publicClient.getTransactionCount(payer)).toBe(0)
}

describe('a call of a vault', () => {
  test('deposits what its argument says, by an approval of exactly that, and takes it back', async () => {
    const wallet = open()
    const quote = await wallet.quoteAction(deposit)
    expect(quote).toMatchObject({ allowed: true, reasons: [] })
    expect(quote.plan.facts).toEqual({
      function: 'deposit(uint256,address)',
      to: vault,
      args: JSON.stringify(['20000000', payer.address]),
    })
    expect(quote.plan.approvals).toMatchObject([{ spender: vault, amount: 20n * dollar }])
    const payment = await wallet.act(deposit)
    expect(payment).toMatchObject({ status: 'claimed', payTo: vault, amount: 20n * dollar })
    expect(await chain.holds(vault, payer.address)).toBe(20n * dollar)
    const args = { assets: '5000000', receiver: payer.address, owner: payer.address }
    await wallet.act({ action: 'take', network, args })
    expect(await chain.balanceOf(payer.address)).toBe(85n * dollar)
    await chain.passBlocks()
    expect((await wallet.reconcile()).confirmed).toHaveLength(2)
  })

  test('that was interrupted after its approval goes on as the same transactions', async () => {
    let left = 1
    const gone: Rpc = {
      request: async (one) => {
        if (one.method === 'eth_sendRawTransaction' && left-- <= 0) throw new Error('socket hang up')
        return chain.publicClient.request(one as never)
      },
    }
    const ledger = memoryLedger()
    const what = { ...deposit, key: 'save' }
    expect(await rejection(open(ledger, gone).act(what))).toMatchObject({ code: 'payment_outcome_unknown' })
    // The node may take a moment to have the block.
    await expect.poll(() => chain.allowance(chain.token, payer.address, vault)).toBe(20n * dollar)
    const [before] = await open(ledger).payments.list()
    expect(await open(ledger).act(what)).toMatchObject({ id: before?.id, status: 'claimed', terms: before?.terms })
    expect(await chain.balanceOf(payer.address)).toBe(80n * dollar)
  })

  test.each<[string, () => object, readonly [code: string, reason: string]]>([
    [
      'its shares go to somebody else',
      () => ({ args: [dollar, stranger] }),
      ['payment_denied', 'not an allowed address'],
    ],
    [
      'more leaves than was declared',
      () => ({ args: [26n * dollar, payer.address] }),
      ['payment_denied', '25 USDC may'],
    ],
    ['no shares come', () => ({ action: 'depositAndKeep' }), ['payment_denied', '0 ']],
    [
      'there is nothing to take',
      () => ({ action: 'take', args: [dollar, payer.address, payer.address] }),
      ['insufficient_funds', ''],
    ],
    ['coin goes to what takes none', () => ({ value: 1n }), ['payment_denied', '0 wei may go']],
    ['it brings bytes of its own', () => ({ data: '0x' }), ['configuration_invalid', 'data']],
    ['it names another contract', () => ({ to: stranger }), ['configuration_invalid', 'to']],
    ['its arguments are others', () => ({ args: [dollar] }), ['configuration_invalid', 'args']],
    ['it is on another network', () => ({ network: 'eip155:1' }), ['configuration_invalid', 'no chain']],
  ])('is not signed where %s', async (_what, different, [code, reason]) => {
    const wallet = open()
    const error = await rejection(wallet.act({ ...deposit, ...different() }))
    expect(error).toMatchObject({ code, moved: 'no' })
    expect(String(error)).toContain(reason)
    await expectUntouched(wallet)
  })

  test('is taken by no session whose scope does not name it, and by one that does within its own bounds', async () => {
    const wallet = open()
    const error = await rejection(wallet.session({}).act(deposit))
    expect(String(error)).toContain('deposit on eip155:84532 is not an allowed action')
    const [own] = bounds
    const session = wallet.session({ actions: [{ ...own, maxUsd: 10 } as never] })
    expect(String(await rejection(session.act(deposit)))).toContain('$10.00 at most')
    await expectUntouched(wallet)
    await session.act({ ...deposit, args: [5n * dollar, payer.address] })
    expect(await chain.holds(vault, payer.address)).toBe(5n * dollar)
  })
})

describe('a call that the coin goes with', () => {
  test('counts it, up to what was declared, and brings it back', async () => {
    const wallet = open()
    const wrap = { action: 'wrap', network, value: parseEther('0.005') } as const
    const payment = await wallet.act(wrap)
    expect(payment).toMatchObject({ asset: { symbol: 'ETH' }, amount: parseEther('0.005') })
    expect(payment.microUsd).toBeGreaterThan(10n * dollar)
    expect(await chain.holds(weth, payer.address)).toBe(parseEther('0.005'))
    const error = await rejection(wallet.act({ ...wrap, value: parseEther('0.01') + 1n }))
    expect(String(error)).toContain('wei may go with it at most')
    const short = await rejection(wallet.act({ ...wrap, value: parseEther('0.004') }))
    expect(String(short)).toContain('would come, and the plan needs')
    await wallet.act({ action: 'unwrap', network, args: [parseEther('0.005')] })
    expect(await chain.holds(weth, payer.address)).toBe(0n)
  })
})

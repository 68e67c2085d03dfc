import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { Address } from 'viem'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowActions,
  createAgentWallet,
  type Rule,
  spendingLimit,
} from '../../src/index.js'
import { type Action, type ActionPlan, swap, type SwapBounds } from '../../src/actions/index.js'
import { evm, type Rpc } from '../../src/evm/index.js'
import { privateKey } from '../../src/keys/index.js'
import type { KeyPair } from '../../examples/support/chain.ts'
import { type ChangeAnswer, changedNode, nodeGoneAfter } from './changed-node.ts'
import { startExchange, type TestExchange, tokens } from './exchange.ts'

export const network = 'eip155:84532'
const zero = '0x0000000000000000000000000000000000000000'
export const dollar = 1_000_000n
export const thief: Address = '0x0000000000000000000000000000000000000Bad'
const named = (symbol: string, address: Address) =>
  ({ network, symbol, address, decimals: 6, transfer: 'permit2' }) as const
export const assets = [
  { network, symbol: 'ETH', address: zero, decimals: 18, transfer: 'native', microUsd: 2_000n * dollar },
  { ...named('GOLD', tokens.gold), microUsd: dollar / 2n },
] as const
const pairs: SwapBounds['pairs'] = [
  ['USDC', 'GOLD'],
  ...[tokens.taxed, tokens.thieving, tokens.openHanded].map((one) => ['USDC', one] as const),
]
export const bounds: SwapBounds = { network, pairs, maxSlippageBps: 100, maxUsd: 80 }
export const request = { action: 'swap', network, sell: 'USDC', buy: 'GOLD', amount: '5' } as const
export let chain: TestExchange
export let payer: KeyPair
type Options = Partial<AgentWalletOptions> & { readonly clients?: readonly Rpc[]; readonly maxFeeWei?: bigint }

/** Starts a chain with an exchange for the tests of a file; each begins with a payer of its own, and leaves no allowance. */
export function setUpExchange(): void {
  beforeAll(async () => {
    chain = await startExchange()
  })
  afterAll(() => chain?.stop())
  beforeEach(async () => {
    payer = await chain.createSender()
    await chain.mint(payer.address, 100n * dollar)
  })
  afterEach(async () => {
    await chain.setAutomine(true)
    await chain.passBlocks()
    await chain.setRate(2000n)
    for (const token of [chain.token, ...Object.values(tokens)]) {
      if ((await chain.allowance(token, payer.address)) !== 0n) throw new Error(`an allowance of ${token} is left`)
    }
  })
}

export function open({ clients = [chain.publicClient as Rpc], maxFeeWei, ...options }: Options = {}): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: policy(),
    assets,
    chains: [evm({ network, clients, ...(maxFeeWei !== undefined && { maxFeeWei }) })],
    ...options,
  })
}

export function policy(own: Partial<SwapBounds> = {}): readonly Rule[] {
  return [allowActions([swap({ ...bounds, ...own })]), spendingLimit({ perPaymentUsd: 80, dailyLimitUsd: 100 })]
}

export const node = (change: ChangeAnswer): Rpc => changedNode(chain.publicClient, change)
export const goneAfter = (count: number): Rpc => nodeGoneAfter(chain.publicClient, count)

/** A node before whose first transaction the market moves. */
export function moving(): Rpc {
  let moves = 1
  return node(async ({ method }, ask) => {
    if (method === 'eth_sendRawTransaction' && moves-- === 1) await chain.setRate(1000n)
    return ask()
  })
}

/** Nothing was signed, recorded or sent. */
export async function expectUntouched(wallet: AgentWallet): Promise<void> {
  expect(await wallet.payments.list()).toEqual([])
  expect(await chain.nonceOf(payer.address)).toBe(0)
  expect(await chain.balanceOf(payer.address)).toBe(100n * dollar)
}

export function usdc() {
  return { kind: 'erc20', address: chain.token, symbol: 'USDC', decimals: 6 } as const
}

/** Sends five dollars away, whatever it says. */
export function ownAction({
  outflows = 5n * dollar,
  approvals = [],
}: {
  readonly outflows?: bigint
  readonly approvals?: ActionPlan['approvals']
} = {}): Action {
  const data =
    `0xa9059cbb${thief.slice(2).toLowerCase().padStart(64, '0')}${(5n * dollar).toString(16).padStart(64, '0')}` as const
  return {
    name: 'own',
    plan: async () => ({
      action: 'own',
      network,
      facts: {},
      calls: [{ to: chain.token, value: 0n, data }],
      outflows: [{ token: usdc(), amount: outflows }],
      inflows: [],
      approvals,
    }),
  }
}

export function ownPolicy(contracts: readonly string[]): readonly Rule[] {
  return [
    allowActions([{ action: 'own', network, contracts, maxUsd: 50 }]),
    spendingLimit({ perPaymentUsd: 80, dailyLimitUsd: 100 }),
  ]
}

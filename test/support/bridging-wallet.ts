import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowActions,
  createAgentWallet,
  type Rule,
  spendingLimit,
} from 'stipend'
import { across, bridge, type BridgeBounds } from 'stipend/actions'
import { evm, type Rpc } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import type { KeyPair } from '../../examples/support/chain.ts'
import type { BridgedChains } from './bridging.ts'
import { ether } from './ether.ts'

export const network = 'eip155:84532'
export const there = 'eip155:421614'
export const dollar = 1_000_000n
export const bounds: BridgeBounds = { network, to: [there], tokens: ['USDC'], maxFeeBps: 20, maxUsd: 60 }
export const request = { action: 'bridge', network, to: there, token: 'USDC', amount: '50' } as const
export let chains: BridgedChains
export let payer: KeyPair
/** By how much the chains are ahead of this machine: their time does not come back. */
let aheadMs = 0

/** Starts two chains for the tests of a file; each begins with a payer of its own, and leaves no allowance. */
export function setUpBridge(start: () => Promise<BridgedChains>): void {
  beforeAll(async () => {
    chains = await start()
  })
  afterAll(() => chains?.stop())
  beforeEach(async () => {
    payer = await chains.from.createSender()
    await chains.from.mint(payer.address, 100n * dollar)
  })
  afterEach(async () => {
    await chains.passBlocks()
    if ((await chains.allowance(payer.address)) !== 0n) throw new Error('an allowance is left')
  })
}

type Options = Partial<AgentWalletOptions> & { readonly clients?: readonly Rpc[]; readonly others?: readonly Rpc[] }

export function open({
  clients = [chains.from.publicClient as Rpc],
  others = [chains.to.publicClient as Rpc],
  ...options
}: Options = {}): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: policy(),
    actions: [across()],
    assets: [ether],
    chains: [evm({ network, clients }), evm({ network: there, clients: others })],
    clock: () => Date.now() + aheadMs,
    ...options,
  })
}

export function policy(own: Partial<BridgeBounds> = {}): readonly Rule[] {
  return [allowActions([bridge({ ...bounds, ...own })]), spendingLimit({ perPaymentUsd: 200, dailyLimitUsd: 300 })]
}

export async function passTime(seconds: number): Promise<void> {
  await chains.passTime(seconds)
  aheadMs += seconds * 1000
}

export const arrived = () => chains.to.balanceOf(payer.address)
export const left = () => chains.from.balanceOf(payer.address)

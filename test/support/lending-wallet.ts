import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowActions,
  createAgentWallet,
  type Rule,
  spendingLimit,
} from 'stipend'
import { type LendingBounds, supply, withdraw } from 'stipend/actions'
import { evm, type Rpc } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import { type KeyPair, startChain } from '../../examples/support/chain.ts'
import { type AaveChain, withAave } from './aave.ts'
import { type ChangeAnswer, changedNode, nodeGoneAfter } from './changed-node.ts'
import { ether } from './ether.ts'

export const network = 'eip155:84532'
export const dollar = 1_000_000n
export const bounds: LendingBounds = { network, tokens: ['USDC', 'WETH'], maxUsd: 60 }
export let chain: AaveChain
export let payer: KeyPair
/** By how much the chain is ahead of this machine: its time does not come back. */
let aheadMs = 0

/** Starts a chain with Aave for the tests of a file; each begins with a payer of its own, and leaves no allowance. */
export function setUpAave(): void {
  beforeAll(async () => {
    chain = await withAave(await startChain())
  })
  afterAll(() => chain?.stop())
  beforeEach(async () => {
    payer = await chain.createSender()
    await chain.mint(payer.address, 100n * dollar)
  })
  afterEach(async () => {
    await chain.setAutomine(true)
    await chain.passBlocks()
    for (const token of [chain.token, chain.weth, chain.aUsdc]) {
      if ((await chain.allowance(token, payer.address)) !== 0n) throw new Error(`an allowance of ${token} is left`)
    }
  })
}

type Options = Partial<AgentWalletOptions> & { readonly clients?: readonly Rpc[] }

export function open({ clients = [chain.publicClient as Rpc], ...options }: Options = {}): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: policy(),
    assets: [ether],
    chains: [evm({ network, clients })],
    clock: () => Date.now() + aheadMs,
    ...options,
  })
}

export function policy(own: Partial<LendingBounds> = {}): readonly Rule[] {
  const limits = spendingLimit({ perPaymentUsd: 200, dailyLimitUsd: 2000 })
  return [allowActions([supply({ ...bounds, ...own }), withdraw({ ...bounds, ...own })]), limits]
}

export const node = (change: ChangeAnswer): Rpc => changedNode(chain.publicClient, change)
export const goneAfter = (count: number): Rpc => nodeGoneAfter(chain.publicClient, count)

export const lent = () => chain.holds(chain.aUsdc, payer.address)

export async function passTime(seconds: number): Promise<void> {
  await chain.passTime(seconds)
  aheadMs += seconds * 1000
}

import { afterAll, beforeAll, beforeEach } from 'vitest'
import { type AgentWallet, type AgentWalletOptions, allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { type Delegation, refill, type RefillOptions } from 'stipend/actions'
import { evm, type Rpc } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import { paidResource } from 'stipend/testing'
import type { KeyPair } from '../../examples/support/chain.ts'
import { type ChangeAnswer, changedNode } from './changed-node.ts'
import { type Delegating, type DelegationChain, startDelegations } from './delegations.ts'
import { ether } from './ether.ts'

export const network = 'eip155:84532'
export const dollar = 1_000_000n
export const url = 'https://shop.example.com/report'
export const stranger = '0x0000000000000000000000000000000000000Bad'

export let chain: DelegationChain
export let payer: KeyPair
export let owner: KeyPair
export let delegation: Delegation

/** Starts a chain for the tests of a file; each begins with a payer of its own, who has nothing, and an owner of its own. */
export function setUpDelegations(): void {
  beforeAll(async () => {
    chain = await startDelegations()
  })
  afterAll(() => chain?.stop())
  beforeEach(async () => {
    payer = await chain.createSender()
    owner = await chain.createOwner(100n * dollar)
    await delegate()
  })
}

/** What the owner delegates from here on. */
export async function delegate(what: Partial<Delegating> = {}): Promise<void> {
  delegation = await chain.delegate({ owner, to: payer.address, amount: 20n * dollar, ...what })
}

export const refillOf = (own: Partial<RefillOptions> = {}) =>
  refill({
    network,
    token: 'USDC',
    delegation,
    periodAmount: '20',
    periodDuration: 86_400,
    floor: '2',
    to: '15',
    ...own,
  })

type Options = Partial<AgentWalletOptions> & {
  readonly clients?: readonly Rpc[]
  readonly own?: Partial<RefillOptions>
}

export function open({ clients = [chain.publicClient as Rpc], own, ...options }: Options = {}): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [allowHosts(['shop.example.com']), spendingLimit({ perPaymentUsd: 1, dailyLimitUsd: 10 })],
    assets: [ether],
    chains: [evm({ network, clients })],
    refills: [refillOf(own)],
    fetch: sell,
    ...options,
  })
}

/** Asks a cent of each request, and settles in its own books alone. */
const shop = paidResource({ amount: 10_000n })
const sell: typeof globalThis.fetch = (input, init) => shop(new Request(input, init))
export const node = (change: ChangeAnswer): Rpc => changedNode(chain.publicClient, change)
export const held = () => chain.balanceOf(payer.address)
export const ofRefill = async (wallet: AgentWallet) =>
  (await wallet.payments.list()).filter(({ protocol }) => protocol === 'action')

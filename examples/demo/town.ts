import { type AgentWallet, allowHosts, createAgentWallet, type Rule, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import { type KeyPair, startChain, type TestChain } from '../../test/support/chain.ts'
import { startFacilitator } from '../../test/support/facilitator.ts'
import { type OfficialServer, startServer } from '../../test/support/servers.ts'
import { line } from './draw.ts'

/** All that the story needs, on this machine: a chain with money on it, three shops, and an agent with a wallet. */
export type Town = {
  readonly chain: Witness
  readonly shops: Shops
  readonly agent: { readonly address: string }
  readonly wallet: AgentWallet
  readonly leave: () => Promise<void>
}

/** What the chain says, whatever wallets and shops say. */
export type Witness = {
  /** In units of USDC. */
  readonly balanceOf: (address: string) => Promise<bigint>
  readonly transfersFrom: (address: string) => Promise<readonly { readonly transaction: string }[]>
}

/** A shop, as far as its customers see it. */
export type Shop = { readonly url: string; readonly payTo: string; readonly sales: () => number }

export type Shops = {
  /** Sells for a tenth of a cent, and is on the agent's list. */
  readonly cheap: Shop
  /** Sells for two dollars, and is on the list too. */
  readonly dear: Shop
  /** Sells for a tenth of a cent, but is not on the list. */
  readonly unlisted: Shop
}

const report = { report: 'Tin, copper and the price of bronze', pages: 12 }

/** Builds it, and says what is ready as it goes. */
export async function buildTown(): Promise<Town> {
  const closers: (() => Promise<void>)[] = []
  const leave = async (): Promise<void> => {
    for (const close of closers.toReversed()) await close()
  }
  try {
    const chain = await startChain()
    closers.push(chain.stop)
    tell('chain', `${chain.url}  anvil, with a USDC where Base Sepolia has its own`)
    const shops = await openShops(chain, closers)
    const agent = await chain.createPayer(5_000_000n)
    tell('agent', `${agent.address}  has 5 USDC`)
    const wallet = createWallet(agent, shops)
    return { chain: witness(chain), shops, agent, wallet, leave }
  } catch (error) {
    await leave()
    throw error
  }
}

function witness({ balanceOf, transfersFrom }: TestChain): Witness {
  return {
    balanceOf: (address) => balanceOf(address as KeyPair['address']),
    transfersFrom: (address) => transfersFrom(address as KeyPair['address']),
  }
}

async function openShops(chain: TestChain, closers: (() => Promise<void>)[]): Promise<Shops> {
  const facilitator = await startFacilitator(chain)
  closers.push(facilitator.close)
  tell('settles', `${facilitator.url}  the official x402 facilitator`)
  const open = async (price: string): Promise<OfficialServer> => {
    const shop = await startServer('@x402/express', { facilitator, price, goods: report })
    closers.push(shop.close)
    tell('shop', `${shop.url}  @x402/express, a report for ${price}`)
    return shop
  }
  return { cheap: await open('$0.001'), dear: await open('$2.00'), unlisted: await open('$0.001') }
}

function createWallet(agent: KeyPair, shops: Shops): AgentWallet {
  return createAgentWallet({ keyStore: privateKey(agent.privateKey), policy: ownersRules(shops) })
}

/** The owner's rules: two shops, and how much of the stipend goes at once and in a day. */
export function ownersRules({ cheap, dear }: Shops): readonly Rule[] {
  tell('rules', 'the first two shops, at most $0.10 at once and $1 in a day')
  return [allowHosts([cheap.url, dear.url]), spendingLimit({ perPaymentUsd: 0.1, dailyLimitUsd: 1 })]
}

/** Writes a line of what is ready. */
export function tell(what: string, value: string): void {
  console.log(line([what, value]))
}

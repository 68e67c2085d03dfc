import { type AgentWallet, allowHosts, createAgentWallet, type Rule, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import type { KeyPair, TestChain } from '../support/chain.ts'
import { openMarket, tell } from '../support/market.ts'

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

/** The shops of the story. */
export type Shops = {
  /** Sells for a tenth of a cent, and is on the agent's list. */
  readonly cheap: Shop
  /** Sells for two dollars, and is on the list too. */
  readonly dear: Shop
  /** Sells for a tenth of a cent, but is not on the list. */
  readonly unlisted: Shop
}

const goods = { report: 'Tin, copper and the price of bronze', pages: 12 }

/** Builds it, and says what is ready as it goes. */
export async function buildTown(): Promise<Town> {
  const { chain, shops, agent, close } = await openMarket({
    cheap: { price: '$0.001', goods },
    dear: { price: '$2.00', goods },
    unlisted: { price: '$0.001', goods },
  })
  const wallet = createAgentWallet({ keyStore: privateKey(agent.privateKey), policy: ownersRules(shops) })
  return { chain: witness(chain), shops, agent, wallet, leave: close }
}

/** The owner's rules: two shops, and how much of the stipend goes at once and in a day. */
export function ownersRules({ cheap, dear }: Shops): readonly Rule[] {
  tell('rules', 'the first two shops, at most $0.10 at once and $1 in a day')
  return [allowHosts([cheap.url, dear.url]), spendingLimit({ perPaymentUsd: 0.1, dailyLimitUsd: 1 })]
}

function witness({ balanceOf, transfersFrom }: TestChain): Witness {
  return {
    balanceOf: (address) => balanceOf(address as KeyPair['address']),
    transfersFrom: (address) => transfersFrom(address as KeyPair['address']),
  }
}

import { type AgentWallet, allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import type { KeyPair, TestChain } from '../../test/support/chain.ts'
import type { OfficialServer } from '../../test/support/servers.ts'
import { openMarket, tell } from '../support/market.ts'

/** All that the story needs, on this machine: a chain with money on it, three shops, and an agent with a wallet. */
export type Town = {
  readonly chain: TestChain
  readonly shops: Shops
  readonly agent: KeyPair
  readonly wallet: AgentWallet
  readonly leave: () => Promise<void>
}

type Shops = {
  /** Sells for a tenth of a cent, and is on the agent's list. */
  readonly cheap: OfficialServer
  /** Sells for two dollars, and is on the list too. */
  readonly dear: OfficialServer
  /** Sells for a tenth of a cent, but is not on the list. */
  readonly unlisted: OfficialServer
}

const goods = { report: 'Tin, copper and the price of bronze', pages: 12 }

/** Builds it, and says what is ready as it goes. */
export async function buildTown(): Promise<Town> {
  const { chain, shops, agent, close } = await openMarket({
    cheap: { price: '$0.001', goods },
    dear: { price: '$2.00', goods },
    unlisted: { price: '$0.001', goods },
  })
  return { chain, shops, agent, wallet: createWallet(agent, shops), leave: close }
}

/** The owner's rules: two shops, and how much of the stipend goes at once and in a day. */
function createWallet(agent: KeyPair, { cheap, dear }: Shops): AgentWallet {
  const wallet = createAgentWallet({
    keyStore: privateKey(agent.privateKey),
    policy: [allowHosts([cheap.url, dear.url]), spendingLimit({ perPaymentUsd: 0.1, dailyLimitUsd: 1 })],
  })
  tell('rules', 'the first two shops, at most $0.10 at once and $1 in a day')
  return wallet
}

import { type AgentWallet, allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import type { KeyPair } from '../../examples/support/chain.ts'

/** Creates the wallet of an agent that may buy from servers on loopback. */
export function createAgent(
  payer: KeyPair,
  { dailyLimitUsd = 1 }: { readonly dailyLimitUsd?: number } = {},
): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd })],
  })
}

/** Says how much counts as spent, in micro-USD, by the limit that has most of it. */
export async function spentBy(wallet: AgentWallet): Promise<bigint> {
  const lines = (await wallet.budget()).filter((line) => line.measure === 'microUsd')
  if (lines.length === 0) throw new Error('Failed to read what is spent: the wallet has no limit on money')
  return lines.reduce((most, line) => (line.used > most ? line.used : most), 0n)
}

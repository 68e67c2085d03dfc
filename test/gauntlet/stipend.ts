import { allowHosts, allowNetworks, createAgentWallet, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import type { GauntletPayer } from 'stipend/testing'

/** A wallet as the quickstart makes it: a host, a network, a limit. */
export function stipendPayer(protocol: NonNullable<GauntletPayer['protocol']>): GauntletPayer {
  return {
    protocol,
    features: ['budget', 'assets', 'networks', 'window', 'purchases', 'cheapest', 'outcomes'],
    create: ({ fetch, privateKey: key, limits }) =>
      createAgentWallet({
        keyStore: privateKey(key),
        policy: [
          allowHosts([limits.host]),
          allowNetworks([limits.network]),
          spendingLimit({ dailyLimitUsd: limits.totalUsd }),
        ],
        fetch,
      }).fetch,
  }
}

import { allowHosts, allowNetworks, createAgentWallet, exactEvm, spendingLimit, uptoEvm, x402, x402V1 } from 'stipend'
import { evm } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import { l402 } from 'stipend/l402'
import { mpp } from 'stipend/mpp'
import { signInWithX } from 'stipend/sign-in'
import { exactSolana } from 'stipend/solana'
import { chargeTempo } from 'stipend/tempo'
import type { DialectsGauntletPayer, GauntletPayer } from 'stipend/testing'

/** A wallet as the quickstart makes it: a host, a network, a limit. */
export function stipendPayer(
  protocol: NonNullable<GauntletPayer['protocol']>,
  method: NonNullable<GauntletPayer['method']> = 'eip3009',
): GauntletPayer {
  return {
    protocol,
    method,
    features: ['budget', 'assets', 'networks', 'window', 'purchases', 'cheapest', 'outcomes'],
    create: ({ fetch, privateKey: key, limits, solana }) =>
      createAgentWallet({
        keyStore: privateKey(solana?.privateKey ?? key),
        schemes: solana
          ? [exactSolana({ rpc: 'https://node.example', network: limits.network, fetch: solana.node })]
          : undefined,
        policy: [
          allowHosts([limits.host]),
          allowNetworks([limits.network]),
          spendingLimit({ dailyLimitUsd: limits.totalUsd }),
        ],
        fetch,
      }).fetch,
  }
}

const maxFeeWei = 1_000_000_000_000_000n

/** One that also speaks MPP, pays by use, and signs in to what it has paid. */
export const dialectsPayer: DialectsGauntletPayer = {
  features: ['budget', 'assets', 'networks', 'window', 'purchases', 'cheapest', 'outcomes', 'permits'],
  create: ({ fetch, privateKey: key, limits, node, lightning }) =>
    createAgentWallet({
      keyStore: privateKey(key),
      policy: [allowHosts([limits.host]), spendingLimit({ dailyLimitUsd: limits.totalUsd })],
      chains: node ? [evm({ network: limits.network, clients: [node], sponsoredApprovals: { maxFeeWei } })] : [],
      schemes: [exactEvm(), uptoEvm(), chargeTempo()],
      protocols: [x402(), x402V1(), mpp()],
      signIn: signInWithX({ hosts: [limits.host] }),
      paymentMethods: lightning
        ? [l402({ wallet: lightning, btcUsd: '100000', network: 'regtest', maxFee: { percent: 0, minSats: 0 } })]
        : [],
      fetch,
    }).fetch,
}

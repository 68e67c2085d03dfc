import { chainHint } from '../assets/hints.js'
import { ChainUnavailableError, ConfigurationError, isStipendError } from '../errors.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import type { Chain } from '../ports/chain.js'
import type { PayContext } from '../pay/context.js'
import type { Holdings } from '../session/holdings.js'
import type { Balance } from '../types.js'

type BalanceContext = Pick<PayContext, 'assets' | 'askPrices' | 'keyStore'> & { readonly chains: readonly Chain[] }

/** Lists the wallet's address on each network of the table of assets that it has a key for. */
export async function addresses({
  assets,
  keyStore,
}: Pick<PayContext, 'assets' | 'keyStore'>): ReturnType<Holdings['addresses']> {
  const networks = [...new Set(assets.list().map(({ network }) => network))]
  const signers = await Promise.all(networks.map((network) => keyStore.getSigner(network)))
  return networks.flatMap((network, index) => {
    const signer = signers[index]
    return signer ? [{ network, address: signer.address }] : []
  })
}

/**
 * Asks the configured chains what the wallet holds of every asset of the table.
 *
 * @throws ConfigurationError when no chain is configured.
 */
export async function balances({ assets, askPrices, keyStore, chains }: BalanceContext): Promise<readonly Balance[]> {
  if (chains.length === 0)
    throw new ConfigurationError(`Failed to read balances: the wallet has no chain to ask${chainHint()}`)
  const held = await Promise.all(chains.map((chain) => holdings(chain, { assets, askPrices, keyStore })))
  return held.flat()
}

async function holdings(
  chain: Chain,
  { assets, askPrices, keyStore }: Omit<BalanceContext, 'chains'>,
): Promise<readonly Balance[]> {
  const { network } = chain
  const signer = await keyStore.getSigner(network)
  if (!signer || !chain.balances) return []
  const known = assets.list().filter((asset) => asset.network === network)
  const amounts = await read(chain.balances, signer.address, known)
  const claims = known.map(({ address: asset }) => ({ network, asset }))
  const priced = (await askPrices?.(claims, assets)) ?? assets
  return known.map((one, index) => {
    const amount = amounts[index] ?? 0n
    const asset = priced.find(network, one.address) ?? one
    return {
      network,
      address: signer.address,
      asset,
      amount,
      microUsd: (amount * asset.microUsd) / 10n ** BigInt(asset.decimals),
    }
  })
}

async function read(
  ask: NonNullable<Chain['balances']>,
  ...question: Parameters<typeof ask>
): Promise<readonly bigint[]> {
  try {
    return await within(deadlines.chainSearch, ask(...question), 'the chain did not answer in time')
  } catch (cause) {
    throw isStipendError(cause) ? cause : new ChainUnavailableError('it does not say what the wallet holds', { cause })
  }
}

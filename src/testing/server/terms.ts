import type { AssetInput } from '../../assets/table.js'
import { pinnedAssets } from '../../assets/pinned.js'
import { ConfigurationError } from '../../errors.js'
import { parseAddress } from '../../evm/address.js'
import { parseUsd, type Usd } from '../../money.js'
import type { Asset, Hex, Network } from '../../types.js'
import { type Terms, writeNetwork } from './wire.js'

/** What a paid resource asks for. */
export type TermsOptions = {
  /**
   * The price in atomic units, such as `10_000n` or `'10000'` for a cent of USDC.
   *
   * @default 10_000n
   */
  readonly amount?: bigint | string | undefined
  /** The price in US dollars, instead of `amount`. */
  readonly priceUsd?: Usd | undefined
  /**
   * The network whose USDC it takes, where no `asset` is given.
   *
   * @default 'eip155:84532' (Base Sepolia)
   */
  readonly network?: Network | undefined
  /** Another token that moves by EIP-3009, such as one of your own. */
  readonly asset?: AssetInput | undefined
  /**
   * The EVM address to be paid.
   *
   * @default '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
   */
  readonly payTo?: string | undefined
  /**
   * The version of x402.
   *
   * @default 2
   */
  readonly version?: 1 | 2 | undefined
  /**
   * How long an authorization may live at most, in seconds.
   *
   * @default 60
   */
  readonly maxTimeoutSeconds?: number | undefined
  /** @default '' */
  readonly description?: string | undefined
  /** Fields of the offer's `extra` to add or to replace; signatures are checked with the token's own name and version. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined
  /** Extensions to declare; what a payment echoes of them must agree. v2 only. */
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
}

/**
 * Reads what a resource asks for.
 *
 * @throws ConfigurationError when an option is not usable.
 */
export function readTerms(options: TermsOptions): Terms {
  const { version = 2, maxTimeoutSeconds = 60, description = '', extra = {}, extensions } = options
  const { payTo = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' } = options
  const asset = readAsset(options)
  const payee = parseAddress(payTo)
  if (!payee) throw new ConfigurationError(`Failed to read payTo: ${payTo} is not an EVM address`)
  const { name, version: tokenVersion } = asset.eip712
  const chainId = Number(asset.network.slice('eip155:'.length))
  return Object.freeze({
    version,
    token: { name, version: tokenVersion, chainId, verifyingContract: asset.address },
    network: writeNetwork(asset.network, version),
    amount: readAmount(options, asset),
    payTo: payee,
    maxTimeoutSeconds,
    description,
    extra: { name, version: tokenVersion, ...extra },
    extensions,
  })
}

type Token = Pick<Asset, 'network' | 'decimals'> & {
  readonly address: Hex
  readonly eip712: NonNullable<Asset['eip712']>
  readonly microUsd: bigint
}

function readAsset({ asset: own, network = 'eip155:84532' }: TermsOptions): Token {
  const asset = own ?? pinnedAssets().find((one) => one.symbol === 'USDC' && one.network === network)
  const address = asset && parseAddress(asset.address)
  const isUsable = asset?.eip712 && address && (asset.transfer ?? 'eip3009') === 'eip3009'
  const microUsd = asset?.microUsd ?? 1_000_000n
  if (isUsable && typeof microUsd === 'bigint') return { ...asset, address, eip712: asset.eip712, microUsd }
  throw new ConfigurationError(
    `Failed to read asset: ${own?.symbol ?? 'USDC'} on ${own?.network ?? network} is not usable`,
    {
      details: ['It needs to be an EVM token that moves by EIP-3009, with an address and its EIP-712 domain.'],
    },
  )
}

function readAmount({ amount, priceUsd }: TermsOptions, { decimals, microUsd }: Token): bigint {
  if (priceUsd !== undefined && amount !== undefined) {
    throw new ConfigurationError('Failed to read priceUsd: the price is given as an amount as well')
  }
  if (priceUsd !== undefined) return (parseUsd(priceUsd, 'priceUsd') * 10n ** BigInt(decimals)) / microUsd
  if (/^\d+$/.test(String(amount ?? 10_000n))) return BigInt(amount ?? 10_000n)
  throw new ConfigurationError(`Failed to read amount: ${amount} is not a whole number of atomic units`)
}

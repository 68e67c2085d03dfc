import { ConfigurationError } from './errors.js'
import type { Asset, Limit, MicroUsd } from './types.js'

/** An amount in US dollars as people write it: `"$0.10"`, `"0.1"` or `0.1`. */
export type Usd = string | number

const decimal = /^\$?(0|[1-9]\d{0,14})(?:\.(\d{1,6}))?$/

/**
 * Parses dollars to micro-USD, exactly.
 *
 * @throws ConfigurationError naming the option, on anything but a plain non-negative decimal with at most six places.
 */
export function parseUsd(value: Usd, option: string): MicroUsd {
  const isWritten = typeof value === 'string' || typeof value === 'number'
  const match = isWritten ? decimal.exec(String(value)) : undefined
  const whole = match?.[1]
  if (!whole) {
    throw new ConfigurationError(`Failed to read ${option}: ${String(value)} is not an amount in dollars`, {
      details: ['Write it like "$0.10", "0.1" or 0.1: no sign, exponent or separator, at most six decimals.'],
    })
  }
  return BigInt(whole) * 1_000_000n + BigInt((match?.[2] ?? '').padEnd(6, '0'))
}

/** Converts atomic units of an asset to micro-USD, rounding up so that no limit is ever undercut. */
export function toMicroUsd(amount: bigint, asset: Pick<Asset, 'decimals' | 'microUsd'>): MicroUsd {
  const unit = 10n ** BigInt(asset.decimals)
  return (amount * asset.microUsd + unit - 1n) / unit
}

/** Tells what a payment adds to a limit, in the limit's measure. */
export function askedOf({ measure }: Pick<Limit, 'measure'>, { microUsd }: { readonly microUsd: MicroUsd }): bigint {
  return measure === 'microUsd' ? microUsd : 1n
}

/**
 * Parses whole tokens, such as `1.50`, to atomic units, exactly.
 *
 * @throws ConfigurationError on anything but a plain decimal with at most as many places as the asset has.
 */
export function parseUnits(amount: string, { decimals, symbol }: Pick<Asset, 'decimals' | 'symbol'>): bigint {
  const [, whole, fraction = ''] = /^(0|[1-9]\d{0,30})(?:\.(\d{1,36}))?$/.exec(amount) ?? []
  if (whole !== undefined && fraction.length <= decimals) {
    return BigInt(whole) * 10n ** BigInt(decimals) + BigInt(fraction.padEnd(decimals, '0') || '0')
  }
  throw new ConfigurationError(`Failed to read amount: ${String(amount)} is not an amount of ${symbol}`, {
    details: [`Write it like '1.50': no sign, exponent or separator, at most ${decimals} decimals.`],
  })
}

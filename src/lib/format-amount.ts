import type { Asset, MicroUsd } from '../types.js'

/** Formats micro-USD as dollars, such as `$0.10` or `$0.000123`. */
export function formatUsd(amount: MicroUsd): string {
  const sign = amount < 0n ? '-' : ''
  const digits = (amount < 0n ? -amount : amount).toString().padStart(7, '0')
  const cents = digits.slice(-6).replace(/0{1,4}$/, '')
  return `${sign}$${digits.slice(0, -6)}.${cents}`
}

/** Formats atomic units of an asset, such as `0.01 USDC`. */
export function formatUnits(amount: bigint, asset: Pick<Asset, 'decimals' | 'symbol'>): string {
  const digits = amount.toString().padStart(asset.decimals + 1, '0')
  const fraction = digits.slice(digits.length - asset.decimals).replace(/0+$/, '')
  const whole = digits.slice(0, digits.length - asset.decimals)
  return `${whole}${fraction ? `.${fraction}` : ''} ${asset.symbol}`
}

type Amount = {
  readonly amount: bigint
  readonly microUsd: MicroUsd
  readonly asset: Pick<Asset, 'decimals' | 'symbol'>
}

/** Writes what is paid as a person reads it, such as `0.01 USDC ($0.01)`. */
export function formatPrice({ amount, microUsd, asset }: Amount): string {
  return `${formatUnits(amount, asset)} (${formatUsd(microUsd)})`
}

import { formatUnits, formatUsd } from '../../../../src/lib/format-amount.js'

/** Writes micro-USD as dollars, such as `$0.01`. */
export function usd(digits: string): string {
  return formatUsd(BigInt(digits))
}

/** Writes atomic units of a token, such as `0.01 USDC`. */
export function units(amount: string, token: { readonly decimals: number; readonly symbol: string }): string {
  return formatUnits(BigInt(amount), token)
}

/** Writes dollars so that their points stand under each other in a column: after the digits come blanks as wide as digits. */
export function usdColumn(all: readonly string[]): (digits: string) => string {
  const places = (text: string): number => text.length - text.indexOf('.')
  const widest = Math.max(0, ...all.map((digits) => places(usd(digits))))
  return (digits) => {
    const text = usd(digits)
    return text + '\u2007'.repeat(widest - places(text))
  }
}

/** How much of a whole a part is, from 0 to 1. */
export function share(part: string, whole: string): number {
  const [one, all] = [BigInt(part), BigInt(whole)]
  if (all === 0n || one >= all) return 1
  return Number((one * 10_000n) / all) / 10_000
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hour12: false })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long', hour12: false })

/** Writes an instant by the reader's clock: its time, and its day unless that is today. */
export function instant(at: number, now: number): string {
  const isToday = day.format(at) === day.format(now) && Math.abs(now - at) < 86_400_000
  return isToday ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`
}

export function fullInstant(at: number): string {
  return full.format(at)
}

/** Writes a day of UTC. */
export function utcDay(at: number): string {
  return new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(at)
}

/** Writes how long ago, or how soon, something is. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}

/** Writes the two ends of something long. */
export function short(text: string): string {
  return text.length <= 16 ? text : `${text.slice(0, 8)}…${text.slice(-6)}`
}

const networks: Readonly<Record<string, string>> = {
  'eip155:1': 'Ethereum',
  'eip155:10': 'Optimism',
  'eip155:137': 'Polygon',
  'eip155:8453': 'Base',
  'eip155:42161': 'Arbitrum',
  'eip155:43113': 'Avalanche Fuji',
  'eip155:43114': 'Avalanche',
  'eip155:80002': 'Polygon Amoy',
  'eip155:84532': 'Base Sepolia',
  'eip155:421614': 'Arbitrum Sepolia',
  'eip155:11155111': 'Ethereum Sepolia',
  'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp': 'Solana',
  'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1': 'Solana Devnet',
}

/** Names a network as people do, or as it names itself. */
export function networkName(network: string): string {
  return networks[network] ?? (network.startsWith('eip155:') ? `chain ${network.slice(7)}` : short(network))
}

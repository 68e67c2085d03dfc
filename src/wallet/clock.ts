import type { AgentWalletOptions } from './options.js'
import { createTrustedClock, type TrustedClock } from '../pay/clock.js'
import { ConfigurationError } from '../errors.js'
import type { Emit } from '../pay/events.js'
import type { PayContext } from '../pay/context.js'

/** Puts the ledger's time to that of the wallet's clock. */
export async function setLedgerTime(
  reason: string,
  { ledger, trusted, emit }: Pick<PayContext, 'ledger' | 'emit'> & { readonly trusted: TrustedClock },
): Promise<void> {
  if (!ledger.setTime) throw new ConfigurationError('Failed to set the time of the ledger: it has none to be set')
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > 1000)
    throw new ConfigurationError('Failed to set the time of the ledger: expected a reason of up to 1000 characters')
  const at = trusted.restart()
  await ledger.setTime(at, reason)
  emit('clock.set', { at, reason })
}

/** The time that has passed: with a clock of one's own, that clock, so that it never jumps. */
export function monotonicOf({ clock = Date.now, monotonic }: AgentWalletOptions): () => number {
  return monotonic ?? (clock === Date.now ? () => performance.now() : clock)
}

/** The wallet's clock, which is believed as long as it agrees with the time that has passed. */
export function trustedClockOf(options: AgentWalletOptions, emit: Emit): TrustedClock {
  const { clock = Date.now } = options
  const monotonic = monotonicOf(options)
  const tell = (aheadMs: number | undefined): void => {
    if (aheadMs === undefined) emit('clock.confirmed', {})
    else emit('clock.jumped', { aheadMs })
  }
  return createTrustedClock({ clock, monotonic, tell })
}

import { ConfigurationError } from '../../errors.js'
import { formatUsd } from '../../lib/format-amount.js'
import { parseUsd, type Usd } from '../../money.js'
import type { Limit, MicroUsd } from '../../types.js'
import type { Effects } from './create-rule.js'

/** What happens to a payment by its size, in US dollars, each inclusive; beyond the largest, a person is asked. */
export type TierOptions = {
  /** Up to here it is simply made. */
  readonly instantMaxUsd?: Usd | undefined
  /** Up to here it is made, and the event `payment.notified` tells of it. */
  readonly notifyMaxUsd?: Usd | undefined
  /** Up to here it can be made after `delaySeconds`, until when it can be cancelled. */
  readonly delayMaxUsd?: Usd | undefined
  readonly delaySeconds?: number | undefined
}

/** The options that tiers are made of. */
export const tierOptions = ['instantMaxUsd', 'notifyMaxUsd', 'delayMaxUsd', 'delaySeconds'] as const

/** Tiers, read: the limit beyond which a person is asked, and what is done with payments below it. */
export type Tiers = { readonly limit: Omit<Limit, 'scope'>; readonly effectsOf: (microUsd: MicroUsd) => Effects }

/**
 * Reads tiers, or answers `undefined` when none are set.
 *
 * @throws ConfigurationError when they do not rise, or a delay has no length.
 */
export function readTiers(options: TierOptions): Tiers | undefined {
  const { instantMaxUsd, notifyMaxUsd, delayMaxUsd, delaySeconds } = options
  const instant = read(instantMaxUsd, 'instantMaxUsd')
  const notify = read(notifyMaxUsd, 'notifyMaxUsd')
  const delay = read(delayMaxUsd, 'delayMaxUsd')
  const set = [instant, notify, delay].filter((max) => max !== undefined)
  if ((delay === undefined) !== (delaySeconds === undefined)) {
    throw new ConfigurationError('Failed to read spendingLimit: delayMaxUsd and delaySeconds go together')
  }
  if (delaySeconds !== undefined && !(Number.isSafeInteger(delaySeconds) && delaySeconds > 0)) {
    throw new ConfigurationError(`Failed to read delaySeconds: ${String(delaySeconds)} is not a number of seconds`)
  }
  if (set.some((max, index) => index > 0 && max <= (set[index - 1] ?? 0n))) {
    throw new ConfigurationError(
      'Failed to read spendingLimit: instantMaxUsd, notifyMaxUsd and delayMaxUsd have to rise',
    )
  }
  const max = set.at(-1)
  if (max === undefined) return undefined
  return {
    limit: {
      name: 'most without approval',
      window: { type: 'payment' },
      measure: 'microUsd',
      max: max,
      onExceed: 'approve',
    },
    effectsOf: (microUsd) => {
      if (instant !== undefined && microUsd <= instant) return {}
      if (notify !== undefined && microUsd <= notify) return { notify: true }
      if (delay === undefined || delaySeconds === undefined || microUsd > delay) return {}
      const reason = `${formatUsd(microUsd)} is beyond what is paid at once`
      return { hold: { kind: 'delay', seconds: delaySeconds, reason } }
    },
  }
}

function read(amount: Usd | undefined, option: string): MicroUsd | undefined {
  return amount === undefined ? undefined : parseUsd(amount, option)
}

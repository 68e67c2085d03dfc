import { act } from '../actions/act.js'
import type { Refill } from '../actions/refill.js'
import type { RefillMeans } from '../actions/refilling.js'
import { ConfigurationError } from '../errors.js'
import type { Payment } from '../types.js'

/** What tops a wallet up. */
export type Refills = {
  readonly refill: () => Promise<readonly Payment[]>
  /** Looks whether there is enough, for nobody to wait for. */
  readonly check: () => void
  readonly stop: () => void
}

/**
 * Starts what tops a wallet up: each way by itself once a payment leaves too little, and all of them when it is asked for.
 *
 * @throws ConfigurationError when one is not usable, or two are of the same token.
 */
export function startRefills(refills: readonly Refill[], means: Omit<RefillMeans, 'act'>): Refills {
  const names = refills.map(({ network, token }) => `${network} ${token}`)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new ConfigurationError(`Failed to read refills: there are two of ${twice}`)
  const started = refills.map((refill) => refill.start({ ...means, act }))
  return {
    refill: async () => {
      const made: Payment[] = []
      for (const one of started) {
        const payment = await one.refill()
        if (payment) made.push(payment)
      }
      return made
    },
    check: () => started.forEach((one) => one.check()),
    stop: () => started.forEach((one) => one.stop()),
  }
}

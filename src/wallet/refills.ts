import { act, type ActContext } from '../actions/act.js'
import type { Refill } from '../actions/refill.js'
import type { Refilling } from '../actions/refilling.js'
import { readBalance, tokenFinder } from '../actions/tokens.js'
import { chainHint } from '../assets/hints.js'
import { ConfigurationError } from '../errors.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import type { Emit, On } from '../pay/events.js'
import type { PlanToken } from '../ports/action.js'
import type { Payment } from '../types.js'

type Means = { readonly acting: ActContext; readonly on: On; readonly emit: Emit }

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
export function startRefills(refills: readonly Refill[], means: Means): Refills {
  const names = refills.map(({ network, token }) => `${network} ${token}`)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new ConfigurationError(`Failed to read refills: there are two of ${twice}`)
  const started = refills.map((refill) => startOne(refill, means))
  return {
    refill: async () => {
      const made: Payment[] = []
      for (const { refill } of started) made.push(...(await refill()))
      return made
    },
    check: () => started.forEach(({ check }) => check()),
    stop: () => started.forEach(({ stop }) => stop()),
  }
}

type One = Pick<Refilling, 'check' | 'stop'> & { readonly refill: () => Promise<readonly Payment[]> }

function startOne({ network, start }: Refill, { acting, on, emit }: Means): One {
  const { context, chains } = acting
  const actions = chains.find((one) => one.network === network)?.actions
  if (!actions)
    throw new ConfigurationError(`Failed to read refills: the wallet has no chain of ${network}${chainHint(network)}`)
  const balanceOf = async ({ address }: PlanToken): Promise<bigint> => {
    const signer = await context.keyStore.getSigner(network)
    if (!signer) throw new ConfigurationError(`Failed to refill: the key store has no key for ${network}`)
    return readBalance(await actions.view(signer.address), address, signer.address)
  }
  const refilling = start({
    findToken: tokenFinder(network, context.assets),
    balanceOf: (token) => within(deadlines.terms, balanceOf(token), 'the chain did not answer in time'),
    act: (request, action) => act(request, { ...acting, own: [action], isOwners: true }),
    on,
    fail: (error) => emit('refill.failed', { network, error }),
    clock: context.clock,
  })
  return {
    ...refilling,
    refill: async () => {
      const payment = await refilling.refill()
      return payment ? [payment] : []
    },
  }
}

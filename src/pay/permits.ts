import { ChainUnavailableError, LimitExceededError } from '../errors.js'
import { pause, sleep, unlessAborted } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { whileExecutable } from '../policy/built-in-limits.js'
import type { Limit, Network } from '../types.js'
import type { Allowed, PayContext, PurchaseRequest } from './context.js'
import type { TakeTurn } from './turns.js'

/** The turns of one call among those that need a permit of the same token; it has one at a time. */
export type PermitTurns = {
  readonly take: (name: string, takeTurn: TakeTurn) => Promise<void>
  /** Lets others go first while something else is waited for. */
  readonly pause: () => void
  /** Lets others go a while after it was signed: it is on record, and the ledger's limits keep them apart. */
  readonly signed: () => void
  /** Lets others go, once and for all. */
  readonly close: () => void
}

/** Lets payments that need a permit of one token go one after another, since the token takes its permits in their order. */
export function createPermitTurns(signal: AbortSignal | undefined): PermitTurns {
  let held: { readonly name: string; readonly end: () => void } | undefined
  let isOver = false
  const release = (): void => {
    held?.end()
    held = undefined
  }
  return Object.freeze({
    take: async (name, takeTurn) => {
      if (held?.name === name) return
      release()
      const end = await takeTurn(name, signal)
      if (isOver) end()
      else held = { name, end }
    },
    pause: release,
    signed: () => {
      const own = held
      if (own) void sleep(deadlines.permit).then(() => held === own && release())
    },
    close: () => {
      isOver = true
      release()
    },
  } satisfies PermitTurns)
}

/**
 * Waits for the turn of an offer that needs a permit, and asks the chain anew for it: what went before has used its number
 * up, or has left allowance enough. No two payments that can both be executed are ever signed with the same one. An approval
 * has a number of the account, as what the wallet sends itself has: it goes in turn with that.
 *
 * @throws ChainUnavailableError when the chain does not say which permit it takes by now.
 */
export async function readyPermit(
  allowed: Allowed,
  { permitTurn }: PurchaseRequest,
  { tokenTurn, accountTurn, findAllowancePermit, refuseOnChain }: PayContext,
): Promise<Allowed> {
  const { offer, signer, limits } = allowed
  if (!offer.allowancePermit) return allowed
  const { network, asset } = offer
  const isApproval = offer.allowancePermit.approval !== undefined
  const account = `account:${network}:${signer.address}`
  const numbers = isApproval
    ? numbersOf(network, signer.address)
    : `permit:${network}:${asset.address}:${signer.address}`
  await permitTurn?.(numbers, isApproval ? accountTurn(network) : tokenTurn)
  const allowancePermit = await findAllowancePermit(offer, signer)
  const anew = Object.freeze({ ...offer, allowancePermit })
  const reason = allowancePermit ? undefined : await refuseOnChain(anew, signer.address)
  const isOther = allowancePermit && (allowancePermit.approval !== undefined) !== isApproval
  if (reason !== undefined || isOther) throw new ChainUnavailableError('which permit the token takes is not known')
  const name = `${limitName} of ${asset.symbol} under way`
  const one = { name, scope: `${numbers}:${allowancePermit?.nonce}`, ...oneUnderWay } as const
  const alone: Limit = { ...one, name: `${limitName} and actions under way`, scope: account, measure: 'open' }
  // What there is enough of by now can be what another one, which is not settled yet, has approved for itself.
  const own = [...(allowancePermit ? [one] : []), ...(isApproval ? [alone] : [])]
  return { ...allowed, offer: anew, limits: [...limits, ...own] }
}

const limitName = 'limit on permits'
const oneUnderWay = { window: whileExecutable, measure: 'count', max: 1n } as const

function numbersOf(network: Network, payer: string): string {
  return `permit:account:${network}:${payer}`
}

/** Lets nothing new have the number of the account that an approval has which can still be executed, as far as is known. */
export async function besideApprovals(
  limits: readonly Limit[],
  { network, payer, number }: { readonly network: Network; readonly payer: string; readonly number: unknown },
  { ledger, time }: Pick<PayContext, 'ledger' | 'time'>,
): Promise<readonly Limit[]> {
  if (typeof number !== 'string') return limits
  const name = 'limit on approvals under way of the account'
  const none = { ...oneUnderWay, name, scope: `${numbersOf(network, payer)}:${number}`, max: 0n }
  const [usage] = await ledger.usage([none], time().ledger)
  return usage && usage.used > 0n ? [...limits, none] : limits
}

const retryMs = 200

/**
 * Tries again while another payment, maybe of another process, has the permit that the token takes next. Of one of which nobody
 * knows what became it is told at once: the chain may take it at any time, or never.
 */
export async function oncePermitIsFree<value>(
  work: () => Promise<value>,
  { signal }: Pick<PurchaseRequest, 'signal'>,
  context: Pick<PayContext, 'ledger' | 'time'>,
): Promise<value> {
  for (let tries = deadlines.permit / retryMs; ; tries -= 1) {
    try {
      return await work()
    } catch (error) {
      const isTaken = error instanceof LimitExceededError && error.limit.name.startsWith(limitName)
      if (!isTaken || tries <= 0 || (await isUnknown(error.limit, context))) throw error
      await unlessAborted(signal, pause(retryMs))
    }
  }
}

async function isUnknown(limit: Limit, { ledger, time }: Pick<PayContext, 'ledger' | 'time'>): Promise<boolean> {
  const [usage] = await ledger.usage([{ ...limit, measure: 'unknown' }], time().ledger)
  return usage !== undefined && usage.used > 0n
}

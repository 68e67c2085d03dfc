import { ConfigurationError } from '../errors.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import type { Emit, Events, On } from '../pay/events.js'
import type { Action, ActionRequest, PlanToken } from '../ports/action.js'
import type { Network, Payment } from '../types.js'
import type { ActContext, act } from './act.js'
import { readBalance } from './tokens.js'

/** What a wallet lends to what tops it up. */
export type RefillMeans = {
  readonly acting: ActContext
  readonly act: typeof act
  readonly on: On
  readonly emit: Emit
}

/** Watches over the balance of one token. */
export type Refilling = {
  /** Tops up if there is too little, and answers the payment that it took; nothing where there is enough. */
  readonly refill: () => Promise<Payment | undefined>
  /** The same, but for nobody to wait for. */
  readonly check: () => void
  readonly stop: () => void
}

type Watched = {
  readonly network: Network
  readonly token: PlanToken
  readonly floor: bigint
  readonly request: ActionRequest
  readonly action: Action
}

/** How long it is not tried again by itself after it failed, such as where the period is used up. */
const pauseMs = 60_000

/**
 * Watches what a wallet pays, and tops it up once there is too little left. Nothing waits for it: no payment does, and of
 * several that want it at once one does it.
 */
export function startRefilling(watched: Watched, means: RefillMeans): Refilling {
  const { network, token, floor } = watched
  /** What there was when it was last looked at, less what was paid since: nothing where nobody has looked yet. */
  let left: bigint | undefined
  let underWay: Promise<Payment | undefined> | undefined
  let pausedUntil = 0
  const { clock } = means.acting.context
  const once = async (): Promise<Payment | undefined> => {
    try {
      const { held, payment } = await refillOnce(watched, means)
      left = held
      return payment
    } finally {
      underWay = undefined
    }
  }
  const refill = (): Promise<Payment | undefined> => {
    underWay ??= once()
    return underWay
  }
  const check = (): void => {
    if (underWay || clock() < pausedUntil) return
    refill().catch((error: unknown) => {
      pausedUntil = clock() + pauseMs
      means.emit('refill.failed', { network, error })
    })
  }
  const isOf = (asset: { readonly network: string; readonly address: string }): boolean =>
    asset.network === network && asset.address === token.address
  const note = ({ payment: { asset, amount } }: { readonly payment: Payment }): void => {
    if (!isOf(asset)) return
    if (left !== undefined) left -= amount
    if (left === undefined || left < floor) check()
  }
  // A payment that wanted more than there is has failed; the next one need not.
  const want = ({ error }: Events['payment.denied']): void => {
    const { asset } = Object(Object(error).shortage)
    if (error.code === 'insufficient_funds' && asset && isOf(asset)) check()
  }
  const stops = [means.on('payment.settled', note), means.on('payment.unknown', note), means.on('payment.denied', want)]
  return { refill, check, stop: () => stops.forEach((stop) => stop()) }
}

type Refilled = { readonly held?: bigint | undefined; readonly payment?: Payment | undefined }

/** What another process has topped up meanwhile is no failure of this one. */
async function refillOnce(watched: Watched, { acting, act }: RefillMeans): Promise<Refilled> {
  const { floor, request, action } = watched
  const held = await readHeld(watched, acting)
  if (held >= floor) return { held }
  try {
    return { payment: await act(request, { ...acting, own: [action], isOwners: true }) }
  } catch (error) {
    const now = await readHeld(watched, acting).catch(() => 0n)
    if (now >= floor) return { held: now }
    throw error
  }
}

/** Atomic units that the wallet has, as a quorum of its chain's nodes says. */
async function readHeld({ network, token }: Watched, { context, chains }: ActContext): Promise<bigint> {
  const signer = await context.keyStore.getSigner(network)
  if (!signer) throw new ConfigurationError(`Failed to refill: the key store has no key for ${network}`)
  const read = async (): Promise<bigint> => {
    const view = await chains.find((one) => one.network === network)?.actions?.view(signer.address)
    return view ? readBalance(view, token.address, signer.address) : 0n
  }
  return within(deadlines.terms, read(), 'the chain did not answer in time')
}

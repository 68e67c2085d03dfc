import type { Events, On } from '../pay/events.js'
import type { Action, ActionRequest, PlanToken } from '../ports/action.js'
import type { Network, Payment } from '../types.js'

/** What a wallet lends to what tops it up. */
export type RefillMeans = {
  readonly findToken: (named: string) => PlanToken | undefined
  /** Atomic units that the wallet has of a token, as a quorum of its chain's nodes says. */
  readonly balanceOf: (token: PlanToken) => Promise<bigint>
  /** Takes the action, the way every action goes. */
  readonly act: (request: ActionRequest, action: Action) => Promise<Payment>
  readonly on: On
  readonly fail: (error: unknown) => void
  /** Unix milliseconds. */
  readonly clock: () => number
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
    if (underWay || means.clock() < pausedUntil) return
    refill().catch((error: unknown) => {
      pausedUntil = means.clock() + pauseMs
      means.fail(error)
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
async function refillOnce({ token, floor, request, action }: Watched, means: RefillMeans): Promise<Refilled> {
  const held = await means.balanceOf(token)
  if (held >= floor) return { held }
  try {
    return { payment: await means.act(request, action) }
  } catch (error) {
    const now = await means.balanceOf(token).catch(() => 0n)
    if (now >= floor) return { held: now }
    throw error
  }
}

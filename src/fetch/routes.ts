import type { Challenge } from './challenge.js'
import type { PayingCall } from './request.js'
import { forgetOldest } from '../lib/recent.js'
import { getPayment } from './send-paid.js'
import type { Payer } from '../pay/payer.js'
import type { Authorization } from '../types.js'

/** What a method and URL asked last, and when that was, in Unix milliseconds. */
type Known = { readonly challenge: Challenge; readonly at: number }

/** What was answered, and to whom. */
type Paid = { readonly call: PayingCall; readonly challenge: Challenge; readonly payer: Payer }

/** As many are remembered of each payer; the oldest goes first. */
const maxRoutes = 1000
const maxAgeMs = 600_000

const known = new WeakMap<Payer['authorize'], Map<string, Known>>()

/** Answers the terms by which a call can be paid before it is asked to, where its owner lets it. */
export function recallTerms(call: PayingCall, payer: Payer): Challenge | undefined {
  const routes = known.get(payer.authorize)
  if (!routes || !call.kept.isWhole || !isWanted(call, payer)) return undefined
  const found = routes.get(routeOf(call))
  if (found && payer.clock() - found.at < maxAgeMs) return found.challenge
  return undefined
}

/**
 * Remembers by which terms a call was answered with what it bought. Not where a redirect led elsewhere, nor where the
 * answer had no receipt, which may be free; nor what can be signed for one price only.
 */
export function noteTerms(
  response: Response,
  { call, challenge, payer }: Paid,
  authorization: Authorization,
): Response {
  const isAgain = isWanted(call, payer) && canComeAgain(response, { call, challenge, payer }, authorization)
  if (isAgain) remember(call, challenge, payer)
  else forgetTerms(call, payer)
  return response
}

function canComeAgain(
  response: Response,
  { call, challenge, payer }: Paid,
  { payment: { terms }, offer }: Authorization,
): boolean {
  const { receipt, status } = getPayment(response) ?? {}
  const isOneOff = terms.isMaximum || terms.challenge !== undefined || offer.flow !== undefined
  const isOpenedElse = payer.signIn !== undefined && hasSignIn(challenge)
  const isHere = challenge.resource.url === withoutHash(call.url())
  return status === 'claimed' && receipt !== undefined && !isOneOff && !isOpenedElse && isHere
}

/** Forgets what a call was asked last. */
export function forgetTerms(call: PayingCall, { authorize }: Payer): void {
  known.get(authorize)?.delete(routeOf(call))
}

function remember(call: PayingCall, challenge: Challenge, { authorize, clock }: Payer): void {
  const routes = known.get(authorize) ?? new Map<string, Known>()
  known.set(authorize, routes)
  const route = routeOf(call)
  routes.delete(route)
  routes.set(route, { challenge: { ...challenge, serverTime: undefined }, at: clock() })
  forgetOldest(routes, maxRoutes)
}

function isWanted({ ahead, url }: PayingCall, { paysAhead }: Payer): boolean {
  return ahead ?? paysAhead?.(url()) ?? false
}

function routeOf({ method, url }: PayingCall): string {
  return `${method} ${withoutHash(url())}`
}

function withoutHash(url: URL): string {
  const { hash, href } = url
  return href.slice(0, href.length - hash.length)
}

/** What was bought once is opened by signing in, which is asked first. */
function hasSignIn({ required }: Challenge): boolean {
  const extensions: unknown = Object(required.raw).extensions
  return Object.hasOwn(Object(extensions), 'sign-in-with-x')
}

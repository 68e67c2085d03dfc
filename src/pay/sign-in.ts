import { sha256Hex } from '../lib/sha256.js'
import type { PayContext, SignedIn, SignInAsked, SigningIn } from './context.js'
import { isAllowed, judge } from './judge.js'
import { match } from './match.js'
import { readTime } from './prepare.js'
import { nameIn, paymentId, requestDigest } from './purchase-id.js'
import { recordSignIn } from './reserve.js'
import { sign } from './sign.js'
import { SigningFailedError, SigningRejectedError } from '../errors.js'
import { clockMarginMs } from '../ledger/lifecycle.js'
import { listPages } from '../ledger/list-pages.js'
import { deepFreeze } from '../lib/freeze.js'
import type { Scheme } from '../ports/scheme.js'
import type { Signer } from '../ports/key-store.js'
import type { SignInClaim, SignInOffer } from '../ports/sign-in.js'
import { withoutQuery } from '../resource.js'
import type { Asset, Offer, Payment, PaymentRequired } from '../types.js'

/** The name of the scheme by which a sign-in is recorded: a payment of nothing. */
export const signInScheme = 'sign-in'

const lifeSeconds = 300

/** What a sign-in is recorded with: whatever was paid before, or what it asks nothing of. */
export type About = Pick<Payment, 'protocol' | 'asset' | 'payTo'>

/**
 * Signs in to what this wallet has paid before, or what costs nothing, where its owner lets it, the policy would allow to pay
 * it now, and its server asks for that and nothing else; answers nothing otherwise. It is recorded before the key is used,
 * counts under no limit, and stops where a payment would: when the wallet is frozen, or the session revoked or over.
 */
export async function signIn(
  required: PaymentRequired,
  asked: SignInAsked,
  context: PayContext,
): Promise<SignedIn | undefined> {
  for (const method of context.signIn ?? []) {
    if (!method.allows(asked.resource)) continue
    const how = { method, required, asked }
    const signInBy = (method.findPaid && context.showPaid) ?? (method.asks ? signInUnpaid : signInToPaid)
    const signedIn = await signInBy(how, context)
    if (signedIn) return signedIn
  }
  return undefined
}

async function signInToPaid(how: SigningIn, context: PayContext): Promise<SignedIn | undefined> {
  if (!(await isAllowedNow(how.required, how.asked, context))) return undefined
  for (const paid of await findPaid(how.asked, context)) {
    const signer = await context.keyStore.getSigner(paid.asset.network)
    if (signer?.address !== paid.terms.payer) continue
    const claim = claimOf(how, signer, paid, context)
    if (claim) return use(claim, { ...how, signer, about: paid }, context)
  }
  return undefined
}

/** What costs nothing was never paid: the policy is asked whether nothing may be paid for it. */
async function signInUnpaid(how: SigningIn, context: PayContext): Promise<SignedIn | undefined> {
  const offered = how.method.asks?.(how.required)
  const signer = offered && (await context.keyStore.getSigner(offered.network))
  if (!offered || !signer) return undefined
  const about = { protocol: how.required.protocol, asset: nothingOf(offered), payTo: offered.payTo }
  const claim = claimOf(how, signer, about, context)
  if (!claim || !(await isNothingAllowed(about, how.asked, context))) return undefined
  return use(claim, { ...how, signer, about }, context)
}

/** Reads what is to be signed; nothing where the signer cannot, or the request has the header itself. */
export function claimOf(
  { method, required, asked, paid }: SigningIn,
  signer: Signer,
  { asset: { network } }: About,
  context: PayContext,
): SignInClaim | undefined {
  if (!method.canSign(signer)) return undefined
  const { wall: now } = readTime(context)
  const claim = method.read(required, { resource: asked.resource, network, address: signer.address, now, paid })
  const isTaken = claim && Object.keys(method.write(claim, '')).some((name) => asked.hasHeader?.(name))
  return isTaken ? undefined : claim
}

/** A claim's method, signer and occasion. */
export type Use = SigningIn & { readonly signer: Signer; readonly about: About }

/** Signs a claim once it is on record. */
export async function use(
  claim: SignInClaim,
  { method, asked, signer, about }: Use,
  context: PayContext,
): Promise<SignedIn | undefined> {
  const payment = await recordSignIn(await paymentOf(claim, about, asked, context), context)
  if (!payment) return undefined
  const scheme = {
    sign: () => method.sign(claim, signer),
    check: (_: Payment, text: string) => method.check(claim, text),
  }
  const signing = sign(payment, { scheme: scheme as unknown as Scheme, signer }, asked, context)
  const signature = await signing.catch(payInstead)
  if (signature === undefined) return undefined
  return {
    headers: method.write(claim, signature),
    note: async (isOpened) => {
      const opened = method.asks ? 'the server took it' : 'it opened what was paid before'
      const note = isOpened ? opened : 'the server did not take it'
      method.note?.(claim, isOpened)
      await context.ledger.update(payment.id, { status: 'claimed', note }).catch(() => {})
    },
  }
}

/** A sign-in that asks for no money moves nothing of this. */
function nothingOf({ network, asset: address }: SignInOffer): Asset {
  return { network, address, symbol: 'nothing', decimals: 0, microUsd: 1n, transfer: 'native' }
}

/** Asks the policy whether nothing may be paid. */
export async function isNothingAllowed(
  { asset, payTo }: About,
  { resource, ownerLabels: labels }: SignInAsked,
  { policy, time }: PayContext,
): Promise<boolean> {
  const { network } = asset
  const offer: Offer = {
    ...{ index: 0, scheme: signInScheme, network, asset, payTo, maxTimeoutSeconds: lifeSeconds, extra: {}, raw: {} },
    ...{ amount: 0n, microUsd: 0n },
  }
  const verdict = await policy.evaluate(deepFreeze({ resource, offer, labels, now: time().ledger }))
  return verdict.type === 'allow' && verdict.hold === undefined
}

/** A signer that cannot sign in, or whose user does not want to, stops no payment. */
function payInstead(error: unknown): undefined {
  if (!(error instanceof SigningFailedError || error instanceof SigningRejectedError)) throw error
}

/** Whoever may not be paid is told no address. */
async function isAllowedNow(required: PaymentRequired, asked: SignInAsked, context: PayContext): Promise<boolean> {
  const { candidates } = await match(required, context)
  return (await judge(candidates, asked, context)).some(isAllowed)
}

/** How many payments for the same host are looked through, in pages: whoever has paid for none pays. */
const maxPages = 20

/** Finds what was paid for the same resource, the newest first and one for each payer. */
async function findPaid({ resource }: SignInAsked, { ledger }: PayContext): Promise<readonly Payment[]> {
  const { url, method } = withoutQuery(resource)
  const isPaid = ({ status, amount, resource: one }: Payment): boolean =>
    (status === 'claimed' || status === 'confirmed') && amount > 0n && one.url === url && one.method === method
  let pages = 0
  // Sign-ins count nowhere, and so not in this scope: else they would soon be all there is to be seen of a host.
  for await (const page of listPages(ledger, { host: resource.host, scope: 'wallet' })) {
    const paid = page.filter(isPaid)
    const newest = new Map(paid.toReversed().map((one) => [`${one.asset.network} ${one.terms.payer}`, one]))
    pages += 1
    if (paid.length > 0 || pages === maxPages) return [...newest.values()]
  }
  return []
}

async function paymentOf(claim: SignInClaim, paid: About, asked: SignInAsked, context: PayContext): Promise<Payment> {
  const { wall: now, ledger: createdAt } = readTime(context)
  const secret = await context.secret(claim.address)
  const session = context.sessions.at(-1)
  const name = `sign-in\n${claim.domain}\n${claim.nonce}`
  const validBefore = Math.floor(now / 1000) + lifeSeconds
  const nonce = `0x${sha256Hex(JSON.stringify(claim))}` as const
  return deepFreeze({
    id: paymentId(secret, nameIn(session, name)),
    purchaseKey: name,
    requestDigest: requestDigest(secret, nameIn(session, name)),
    presentations: 1,
    status: 'authorized',
    resource: withoutQuery(asked.resource),
    protocol: paid.protocol,
    scheme: signInScheme,
    asset: paid.asset,
    amount: 0n,
    microUsd: 0n,
    payTo: paid.payTo,
    terms: { payer: claim.address, nonce, validAfter: 0, validBefore },
    labels: asked.labels,
    // None of those that limits count by: it has no budget.
    scopes: context.sessions.map((one) => `sign-in:${one}`),
    createdAt,
    countsUntil: validBefore * 1000 + clockMarginMs + (createdAt - now),
  } satisfies Payment)
}

import { utf8ToBytes } from '@noble/hashes/utils'
import type { AssetTable } from '../assets/table.js'
import { PaymentDeniedError } from '../errors.js'
import { canonicalJSON } from '../lib/canonical-json.js'
import { deepFreeze } from '../lib/freeze.js'
import type { ActionContext, PayContext } from '../pay/context.js'
import { requestHash } from '../pay/request-hash.js'
import { findStanding } from '../pay/standing.js'
import { whileExecutable } from '../policy/built-in-limits.js'
import type { ActionPlan, ActionRequest, PlanningContext, PlanToken } from '../ports/action.js'
import type { Scheme } from '../ports/scheme.js'
import { actionOn } from '../resource.js'
import type { Asset, Limit, Network, Payment, PaymentRequired } from '../types.js'
import type { Asked } from './asked.js'
import { checkPlan } from './check-plan.js'
import { findCoin, readAmount, tokenFinder, worthOf } from './tokens.js'

/** A plan as it goes into the road of a payment. */
export type Planned = {
  readonly plan: ActionPlan
  /** What its gas costs at most, in atomic units of the chain's coin; nothing of one that is on record already. */
  readonly gas?: bigint | undefined
  readonly departure?: string | undefined
  readonly scheme: Scheme
  /** What it is on record as: the first thing that leaves, or the coin for its gas. */
  readonly asset: Asset
  readonly required: PaymentRequired
  readonly action: ActionContext
  readonly limits: AccountLimits
}

/** What keeps two actions of one account apart: each of them is a limit that the ledger enforces as it records. */
export type AccountLimits = { readonly open: Limit; readonly since: Limit }

/** Names an action by what it consists of, however its tokens and its amount are spelt, and by nothing that changes. */
export function hashOf(request: ActionRequest, assets: AssetTable): string {
  const { network, action } = request
  const { url, method } = actionOn(network, action)
  const findToken = tokenFinder(network, assets)
  const moved = findToken(String(request['sell'] ?? request['token']))
  const parts = Object.entries(request).map(([name, part]) => {
    if (name === 'amount') return [name, moved ? unitsOf(part, moved) : asText(part)]
    if (typeof part !== 'string') return [name, asText(part)]
    if (tokenParts.has(name)) return [name, findToken(part)?.address ?? part]
    return [name, payeeParts.has(name) ? assets.spell(network, part) : part]
  })
  return requestHash(method, url, utf8ToBytes(canonicalJSON(Object.fromEntries(parts))))
}

/** What any other part says is its action's own to read: of two texts it may want each. */
const tokenParts: ReadonlySet<string> = new Set(['sell', 'buy', 'token', 'contract'])
const payeeParts: ReadonlySet<string> = new Set(['to', 'spender'])

/** Never by what others have given bigints to be written by: atomic units are no whole tokens. */
function asText(part: unknown): unknown {
  if (typeof part === 'bigint') return `${part}n`
  if (Array.isArray(part)) return part.map(asText)
  if (typeof part !== 'object' || part === null) return part
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, asText(one)]))
}

/** `'6.50'` is as much as `6500000n` atomic units are; what is no amount of the token stays as it is. */
function unitsOf(amount: unknown, token: PlanToken): unknown {
  try {
    return asText(readAmount(amount, token))
  } catch {
    return asText(amount)
  }
}

/** Plans, and tries the plan out, on one block of the chain. */
export async function planAnew(asked: Asked, context: PayContext): Promise<Planned> {
  const { request, action, actions, networks, payer } = asked
  const { assets, clock } = context
  const { network } = request
  const gasCoin = findCoin(network, assets)
  const limits = await limitsOf(network, payer, context)
  const view = await actions.view(payer)
  const findToken = tokenFinder(network, assets)
  const findTokenOn: PlanningContext['findTokenOn'] = (other, named) =>
    networks.includes(other) ? tokenFinder(other, assets)(named) : undefined
  const now = Math.floor(clock() / 1000)
  const plan = checkPlan(await action.plan(request, { payer, view, now, findToken, findTokenOn }), request)
  const held = assets.list().filter((asset) => asset.network === network)
  const { scheme, gas, comes, departure } = await actions.prepare(plan, { payer, view, held })
  const priced = await pricesFor(plan, [gasCoin, ...(comes ?? []).map(({ token }) => token)], context)
  const coin = priced.find(network, gasCoin.address) ?? gasCoin
  const microUsd = worthOf(plan, { gas, comes }, { assets: priced, coin })
  const [first] = plan.outflows
  const asset = first && first.token.kind !== 'coin' ? assetOf(plan, priced.find(network, first.token.address)) : coin
  const obstacle: ActionContext['obstacle'] = () => (departure === undefined ? undefined : denied(departure))
  return {
    plan,
    gas,
    departure,
    scheme,
    asset,
    required: requiredOf(plan, asset, first ? first.amount : gas),
    action: { plan, microUsd, obstacle },
    limits,
  }
}

/** Asks what all that moves is worth by now, where its owner has sources that say so. */
async function pricesFor(
  { network, outflows, inflows, expected = [] }: ActionPlan,
  besides: readonly Pick<Asset, 'address'>[],
  { assets, askPrices }: PayContext,
): Promise<AssetTable> {
  const moved = [...outflows, ...inflows, ...expected].map(({ token }) => token)
  const claims = [...besides, ...moved].map(({ address: asset }) => ({ network, asset }))
  return (await askPrices?.(claims, assets)) ?? assets
}

/** Finds what is under way already: by its name or, where it goes on from those, by what it consists of. */
export async function resumable(
  { hash, key, sameRequest, payer }: Asked,
  context: PayContext,
): Promise<Payment | undefined> {
  const known = await findStanding({ payer, key, sameRequest, requestHash: hash, host: 'action' }, context)
  return known?.scheme === 'action' ? known : undefined
}

/** Goes on with what is on record: it is judged again, but neither planned nor priced again, and nothing new is recorded. */
export async function resumed(known: Payment, { actions, payer }: Asked, context: PayContext): Promise<Planned> {
  const plan = actions.planOf(known)
  if (!plan) throw new TypeError('the payment is no action')
  const { asset, amount, microUsd, terms } = known
  return {
    plan,
    scheme: { ...actions.recorded, terms: () => terms },
    asset,
    required: requiredOf(plan, asset, amount),
    action: { plan, microUsd, obstacle: () => denied('what was under way has ended meanwhile; call again') },
    limits: await limitsOf(plan.network, payer, context),
  }
}

/** Writes what leaves as an offer of our own making, so that it is judged like any other. */
function requiredOf({ network, calls }: ActionPlan, asset: Asset, amount: bigint): PaymentRequired {
  const payTo = calls.at(-1)?.to ?? ''
  const claim = { index: 0, scheme: 'action', network, asset: asset.address, amount, payTo, extra: {}, raw: undefined }
  return { protocol: 'action', claims: [{ ...claim, maxTimeoutSeconds: 900 }], setAside: [], raw: {} }
}

/** The record needs a description of what leaves, also of what is not in the table: it is never paid with. */
function assetOf({ network, outflows: [first] }: ActionPlan, known: Asset | undefined): Asset {
  if (known || !first) return known ?? unreachable()
  const { address, symbol, decimals, kind } = first.token
  return deepFreeze({ network, address, symbol, decimals, microUsd: 1n, transfer: kind })
}

function unreachable(): never {
  throw new TypeError('a plan without an outflow has no asset')
}

/**
 * Two actions of one account at once would take each other's account nonces, and plan with one balance twice: one is under way
 * at a time, and what another process has done since this one was planned makes the plan old.
 */
async function limitsOf(
  network: Network,
  payer: string,
  { ledger, time }: Pick<PayContext, 'ledger' | 'time'>,
): Promise<AccountLimits> {
  const scope = `account:${network}:${payer}`
  const open = {
    name: 'limit on actions under way of the account',
    scope,
    window: whileExecutable,
    measure: 'open',
    max: 1n,
  } as const
  const window = { type: 'lifetime' } as const
  const since = { name: 'limit on actions since it was planned', scope, window, measure: 'count', max: 1n } as const
  const [usage] = await ledger.usage([since], time().ledger)
  return deepFreeze({ open, since: { ...since, max: (usage?.used ?? 0n) + 1n } })
}

function denied(reason: string): PaymentDeniedError {
  return new PaymentDeniedError([{ rule: 'simulation', reason }])
}

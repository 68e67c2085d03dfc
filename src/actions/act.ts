import { chainHint } from '../assets/hints.js'
import { ConfigurationError, isStipendError, PaymentOutcomeUnknownError } from '../errors.js'
import { ahead, inTurn } from '../lib/in-turn.js'
import { jsonSafe } from '../lib/json-safe.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { parseUsd, type Usd } from '../money.js'
import { createPayer } from '../pay/create-payer.js'
import type { PayContext } from '../pay/context.js'
import type { Payer } from '../pay/payer.js'
import { anyPlace } from '../pay/places.js'
import type { Random } from '../lib/random.js'
import type { Action, ActionChain, ActionRequest } from '../ports/action.js'
import type { Chain } from '../ports/chain.js'
import type { PaymentRequest, Verdict } from '../ports/policy.js'
import { actionOn } from '../resource.js'
import type { Authorization, Labels, Payment, Receipt } from '../types.js'
import type { Asked } from './asked.js'
import { copyRequest } from './copy-request.js'
import { findAction } from './known.js'
import { hashOf, type Planned, planAnew, resumable, resumed } from './planned.js'
import { type ActionQuote, quoteOf } from './quote.js'

/** What is done on chain, such as a swap, with the parts that its kind has. */
export type ActOptions = ActionRequest & {
  /** Names it: the same name is the same action, and is done once. */
  readonly key?: string | undefined
  /**
   * Whether it goes on from an identical one of which nobody knows what became, although it has a name of its own: for names
   * that a framework gives each call, which say nothing of what is meant.
   *
   * @default where it has no name
   */
  readonly sameRequest?: boolean | undefined
  /** The most that all that leaves may be worth, gas included; it can only lower what the policy allows. */
  readonly maxUsd?: Usd | undefined
  readonly labels?: Labels | undefined
}

/** What takes actions: those parts of a wallet, or of a session, that judge, record and sign, and the chains. */
export type ActContext = {
  readonly context: PayContext
  readonly chains: readonly Chain[]
  readonly random: Random
  /** Actions of the owner's own. */
  readonly own: readonly Action[]
  /** Of a session: what every payment is filed under, and what its owner's side gave. */
  readonly labels?: Labels | undefined
  readonly ownerLabels?: Labels | undefined
  /** Whether it takes back what was given: then neither the policy nor what is under way stands in its way. */
  readonly takesBack?: boolean | undefined
  /** Whether the owner's own options say what is done: the policy's limits hold, and none of its rules has to allow it. */
  readonly isOwners?: boolean | undefined
}

/**
 * Does something on chain the way every payment goes: it is planned, judged, tried out on the chain, recorded and signed, then
 * sent. What is sent again are the same transactions.
 */
export async function act(options: ActOptions, means: ActContext): Promise<Payment> {
  const asked = await readOptions(options, means)
  // What takes back waits for no payment that a server has yet to answer.
  return (means.takesBack ? ahead : inTurn)(asked.chain, async () => {
    const planned = await plan(asked, means)
    const payer = payerFor(planned, means)
    const authorization = await payer.authorize(planned.required, {
      ...aboutOf(asked),
      purchaseKey: asked.key,
      sameRequest: asked.sameRequest,
      requestHash: asked.hash,
    })
    return jsonSafe(await send(authorization, asked.actions, payer))
  })
}

/** Says what an action would do and cost, and whether it would be allowed; nothing is recorded or signed. */
export async function quoteAction(options: ActOptions, means: ActContext): Promise<ActionQuote> {
  const asked = await readOptions(options, means)
  const planned = await prepare(asked, means)
  const quote = await payerFor(planned, means).appraise(planned.required, aboutOf(asked))
  return quoteOf(planned, quote)
}

async function readOptions(options: ActOptions, { chains, own, context }: ActContext): Promise<Asked> {
  const { key, sameRequest = key === undefined, maxUsd, labels = {}, ...given } = Object(options) as ActOptions
  const request = copyRequest(given)
  const { action: name, network } = request
  const action = await findAction(name, own)
  const chain = chains.find((one) => one.network === network)
  if (!chain?.actions)
    throw new ConfigurationError(
      `Failed to act: the wallet has no chain of ${String(network)}${chainHint(String(network))}`,
    )
  const signer = await context.keyStore.getSigner(network)
  if (!signer) throw new ConfigurationError(`Failed to act: the key store has no key for ${network}`)
  const networks = chains.map((one) => one.network)
  const { actions } = chain
  const hash = hashOf(request, context.assets)
  return { request, hash, key, sameRequest, maxUsd, labels, action, chain, actions, networks, payer: signer.address }
}

function aboutOf({ request: { network, action }, labels, maxUsd }: Asked) {
  const maxMicroUsd = maxUsd === undefined ? undefined : parseUsd(maxUsd, 'maxUsd')
  return { resource: actionOn(network, action), labels, maxMicroUsd }
}

/** What is under way under the same name, or in the same words, is gone on with; else it is planned. */
async function plan(asked: Asked, means: ActContext): Promise<Planned> {
  const known = await resumable(asked, means.context)
  return known ? resumed(known, asked, means.context) : prepare(asked, means)
}

async function prepare(asked: Asked, { context }: ActContext): Promise<Planned> {
  const planning = planAnew(asked, context)
  return within(deadlines.terms, planning, 'the chain did not answer in time').catch((cause: unknown) => {
    if (isStipendError(cause)) throw cause
    throw new ConfigurationError('Failed to act: the chain did not say how; nothing was signed', { cause })
  })
}

/** A payer of this one plan: nothing else can be paid by it. */
function payerFor(
  { scheme, asset, action, limits: { open, since } }: Planned,
  { context, random, labels, ownerLabels, takesBack, isOwners }: ActContext,
): Payer {
  const { assets, policy } = context
  const isNft = action.plan.outflows[0]?.token.id !== undefined
  const judge = async (request: PaymentRequest): Promise<Verdict> => {
    if (takesBack) return { type: 'allow', limits: [since] }
    if (isOwners) return { type: 'allow', limits: [...(policy.limits?.(request.resource) ?? []), open, since] }
    const verdict = await policy.evaluate(request)
    return verdict.type === 'allow' ? { ...verdict, limits: [...verdict.limits, open, since] } : verdict
  }
  const own = {
    ...context,
    schemes: [scheme],
    // It has its price already.
    assets: { ...assets, find: () => asset },
    askPrices: undefined,
    policy: { ...policy, evaluate: judge },
    // Of an NFT the simulation says whether it is there.
    findShortage: isNft ? async () => undefined : context.findShortage,
    action,
    takePlace: anyPlace,
    // Few, and each of several transactions: all of them are looked at.
    checkSignatures: 'always',
  } satisfies PayContext
  return createPayer(own, { protocols: [], random, labels, ownerLabels })
}

/** Sends what was signed, after its names are on record, and waits a while for the chain to execute it. */
async function send({ payment, payload }: Authorization, actions: ActionChain, payer: Payer): Promise<Payment> {
  const { network } = payment.asset
  const receipt: Receipt = { status: 'claimed', ...actions.name(payload), network, payer: payment.terms.payer }
  await payer.settle(payment, { status: 'unknown', receipt, note: 'being sent' })
  const fail = async (reason: string, cause?: unknown): Promise<never> => {
    const unknown = await payer.settle(payment, { status: 'unknown', note: reason })
    throw new PaymentOutcomeUnknownError(unknown, { reason, cause })
  }
  try {
    await within(deadlines.transfer, actions.send(payload), 'no answer in time')
  } catch (cause) {
    return fail('it could not be sent', cause)
  }
  const outcome = await actions.outcome(receipt.transaction)
  if (outcome === 'failed') return fail('the chain executed it without success; it moved nothing but its gas')
  return payer.settle(payment, { status: 'claimed', receipt })
}

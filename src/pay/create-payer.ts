import { bytesToHex } from '@noble/hashes/utils'
import { attest, type Paid } from './attest.js'
import { authorize } from './authorize.js'
import { createFiling } from './filing.js'
import { callLabel, readLabels } from './labels.js'
import { nameIn } from './purchase-id.js'
import { ConfigurationError, isStipendError } from '../errors.js'
import type { PayContext } from './context.js'
import type { Place } from './places.js'
import { createPermitTurns, type PermitTurns } from './permits.js'
import { createOutcomes, type Outcomes } from './outcomes.js'
import type { Payer, SignInRequest } from './payer.js'
import type { Protocol } from '../ports/protocol.js'
import { draw, type Random } from '../lib/random.js'
import { sha256Hex } from '../lib/sha256.js'
import { appraise } from './quote.js'
import { signIn } from './sign-in.js'
import { withoutQuery } from '../resource.js'
import type { Labels, Payment, PaymentRequired } from '../types.js'

/** Thrown where what an identical call bought has opened what was asked: whoever looked has the answer. */
export const nothingToPay: Error = new Error('nothing to pay')

const outcomes = new WeakMap<Payer['authorize'], Outcomes>()

/** Answers where what a wallet or a session has bought is kept, for whoever passes it on: an answer can be lost on its way. */
export function outcomesOf(payer: Pick<Payer, 'authorize'>): Outcomes | undefined {
  return outcomes.get(Object(payer).authorize)
}

/** Creates what answers 402s for a wallet or a session, whose own labels no call can change. */
export function createPayer(
  context: PayContext,
  { protocols, random, labels: own = {}, ownerLabels }: PayerOptions,
): Payer {
  /** What this payer has authorized, by which name, and what ends its turn: it can note nothing of any other payment. */
  const authorized = new WeakMap<Payment, Authorized>()
  const labelsOf = (asked: Labels): Labels => readLabels({ ...asked, ...own }, 'labels')
  const ownerLabelsOf = (labels: Labels): Labels => ownerLabels ?? withoutCall(labels)
  const filing = createFiling(context)
  const payer = Object.freeze({
    protocols: Object.freeze([...protocols]),
    clock: context.clock,
    paysAhead: context.paysAhead,
    appraise: async (required, { resource, labels, maxMicroUsd }) => {
      const given = { resource: Object.freeze({ ...resource }), ownerLabels: ownerLabelsOf(labelsOf(labels)) }
      return appraise(required, { ...given, maxMicroUsd }, context)
    },
    ...(context.signIn && {
      signIn: async (required: PaymentRequired, options: SignInRequest) => {
        const labels = labelsOf(options.labels)
        const resource = Object.freeze({ ...options.resource })
        return signIn(required, { ...options, resource, labels, ownerLabels: ownerLabelsOf(labels) }, context)
      },
    }),
    authorize: async (required, options) => {
      const labels = labelsOf(options.labels)
      // Read before anything is waited for: time that passes then is no difference between the clocks.
      const serverAheadMs = options.serverTime === undefined ? undefined : options.serverTime - context.clock()
      // Only what this payer has signed itself can be signed with other terms.
      const again = options.again && authorized.has(options.again) ? options.again : undefined
      const resource = Object.freeze({ ...options.resource })
      const name = nameIn(context.sessions.at(-1), options.requestHash)
      const known = again && authorized.get(again)
      const held = known?.endTurn
      const permits = known?.permits ?? createPermitTurns(options.signal)
      let hasWaited = false
      const onWait = (): void => {
        hasWaited = true
      }
      let endTurn = held ?? (options.sameRequest ? await context.takeTurn(name, options.signal, onWait) : () => {})
      try {
        if (hasWaited && (await options.isOpenedMeanwhile?.())) throw nothingToPay
        if (options.sameRequest) await filing.catchUp(name)
        // After its turn: whoever waits for an identical call takes nobody's place.
        const place = held ? undefined : await context.takePlace(options.signal)
        if (!held) endTurn = endAll(endTurn, place, permits)
        const aside: Place['aside'] = (work) => {
          permits.pause()
          return place ? place.aside(work) : work()
        }
        // A server's own nonces pay for one purchase, which the same call takes up again where it was given up unsigned; where
        // one of them is new, it is another.
        const nonces = required.claims.map(({ challenge }) => challenge?.nonce)
        const isGiven = options.sameRequest && nonces.every(Boolean)
        const drawn = isGiven ? sha256Hex(nonces.join() + options.requestHash) : bytesToHex(draw(random, 16))
        const purchaseKey = options.purchaseKey ?? again?.purchaseKey ?? drawn
        const isNamed = options.purchaseKey !== undefined
        const named = { purchaseKey, isNamed, labels, ownerLabels: ownerLabelsOf(labels) }
        const wanted = { ...options, ...named, resource, again, aside, permitTurn: permits.take, serverAheadMs }
        const authorization = await authorize(required, wanted, context)
        permits.signed()
        authorized.set(authorization.payment, { ...authorization, required, name, endTurn, permits })
        return authorization
      } catch (error) {
        // Of one that is signed again, the turn ends when it is settled: the next protocol can still be tried.
        if (!held) endTurn()
        if (isStipendError(error) && error.moved === 'no')
          context.emit('payment.denied', { resource: withoutQuery(options.resource), error })
        // An abort is the caller's own to recognise, as with fetch.
        if (
          error === nothingToPay ||
          isStipendError(error) ||
          (options.signal?.aborted && error === options.signal.reason)
        )
          throw error
        throw new ConfigurationError('Failed to prepare the payment; nothing was signed', { cause: error })
      }
    },
    settle: async (payment, { status, receipt: said, note: told, undelivered, attestation }) => {
      const known = authorized.get(payment)
      if (!known || (status !== 'claimed' && status !== 'unknown')) return payment
      // Whatever is said here is a claim: only a chain confirms, and who signed is for us to find.
      const claim = said && ({ ...said, status: 'claimed', attestedBy: undefined, attestation: undefined } as const)
      const attested = claim && !undelivered ? await attest(known, { receipt: claim, attestation }, context) : {}
      const receipt = claim && { ...claim, ...attested.signed }
      const note = [told, attested.note].filter((one) => one !== undefined).join('; ') || undefined
      const settled = await filing.file(payment, { status, receipt, note, undelivered }, known.name)
      if (settled.status === 'claimed') context.delivered.add(settled.id)
      known.endTurn()
      return settled
    },
  } satisfies Payer)
  outcomes.set(payer.authorize, createOutcomes(context))
  return payer
}

function endAll(endTurn: () => void, place: Place | undefined, permits: PermitTurns): () => void {
  return () => {
    permits.close()
    place?.leave()
    endTurn()
  }
}

type Authorized = Paid & { readonly name: string; readonly endTurn: () => void; readonly permits: PermitTurns }

type PayerOptions = {
  readonly protocols: readonly Protocol[]
  readonly random: Random
  /** What every payment is filed under, whatever a call says. */
  readonly labels?: Labels | undefined
  /** The labels that the owner's side gave. @default those of each call, which the owner's own code makes */
  readonly ownerLabels?: Labels | undefined
}

/** A limit on the name of a call would be a new one for each call. */
function withoutCall(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== callLabel))
}

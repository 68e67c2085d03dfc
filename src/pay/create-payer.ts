import { bytesToHex } from '@noble/hashes/utils'
import { authorize } from './authorize.js'
import { createFiling } from './filing.js'
import { callLabel, readLabels } from './labels.js'
import { nameIn } from './purchase-id.js'
import { ConfigurationError, isStipendError } from '../errors.js'
import type { Parts } from './context.js'
import type { Payer } from './payer.js'
import type { Protocol } from '../ports/protocol.js'
import { draw, type Random } from '../lib/random.js'
import { appraise } from './quote.js'
import { withoutQuery } from '../resource.js'
import type { Labels, Payment } from '../types.js'

/** Creates what answers 402s for a wallet or a session, whose own labels no call can change. */
export function createPayer(parts: Parts, { protocols, random, labels: own = {}, ownerLabels }: Options): Payer {
  /** What this payer has authorized, by which name, and what ends its turn: it can note nothing of any other payment. */
  const authorized = new WeakMap<Payment, { readonly name: string; readonly endTurn: () => void }>()
  const labelsOf = (asked: Labels): Labels => readLabels({ ...asked, ...own }, 'labels')
  const ownerLabelsOf = (labels: Labels): Labels => ownerLabels ?? withoutCall(labels)
  const filing = createFiling(parts)
  return Object.freeze({
    protocols: Object.freeze([...protocols]),
    clock: parts.clock,
    appraise: async (required, { resource, labels, maxMicroUsd }) => {
      const given = { resource: Object.freeze({ ...resource }), ownerLabels: ownerLabelsOf(labelsOf(labels)) }
      return appraise(required, { ...given, maxMicroUsd }, parts)
    },
    authorize: async (required, ask) => {
      const labels = labelsOf(ask.labels)
      const purchaseKey = ask.purchaseKey ?? bytesToHex(draw(random, 16))
      const isNamed = ask.purchaseKey !== undefined
      const resource = Object.freeze({ ...ask.resource })
      const name = nameIn(parts.sessions.at(-1), ask.requestHash)
      const endTurn = ask.sameRequest ? await parts.takeTurn(name, ask.signal) : () => {}
      try {
        if (ask.sameRequest) await filing.catchUp(name)
        const wanted = { ...ask, resource, labels, ownerLabels: ownerLabelsOf(labels), purchaseKey, isNamed }
        const authorization = await authorize(required, wanted, parts)
        authorized.set(authorization.payment, { name, endTurn })
        return authorization
      } catch (error) {
        endTurn()
        if (isStipendError(error) && error.moved === 'no')
          parts.emit('payment.denied', { resource: withoutQuery(ask.resource), error })
        // An abort is the caller's own to recognise, as with fetch.
        if (isStipendError(error) || (ask.signal?.aborted && error === ask.signal.reason)) throw error
        throw new ConfigurationError('Failed to prepare the payment; nothing was signed', { cause: error })
      }
    },
    settle: async (payment, { status, receipt: said, note, undelivered }) => {
      const known = authorized.get(payment)
      if (!known || (status !== 'claimed' && status !== 'unknown')) return payment
      // Whatever is said here is a claim: only a chain confirms.
      const receipt = said && ({ ...said, status: 'claimed' } as const)
      const settled = await filing.file(payment, { status, receipt, note, undelivered }, known.name)
      known.endTurn()
      parts.emit(settled.status === 'claimed' ? 'payment.settled' : 'payment.unknown', { payment: settled })
      return settled
    },
  } satisfies Payer)
}

type Options = {
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

import { bytesToHex } from '@noble/hashes/utils'
import { authorize } from './authorize.js'
import { readLabels } from './labels.js'
import { isStipendError } from '../errors.js'
import { advancePayment } from '../ledger/lifecycle.js'
import type { Parts } from './context.js'
import type { Payer } from './payer.js'
import type { Protocol } from '../ports/protocol.js'
import { draw, type Random } from '../lib/random.js'
import { appraise } from './quote.js'
import { withoutQuery } from '../resource.js'
import type { Labels, Payment } from '../types.js'

/** Creates what answers 402s for a wallet or a session, whose own labels no call can change. */
export function createPayer(parts: Parts, { protocols, random, labels: own = {} }: Options): Payer {
  const { clock, emit, ledger } = parts
  /** What this payer has authorized: it can note nothing of any other payment. */
  const authorized = new WeakSet<Payment>()
  return Object.freeze({
    protocols: Object.freeze([...protocols]),
    clock,
    appraise: (required, resource) => appraise(required, resource, parts),
    authorize: async (required, ask) => {
      const labels = readLabels({ ...ask.labels, ...own }, 'labels')
      const purchaseKey = ask.purchaseKey ?? bytesToHex(draw(random, 16))
      try {
        const isNamed = ask.purchaseKey !== undefined
        const resource = Object.freeze({ ...ask.resource })
        const authorization = await authorize(required, { ...ask, resource, labels, purchaseKey, isNamed }, parts)
        authorized.add(authorization.payment)
        return authorization
      } catch (error) {
        if (isStipendError(error) && error.moved === 'no')
          emit('payment.denied', { resource: withoutQuery(ask.resource), error })
        throw error
      }
    },
    settle: async (payment, { status, receipt: said, note }) => {
      if (!authorized.has(payment) || (status !== 'claimed' && status !== 'unknown')) return payment
      // Whatever is said here is a claim: only a chain confirms.
      const receipt = said && ({ ...said, status: 'claimed' } as const)
      const update = { status, receipt, note }
      const settled = await ledger.update(payment.id, update).catch(() => advancePayment(payment, update))
      emit(settled.status === 'claimed' ? 'payment.settled' : 'payment.unknown', { payment: settled })
      return settled
    },
  } satisfies Payer)
}

type Options = {
  readonly protocols: readonly Protocol[]
  readonly random: Random
  readonly labels?: Labels | undefined
}

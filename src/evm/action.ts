import type { Scheme } from '../ports/scheme.js'
import type { Hex } from '../types.js'
import { transactionsOf } from './action-terms.js'
import { isSignedBy } from './signature.js'
import type { EvmSigner } from './signer.js'
import { hashTransaction, signatureIn } from './transaction.js'

/** Transactions have no end of their own; after this long they are counted as executed, whatever became of them. */
const lifeSeconds = 3600

/** What stands between the transactions that are signed for one payment. */
const separator = ','

/**
 * Signs the transactions of an action, which follow one another by their account nonces: the chain takes each once, so that
 * what is signed again is the same action. They are built from the recorded plan alone.
 */
export function actionScheme(details?: Readonly<Record<string, string>>, expires?: number): Scheme<EvmSigner> {
  return {
    name: 'action',
    namespace: 'eip155',
    // Other account nonces would be another action.
    atMostOnce: false,
    refuse: () => undefined,
    terms: (_offer, { payer, nonce, now }) => {
      if (!details) throw new TypeError('nothing was planned')
      return { payer, nonce, validAfter: 0, validBefore: expires ?? Math.floor(now / 1000) + lifeSeconds, details }
    },
    sign: async (payment, signer) => {
      if (!signer.signTransaction) throw new TypeError('the signer signs no transactions')
      const signed: string[] = []
      for (const transaction of transactionsOf(payment)) signed.push(await signer.signTransaction(transaction))
      return signed.join(separator)
    },
    check: (payment, signature) => {
      const signed = signature.split(separator)
      const planned = transactionsOf(payment)
      if (signed.length !== planned.length)
        return 'the signer answered with more or fewer transactions than were planned'
      for (const [index, transaction] of planned.entries()) {
        const own = signatureIn(signed[index] ?? '', transaction)
        if (own === undefined) return 'the signer answered with another transaction than was planned'
        const isOurs = isSignedBy(hashTransaction(transaction), own, payment.terms.payer as Hex)
        if (!isOurs) return 'the signature is not of this action by this payer'
      }
      return undefined
    },
    payload: (payment, signature) => ({
      transactions: signature.split(separator),
      main: mainIndex(payment.terms.details?.['plan']),
    }),
    placeholder: '0x',
  }
}

function mainIndex(plan: string | undefined): number {
  const { calls = [], approvals = [] } = Object(JSON.parse(plan ?? '{}'))
  return approvals.length + calls.length - 1
}

import { PaymentDeniedError } from '../errors.js'
import type { Scheme } from '../ports/scheme.js'
import type { AuthorizationTerms, Hex } from '../types.js'
import { isPreimage, type LightningSigner } from './account.js'
import { bitcoin, type ReadingTerms, readKeptInvoice, schemeName } from './challenge.js'
import { networks } from './networks.js'

/** An answer is waited for as long, and asked for again. */
const lifeSeconds = 900
/** A wallet does not pay what is over before it has begun. */
const minLeftSeconds = 5
/** Whoever is paid, or passes it on, can hold a payment until its time locks end: at most 2016 blocks. */
const maxLockSeconds = 1_209_600

/**
 * Pays invoices over Lightning. To ask the wallet is to pay: so it is asked once, by the call that has recorded the payment, and
 * whatever goes on from that only asks what became of it. Its signature is the preimage.
 */
export function bolt11({ network, feeOf }: ReadingTerms): Scheme<LightningSigner> {
  const refuse = (
    amount: bigint,
    payTo: string,
    nonce: Hex | undefined,
    echo: string | undefined,
  ): string | undefined => {
    const invoice = readKeptInvoice(echo)
    if (invoice?.amountMsat === undefined || invoice.network !== network) return 'it has no invoice that can be paid'
    const isExact = invoice.amountMsat + feeOf(invoice.amountMsat) === amount
    const isOurs = isExact && invoice.payee === payTo && invoice.paymentHash === nonce
    return isOurs ? undefined : 'its invoice asks something else'
  }
  return {
    name: schemeName,
    namespace: 'bip122',
    // Nodes refuse to pay a hash twice; but of that no chain gives proof.
    atMostOnce: false,
    refuse: ({ amount, payTo, challenge, asset, flow }) => {
      if (asset.address !== bitcoin || asset.network !== networks[network].id || asset.transfer !== 'lightning')
        return 'its asset is not paid over Lightning'
      if (flow !== undefined) return 'its flow is not one of Lightning'
      return refuse(amount, payTo, challenge?.nonce, challenge?.echo)
    },
    terms: ({ challenge }, { payer, nonce, now }) => {
      const seconds = Math.floor(now / 1000)
      const { expiresAt = 0 } = readKeptInvoice(challenge?.echo) ?? {}
      if (expiresAt - seconds < minLeftSeconds)
        throw new PaymentDeniedError([{ rule: 'invoice', reason: 'its time is over' }])
      const openUntil = seconds + lifeSeconds + maxLockSeconds
      return {
        payer,
        nonce,
        isMaximum: true,
        validAfter: 0,
        validBefore: seconds + lifeSeconds,
        openUntil,
      } satisfies AuthorizationTerms
    },
    payload: (_, preimage) => ({ preimage }),
    sign: async ({ terms, amount, payTo, presentations }, { pay, recall }) => {
      const { nonce: hash, challenge } = terms
      const invoice = readKeptInvoice(challenge)
      const problem = refuse(amount, payTo, hash, challenge)
      if (!invoice || problem !== undefined || presentations > 1) return recall(hash)
      return pay(invoice.text, { hash, maxFeeMsat: feeOf(invoice.amountMsat ?? 0n) })
    },
    check: ({ terms }, preimage) =>
      isPreimage(preimage, terms.nonce) ? undefined : 'the wallet answered no preimage of the invoice',
    placeholder: '0'.repeat(64),
  } satisfies Scheme<LightningSigner>
}

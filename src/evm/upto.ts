import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import type { Scheme } from '../ports/scheme.js'
import type { Offer, Payment } from '../types.js'
import { parseAddress } from './address.js'
import { paymentSignature, permitDetails, withAllowancePermit } from './allowance-permit.js'
import { type ExactEvmOptions, readValidity, termsOf } from './exact.js'
import { type Permit, permit2Proxies, permitData, permitPayload, refusePermit, uptoWitness } from './permit2.js'
import { refusePayee, refuseTime } from './refuse-offer.js'
import type { EvmSigner } from './signer.js'
import { placeholder, signingOf } from './typed-signing.js'

/** Options of `uptoEvm`. */
export type UptoEvmOptions = ExactEvmOptions

/**
 * Pays x402's `upto` scheme on EVM chains by Permit2: what is signed is a maximum, and the server takes as much of it as
 * was used. The maximum counts under every limit until a final block shows how much was taken; what the server says of it
 * frees nothing. Permit2 needs an allowance of the payer's, as with `exactEvm`; what is left of one that a permit gave is
 * listed by `wallet.allowances()`, and ended by `wallet.revoke()`.
 *
 * @throws ConfigurationError when `maxValiditySeconds` is not a whole number from 7 to 900.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet, exactEvm, uptoEvm } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 *
 * const wallet = createAgentWallet({
 *   keyStore: privateKey(process.env.AGENT_KEY),
 *   policy: [allowHosts(['api.example.com'])],
 *   schemes: [exactEvm(), uptoEvm()],
 * })
 * ```
 */
export function uptoEvm(options: UptoEvmOptions = {}): Scheme<EvmSigner> {
  refuseUnknown('uptoEvm', options, { maxValiditySeconds: true } satisfies OptionNames<UptoEvmOptions>)
  const maxValiditySeconds = readValidity(options)
  return {
    name: 'upto',
    namespace: 'eip155',
    atMostOnce: true,
    refuse: (offer, payer) => refuseUse(offer) ?? refusePermit(offer) ?? refuseTime(offer) ?? refusePayee(offer, payer),
    terms: (offer, context) => ({
      ...termsOf(offer, 'permit2', { ...context, maxValiditySeconds }),
      isMaximum: true,
      details: { facilitator: facilitatorOf(offer) ?? '', ...permitDetails(offer) },
    }),
    ...withAllowancePermit(signingOf((payment) => permitData(payment, uptoPermit(payment)))),
    payload: (payment, signature) => ({
      signature: paymentSignature(payment, signature),
      permit2Authorization: permitPayload(payment, uptoPermit(payment)),
    }),
    placeholder,
  }
}

function refuseUse(offer: Offer): string | undefined {
  // What was used is known only after the work.
  if (offer.flow !== undefined) return 'its payment flow is not supported'
  if ((offer.extra['assetTransferMethod'] ?? 'permit2') !== 'permit2')
    return 'its asset transfer method is not supported'
  // Nobody else can settle it, so that none is as good as the wrong one.
  return facilitatorOf(offer) === undefined ? 'extra.facilitatorAddress is not an EVM address' : undefined
}

function facilitatorOf({ extra }: Offer): string | undefined {
  const address = parseAddress(String(extra['facilitatorAddress']))
  return address === undefined || /^0x0{40}$/.test(address) ? undefined : address
}

/** What is signed for Permit2: whom it pays, and who may say how much of it. */
function uptoPermit({ payTo, terms }: Payment): Permit {
  const witness = {
    to: parseAddress(payTo) ?? payTo,
    facilitator: terms.details?.['facilitator'] ?? '',
    validAfter: BigInt(terms.validAfter),
  }
  return { spender: permit2Proxies.upto, witnessFields: uptoWitness, witness }
}

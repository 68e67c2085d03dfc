import { ConfigurationError } from '../../errors.js'
import { type OptionNames, refuseUnknown } from '../../lib/known-options.js'
import type { Scheme } from '../../ports/scheme.js'
import type { AuthorizationTerms, Hex, Offer, Payment } from '../../types.js'
import { parseAddress } from '../address.js'
import { refusePayee, refuseTime } from '../refuse-offer.js'
import { parseSignature } from '../signature.js'
import type { EvmSigner } from '../signer.js'
import { checkOf, placeholder } from '../typed-signing.js'
import { hashCharge, serializeCharge, type TempoCharge } from './charge-transaction.js'
import { receiveGuard } from './receive-policy.js'

/** Options of `chargeTempo`. */
export type ChargeTempoOptions = {
  /**
   * The most that the chain's fee of one payment may be, in micro-USD, where its server does not pay it: from `25_000n`, at which
   * gas may cost a quarter more than Tempo's base fee, to `1_000_000n`. It is paid in the token of the payment, and counts in
   * full under every limit; most fees are a small part of it.
   *
   * @default such payments are refused
   */
  readonly maxFeeMicroUsd?: bigint | undefined
}

/** The chain takes these nonces for thirty seconds at most, by its own clock, and for five minutes since T11. */
const lifeSeconds = 25
/** What nodes want for the first transfer of a new account where they simulate it; executed, it takes less than half. */
const gas = 1_000_000n
/** What servers that pay the fee take: it is their money, of which their own rules say how much. */
const sponsored = { maxFeePerGas: 40_000_000_000n, maxPriorityFeePerGas: 2_000_000_000n }
/** Gas is priced in units of which a micro-USD has as many. */
const perMicroUsd = 1_000_000_000_000n
const dollar = 1_000_000n
/** What the addresses of all of the chain's own tokens begin with. */
const tokenPrefix = '0x20c000000000000000000000'

/**
 * Pays MPP's `tempo/charge`: signs one transfer of exactly the amount, in a transaction of Tempo's own type, that the server
 * sends and that no block takes once half a minute is over. The chain executes it once, whoever pays its fee and however
 * often it is sent.
 *
 * @throws ConfigurationError when `maxFeeMicroUsd` is not a bigint from 25_000n to 1_000_000n.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet, exactEvm, x402 } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 * import { mpp } from 'stipend/mpp'
 * import { chargeTempo } from 'stipend/tempo'
 *
 * const wallet = createAgentWallet({
 *   keyStore: privateKey(process.env.AGENT_KEY),
 *   policy: [allowHosts(['api.example.com'])],
 *   protocols: [x402(), mpp()],
 *   schemes: [exactEvm(), chargeTempo()],
 * })
 * ```
 */
export function chargeTempo(options: ChargeTempoOptions = {}): Scheme<EvmSigner> {
  refuseUnknown('chargeTempo', options, { maxFeeMicroUsd: true } satisfies OptionNames<ChargeTempoOptions>)
  const maxFee = readFee(options)
  return {
    name: 'charge',
    namespace: 'eip155',
    // What is signed again is the same transaction, which the chain executes once. With another time it would be another.
    atMostOnce: false,
    refuse: (offer, payer, signer) =>
      refuseCharge(offer, maxFee) ??
      refuseTime(offer) ??
      refusePayee(offer, payer) ??
      refuseRecipient(offer) ??
      refuseSigner(signer),
    fee: (offer) => (isSponsored(offer) ? 0n : (maxFee ?? 0n)),
    terms: (offer, context) => chargeTerms(offer, { ...context, maxFee }),
    sign: async (payment, signer) => {
      if (!signer.signCharge) throw new TypeError('the signer signs no transfers of Tempo')
      const signature: unknown = await signer.signCharge(Object.freeze(chargeOf(payment)))
      return parseSignature(signature) ?? String(signature)
    },
    check: checkOf((payment) => hashCharge(chargeOf(payment))),
    payload: (payment, signature) => ({
      transaction: serializeCharge(chargeOf(payment), signature as Hex, payment.terms.payer as Hex),
    }),
    placeholder,
  }
}

function readFee({ maxFeeMicroUsd }: ChargeTempoOptions): bigint | undefined {
  if (maxFeeMicroUsd === undefined) return undefined
  if (typeof maxFeeMicroUsd === 'bigint' && maxFeeMicroUsd >= 25_000n && maxFeeMicroUsd <= dollar) return maxFeeMicroUsd
  throw new ConfigurationError('Failed to read maxFeeMicroUsd: it is not a bigint from 25_000n to 1_000_000n')
}

function refuseCharge(offer: Offer, maxFee: bigint | undefined): string | undefined {
  const { asset, challenge, extra } = offer
  if (asset.transfer !== 'tip20') return `${asset.symbol} on ${asset.network} is no token of Tempo's own kind`
  if (!challenge || memoOf(extra) === undefined) return 'it comes with no challenge of MPP'
  if (isSponsored(offer)) return undefined
  if (maxFee === undefined) return 'its server does not pay the fee of the chain, and the wallet has no maxFeeMicroUsd'
  // The fee is in dollars, of which its token has to be the measure.
  const isDollar = asset.decimals === 6 && asset.microUsd === dollar
  return isDollar
    ? undefined
    : `its server does not pay the fee of the chain, which ${asset.symbol} cannot be bounded in`
}

/** The chain executes no transfer to these, and takes its fee all the same. */
function refuseRecipient({ payTo }: Offer): string | undefined {
  const payee = payTo.toLowerCase()
  const isRefused = payee.startsWith(tokenPrefix) || payee === receiveGuard
  return isRefused ? 'payTo is an address of the chain itself, to which its tokens refuse transfers' : undefined
}

function refuseSigner({ signCharge }: EvmSigner): string | undefined {
  return signCharge ? undefined : 'its signer signs no transfers of Tempo'
}

function isSponsored({ extra }: Offer): boolean {
  return extra['feePayer'] === true
}

function memoOf({ memo }: Offer['extra']): Hex | undefined {
  return typeof memo === 'string' && /^0x[0-9a-f]{64}$/.test(memo) ? (memo as Hex) : undefined
}

type TermsContext = {
  readonly payer: string
  readonly nonce: Hex
  readonly now: number
  readonly maxFee: bigint | undefined
}

function chargeTerms(offer: Offer, { payer, nonce, now, maxFee = 0n }: TermsContext): AuthorizationTerms {
  const seconds = Math.floor(now / 1000)
  const maxFeePerGas = (maxFee * perMicroUsd) / gas
  const own = { maxFeePerGas, maxPriorityFeePerGas: maxFeePerGas / 20n }
  const price = isSponsored(offer) ? sponsored : own
  return {
    payer,
    nonce,
    method: 'tip20',
    validAfter: 0,
    validBefore: seconds + Math.min(offer.maxTimeoutSeconds, lifeSeconds),
    details: {
      memo: memoOf(offer.extra) ?? '',
      feePayer: isSponsored(offer) ? 'server' : 'payer',
      gas: String(gas),
      maxFeePerGas: String(price.maxFeePerGas),
      maxPriorityFeePerGas: String(price.maxPriorityFeePerGas),
    },
  }
}

/** What is signed: built from the recorded payment, and from nothing else. */
function chargeOf({ amount, asset, payTo, terms }: Payment): TempoCharge {
  const { memo = '', feePayer, gas: limit = '', maxFeePerGas = '', maxPriorityFeePerGas = '' } = terms.details ?? {}
  const payee = parseAddress(payTo)
  if (!payee) throw new TypeError('the payee is not an address')
  return {
    chainId: Number(asset.network.slice('eip155:'.length)),
    token: asset.address as Hex,
    payee,
    amount,
    memo: memo as Hex,
    validBefore: terms.validBefore,
    gas: BigInt(limit),
    maxFeePerGas: BigInt(maxFeePerGas),
    maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas),
    isSponsored: feePayer === 'server',
  }
}

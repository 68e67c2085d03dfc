import { ConfigurationError } from '../errors.js'
import { deepFreeze } from '../lib/freeze.js'
import { type OptionNames, refuseUnknown, requireOptions } from '../lib/known-options.js'
import { type Random, randomBytes } from '../lib/random.js'
import { parseUsd, type Usd } from '../money.js'
import type { PaymentMethod } from '../ports/payment-method.js'
import type { MicroUsdSource } from '../ports/price.js'
import type { Message, Protocol, ProtocolAnswer } from '../ports/protocol.js'
import { readChallenges } from '../protocols/authenticate.js'
import type { OfferClaim, SetAside } from '../types.js'
import { createAccount, type LightningAccount } from './account.js'
import { bitcoin, type ReadingTerms, readKeptInvoice, readOffer } from './challenge.js'
import { lightningEvidence } from './evidence.js'
import { type LightningNetwork, networks } from './networks.js'
import { type PriceSource, priceOfNow } from './price.js'
import { showProof, writeProof } from './proof.js'
import { bolt11 } from './scheme.js'
import type { LightningWallet } from './wallet.js'

export type { PaymentMethod } from '../ports/payment-method.js'
export type { Price, PriceSource } from './price.js'
export type { LightningNetwork } from './networks.js'
export type { LightningPayment, LightningWallet } from './wallet.js'

/** Options of `l402`. */
export type L402Options = {
  /** Pays the invoices, such as an `NWCClient` of `@getalby/sdk`. */
  readonly wallet: LightningWallet
  /** What a bitcoin is worth in US dollars, for limits: a source that is asked for each payment, or a price that is fixed. */
  readonly btcUsd: Usd | PriceSource
  /** The network that the wallet is on. @default 'mainnet' */
  readonly network?: LightningNetwork | undefined
  /**
   * What routing may cost at most: so many percent of an amount, and of small ones so many satoshis. It is given to the wallet,
   * and counts with the amount; set it to what the wallet goes by.
   *
   * @default { percent: 1, minSats: 10 }
   */
  readonly maxFee?: { readonly percent?: number | undefined; readonly minSats?: number | undefined } | undefined
  /** What the wallet is called in the ledger: a name of its own for each that shares it. @default 'lightning' */
  readonly account?: string | undefined
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined
  /** @default crypto.getRandomValues */
  readonly random?: Random | undefined
}

const optionNames: OptionNames<L402Options> = {
  wallet: true,
  btcUsd: true,
  network: true,
  maxFee: true,
  account: true,
  clock: true,
  random: true,
}

/**
 * Pays servers that ask by L402 (or LSAT) over Lightning, with a wallet of its owner's: `WWW-Authenticate: L402` is answered by
 * paying its invoice and showing the preimage, and what was paid is shown again before anything is paid once more.
 *
 * To ask the wallet is to pay, so it is asked once for each purchase, after it is on record. What it does not answer counts as
 * spent until it says what became of it.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet, spendingLimit } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 * import { l402, type LightningWallet, type PriceSource } from 'stipend/l402'
 *
 * declare const lightningWallet: LightningWallet
 * declare const btcUsd: PriceSource
 * const wallet = createAgentWallet({
 *   keyStore: privateKey(process.env.AGENT_KEY),
 *   policy: [allowHosts(['api.example.com']), spendingLimit({ perPaymentUsd: 0.1, dailyLimitUsd: 5 })],
 *   paymentMethods: [l402({ wallet: lightningWallet, btcUsd })],
 * })
 * ```
 */
export function l402(options: L402Options): PaymentMethod {
  requireOptions('l402', options, optionNames)
  const { wallet, network = 'mainnet', clock = Date.now, random = randomBytes } = options
  if (typeof wallet?.payInvoice !== 'function') throw unusable('wallet', 'a Lightning wallet, which has payInvoice')
  if (!Object.hasOwn(networks, network)) throw unusable('network', Object.keys(networks).join(', '))
  const reading: ReadingTerms = { network, feeOf: readMaxFee(options.maxFee) }
  const account = createAccount(wallet, readAccount(options.account))
  const { signer } = account
  const { id } = networks[network]
  const protocol = l402Protocol(account, reading)
  const asset = { network: id, address: bitcoin, symbol: 'BTC', decimals: 11, transfer: 'lightning' } as const
  return Object.freeze({
    protocols: [protocol],
    schemes: [bolt11(reading)],
    keyStore: Object.freeze({
      id: signer.address,
      getSigner: async (asked) => (asked === id ? signer : undefined),
    }),
    assets: [{ ...asset, microUsd: readPrice(options.btcUsd, clock) }],
    chains: [lightningEvidence({ account, network, clock })],
    signIn: [showProof({ account, protocol: protocol.name, random })],
  } satisfies PaymentMethod)
}

const schemes = ['l402', 'lsat']

function l402Protocol(account: LightningAccount, reading: ReadingTerms): Protocol {
  return Object.freeze({
    name: 'l402',
    paymentHeaders: Object.freeze([]),
    parse: ({ headers }: Message) => {
      const header = headers.get('WWW-Authenticate')
      if (header === null || !/(?:^|[,\s])(?:l402|lsat)\s/i.test(header)) return undefined
      const challenges = readChallenges(header, schemes)
      const read = withoutTwins(challenges.map((one, index) => readOffer(one, index, reading)))
      if (read.length === 0) return undefined
      return deepFreeze({
        protocol: 'l402',
        claims: read.filter((one): one is OfferClaim => 'raw' in one),
        setAside: read.filter((one): one is SetAside => 'reason' in one),
        raw: {},
      })
    },
    attach: (_required, { payment, offer, payload }) =>
      writeProof(payment.terms.challenge ?? offer.challenge?.echo, String(payload['preimage'])),
    readAnswer: (headers, { terms, asset }): ProtocolAnswer => {
      const proof = account.known(terms.nonce)
      const { amountMsat } = readKeptInvoice(terms.challenge) ?? {}
      // A redirect or another challenge says nothing of what was paid for.
      if (!proof || amountMsat === undefined || headers.has('Location') || headers.has('WWW-Authenticate')) return {}
      const { feesMsat } = proof
      const amount = feesMsat === undefined ? undefined : amountMsat + feesMsat
      return { receipt: { status: 'claimed', transaction: terms.nonce, network: asset.network, amount } }
    },
  } satisfies Protocol)
}

/** Servers write one challenge by both names: the new one is answered. */
function withoutTwins(read: readonly (OfferClaim | SetAside)[]): readonly (OfferClaim | SetAside)[] {
  const isNew = (one: OfferClaim): boolean => one.challenge?.echo.startsWith('{"scheme":"L402"') === true
  const offers = read.filter((one): one is OfferClaim => 'raw' in one)
  return read.filter((one) => {
    if (!('raw' in one)) return true
    const twins = offers.filter(({ challenge }) => challenge?.nonce === one.challenge?.nonce)
    return one === (twins.find(isNew) ?? twins[0])
  })
}

function readPrice(btcUsd: L402Options['btcUsd'], clock: () => number): bigint | MicroUsdSource {
  if (typeof btcUsd === 'function') return priceOfNow(btcUsd, clock)
  const microUsd = parseUsd(btcUsd, 'btcUsd')
  if (microUsd > 0n) return microUsd
  throw unusable('btcUsd', 'a price above zero, or a function that answers { usd, at }')
}

function readMaxFee(maxFee: L402Options['maxFee'] = {}): ReadingTerms['feeOf'] {
  refuseUnknown('maxFee', maxFee, { percent: true, minSats: true } satisfies OptionNames<NonNullable<typeof maxFee>>)
  const { percent = 1, minSats = 10 } = maxFee
  const areWhole = [percent, minSats].every((one) => Number.isSafeInteger(one) && one >= 0)
  if (!areWhole || percent > 100 || minSats > 1_000_000)
    throw unusable('maxFee', 'a whole percent up to 100, and up to 1000000 satoshis')
  return (amountMsat) => {
    const part = (amountMsat * BigInt(percent) + 99n) / 100n
    const least = BigInt(minSats) * 1000n
    return part > least ? part : least
  }
}

function readAccount(account = 'lightning'): string {
  if (typeof account === 'string' && /^[-.\w]{1,64}$/.test(account)) return account
  throw unusable('account', 'up to 64 letters, digits, dots, dashes and underscores')
}

function unusable(name: string, expected: string): ConfigurationError {
  return new ConfigurationError(`Failed to read ${name} of l402: expected ${expected}`)
}

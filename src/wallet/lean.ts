import { createLateFetch } from '../fetch/wrap-fetch.js'
import { type OptionNames, requireOptions } from '../lib/known-options.js'
import { randomBytes } from '../lib/random.js'
import { createPayer } from '../pay/create-payer.js'
import { x402 } from '../protocols/x402/v2.js'
import { createContext } from './context.js'
import { type AgentWalletOptions, payingNames } from './options.js'
import { type LeanWallet, payingPartOf } from './paying-part.js'

export type { LeanWallet } from './paying-part.js'

/** Options of `createLeanWallet`: those of `createAgentWallet` without what needs a chain, sessions or actions. */
export type LeanWalletOptions = Omit<
  AgentWalletOptions,
  'paymentMethods' | 'chains' | 'actions' | 'refills' | 'reconcileEverySeconds' | 'sessionTokenPrefix' | 'protocols'
> & {
  /** @default [x402()], the second version alone */
  readonly protocols?: AgentWalletOptions['protocols']
}

/**
 * Creates a wallet as `createAgentWallet` does, for pages and workers in which each kilobyte counts: the same road from a
 * 402 to a signature, the same policy and ledger, and the second version of x402. What became of a payment is known from
 * servers alone, so that all that was signed counts as spent, and an unresolved payment stands in the way of its twin.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { allowHosts, spendingLimit } from 'stipend'
 * import { evmKey } from 'stipend/keys'
 * import { createLeanWallet } from 'stipend/lean'
 *
 * const wallet = createLeanWallet({
 *   keyStore: evmKey(process.env.AGENT_KEY),
 *   policy: [allowHosts(['api.example.com']), spendingLimit({ perPaymentUsd: 0.1, dailyLimitUsd: 5 })],
 * })
 * const response = await wallet.fetch('https://api.example.com/report')
 * ```
 */
export function createLeanWallet(options: LeanWalletOptions): LeanWallet {
  requireOptions('createLeanWallet', options, payingNames satisfies OptionNames<LeanWalletOptions>)
  const { protocols = [x402()], random = randomBytes, fetch = createLateFetch() } = options
  const made = createContext(options)
  const payer = createPayer(made.context, { protocols, random })
  return Object.freeze(payingPartOf(made, { payer, fetch }))
}

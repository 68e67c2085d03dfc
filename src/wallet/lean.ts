import { createLateFetch, quoteWith, wrapFetch } from '../fetch/wrap-fetch.js'
import { type OptionNames, requireOptions } from '../lib/known-options.js'
import { randomBytes } from '../lib/random.js'
import { budget } from '../pay/budget.js'
import { createPayer } from '../pay/create-payer.js'
import type { Payer } from '../pay/payer.js'
import { x402 } from '../protocols/x402/v2.js'
import { approvalsOf } from './approvals.js'
import { setLedgerTime } from './clock.js'
import { createContext } from './context.js'
import { freezerOf } from './freezer.js'
import type { AgentWalletOptions } from './options.js'
import { paymentsOf } from './payments.js'
import type { AgentWallet } from './wallet.js'

/** Options of `createLeanWallet`: those of `createAgentWallet` without what needs a chain, sessions or actions. */
export type LeanWalletOptions = Omit<
  AgentWalletOptions,
  'chains' | 'actions' | 'refills' | 'reconcileEverySeconds' | 'sessionTokenPrefix' | 'protocols'
> & {
  /** @default [x402()], the second version alone */
  readonly protocols?: AgentWalletOptions['protocols']
}

/** A wallet that pays and keeps its owner's rules; it asks no chain, moves nothing else, and makes no sessions. */
export type LeanWallet = Payer &
  Pick<AgentWallet, 'fetch' | 'quote' | 'budget' | 'approvals' | 'freeze' | 'unfreeze' | 'frozen'> &
  Pick<AgentWallet, 'setPolicy' | 'restrict' | 'on' | 'confirmClock' | 'setLedgerTime'> & {
    readonly payments: Omit<AgentWallet['payments'], 'export'>
  }

const leanNames: OptionNames<LeanWalletOptions> = {
  keyStore: true,
  policy: true,
  ledger: true,
  schemes: true,
  protocols: true,
  unresolvedSeconds: true,
  checkSignatures: true,
  payAhead: true,
  maxInFlight: true,
  assets: true,
  clock: true,
  monotonic: true,
  random: true,
  onApproval: true,
  signIn: true,
  attestations: true,
  fetch: true,
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
  requireOptions('createLeanWallet', options, leanNames)
  const { protocols = [x402()], random = randomBytes } = options
  const fetch = options.fetch ?? createLateFetch()
  const { context, setPolicy, restrict, trusted, on } = createContext(options)
  const payer = createPayer(context, { protocols, random })
  const { ledger, emit } = context
  return Object.freeze({
    ...payer,
    fetch: wrapFetch(fetch, payer),
    quote: quoteWith(fetch, payer),
    budget: (url?: string | URL) => budget(context, url),
    payments: Object.freeze(paymentsOf(ledger)),
    approvals: approvalsOf(context),
    confirmClock: trusted.confirm,
    setLedgerTime: ({ reason }: { readonly reason: string }) => setLedgerTime(reason, { ledger, trusted, emit }),
    ...freezerOf(context),
    setPolicy,
    restrict,
    on,
  })
}

import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import { ConfigurationError } from '../errors.js'
import type { Session } from '../session/session.js'
import type { AgentWallet } from '../wallet/wallet.js'
import { createActionTools } from './action-tools.js'
import { createFindServices, type FindServicesOptions } from './find-services.js'
import { createHoldingsTools } from './holdings.js'
import { createPayFetch, createTool } from './create-tool.js'
import { ownerViewOf } from './owner-view.js'
import { approvalStatusInput, budgetInput, paymentsInput, quoteInput } from './input.js'
import { approvalStatus, budget, payments, quote } from './read-tools.js'
import { approvalStatusOutput, budgetOutput, paymentsOutput, quoteOutput } from './output.js'
import type { ToolContext } from './pay-fetch.js'
import { createReach } from './reachable.js'
import type { PaymentTools } from './tool.js'

/** Options of `paymentTools`. */
export type PaymentToolsOptions = {
  /**
   * The hosts that the tools may reach at all, paid or not, as `allowHosts` has them; loopback origins are written out, as
   * in `http://127.0.0.1:*`.
   *
   * What a name resolves to is the business of the wallet's fetch.
   *
   * @default any public name over https; addresses and names of local networks are out of reach
   */
  readonly hosts?: readonly string[] | undefined
  /**
   * The most characters of a server's answer that a model is shown.
   *
   * @default 16_384
   */
  readonly maxBodyCharacters?: number | undefined
  /**
   * Adds the tools of what a session may do on chain, such as `quote_swap` and `swap`; of a session only, and only what its
   * scope has.
   *
   * @default false
   */
  readonly actions?: boolean | undefined
  /**
   * Adds the tool `find_services`, with which a model finds what it would be let pay in the list of a facilitator.
   *
   * @default there is no such tool
   */
  readonly findServices?: FindServicesOptions | undefined
}

/**
 * Makes the tools with which a model pays within what a session, or a wallet, allows. The model sees results only: no
 * key, no signature, no token, and no payments of others. Of a wallet the tools use what a session has; a session is
 * the better choice, since it can be narrowed and revoked.
 *
 * How often a model may pay is the owner's to say, with `maxPayments` and the limits of the policy.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { type AgentWallet } from 'stipend'
 * import { paymentTools } from 'stipend/tools'
 *
 * declare const wallet: AgentWallet
 * const session = wallet.session({ limits: { totalLimitUsd: 1 }, maxPayments: 20 })
 * const { pay_fetch } = paymentTools(session)
 * const result = await pay_fetch.execute({ url: 'https://api.example.com/report', maxUsd: '0.05' })
 * console.log(result.status, result.payment?.amountUsd, result.untrustedBody)
 * ```
 */
export function paymentTools(owner: AgentWallet | Session, options: PaymentToolsOptions = {}): PaymentTools {
  refuseUnknown('paymentTools', options, {
    hosts: true,
    maxBodyCharacters: true,
    actions: true,
    findServices: true,
  } satisfies OptionNames<PaymentToolsOptions>)
  const { hosts, maxBodyCharacters: maxCharacters = 16_384, actions = false, findServices } = options
  if (!Number.isSafeInteger(maxCharacters) || maxCharacters < 0 || maxCharacters > 1_048_576) {
    throw new ConfigurationError('Failed to read maxBodyCharacters: expected a whole number up to 1048576')
  }
  const context: ToolContext = Object.freeze({ owner: ownerViewOf(owner), reach: createReach(hosts), maxCharacters })
  return Object.freeze({
    ...(actions && createActionTools(owner)),
    ...(findServices && { find_services: createFindServices(owner, findServices, context) }),
    ...createHoldingsTools(context),
    pay_fetch: createPayFetch(context),
    quote: createTool({ name: 'quote', input: quoteInput, output: quoteOutput, work: quote }, context),
    budget: createTool({ name: 'budget', input: budgetInput, output: budgetOutput, work: budget }, context),
    payments: createTool({ name: 'payments', input: paymentsInput, output: paymentsOutput, work: payments }, context),
    approval_status: createTool(
      { name: 'approval_status', input: approvalStatusInput, output: approvalStatusOutput, work: approvalStatus },
      context,
    ),
  })
}

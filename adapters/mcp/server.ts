import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import { McpServer } from '@modelcontextprotocol/server'
import { randomBytes } from '../../src/lib/random.js'
import { type AgentWallet, ConfigurationError, type Random, type RulesEngine, type Session } from 'stipend'
import { type Approver, paymentTools, type PaymentToolsOptions } from 'stipend/tools'
import { registerGuide } from './guide.js'
import { registerResources } from './resources.js'
import { registerTools } from './tools.js'

const optionNames: OptionNames<McpServerOptions> = {
  approvals: true,
  policy: true,
  info: true,
  random: true,
  hosts: true,
  maxBodyCharacters: true,
  actions: true,
  findServices: true,
}

/** Options of `createMcpServer`. */
export type McpServerOptions = PaymentToolsOptions & {
  /**
   * Who decides, which is `wallet.approvals`. With it, a payment that needs a person is put to the person at the host, by
   * elicitation, and a yes there is to exactly the terms that were asked for. Whoever runs the host can say that yes: give
   * it only where that is the owner's to do.
   *
   * @default nobody: the call answers that it waits, and goes on once the owner has decided elsewhere
   */
  readonly approvals?: Approver | undefined
  /**
   * The rules to show as the resource `stipend://policy`; showing them changes nothing about them.
   *
   * @default there is no such resource
   */
  readonly policy?: Pick<RulesEngine, 'toJSON'> | undefined
  /**
   * What the server calls itself.
   *
   * @default { name: 'stipend', version: '1.0.0' }
   */
  readonly info?: { readonly name: string; readonly version: string } | undefined
  /** @default crypto.getRandomValues */
  readonly random?: Random | undefined
}

/**
 * Creates an MCP server with which a host's model pays within what a session, or a wallet, allows: the tools `pay_fetch`,
 * `quote`, `budget`, `payments` and `approval_status`, resources that show limits, payments and rules, and a prompt that
 * says how to pay. No tool approves, changes a limit, signs, or sends money to an address.
 *
 * Connect it to one transport. For stdio, and for HTTP with `createMcpHandler`, hand out a function that makes one: what
 * has to outlive a connection is in the ledger. Over HTTP, `createMcpHandler` asks nobody who they are: put in front of it
 * the checks of the Host and Origin headers that its package has, and one of a token, or any page in a browser could pay.
 *
 * @throws ConfigurationError when an option is not usable, or a rule of the policy has no form as data.
 *
 * @example
 * ```ts
 * import { serveStdio } from '@modelcontextprotocol/server/stdio'
 * import type { AgentWallet } from 'stipend'
 * import { createMcpServer } from 'stipend/mcp'
 *
 * declare const wallet: AgentWallet
 * const session = wallet.session({ limits: { totalLimitUsd: 5 }, maxPayments: 50 })
 * serveStdio(() => createMcpServer(session, { approvals: wallet.approvals }))
 * ```
 */
export function createMcpServer(owner: AgentWallet | Session, options: McpServerOptions = {}): McpServer {
  refuseUnknown('createMcpServer', options, optionNames)
  const { approvals, policy, info = { name: 'stipend', version: '1.0.0' }, random = randomBytes, ...rest } = options
  if (approvals !== undefined && typeof approvals.approve !== 'function') {
    throw new ConfigurationError('Failed to read approvals: expected wallet.approvals')
  }
  const tools = paymentTools(owner, rest)
  const server = new McpServer(info, { instructions })
  registerTools(server, { tools, approvals, random })
  registerResources(server, { tools, rules: policy?.toJSON() })
  registerGuide(server)
  return server
}

const instructions =
  'Pays for HTTP requests within limits that the owner has set. Call pay_fetch instead of any other way to fetch a URL that may ask a payment; the prompt how-to-pay says more.'

import { wireJson } from '../../src/lib/canonical-json.js'
import { type OptionNames, refuseUnknown, refuseMisspelt } from '../../src/lib/known-options.js'
import {
  type Labels,
  NoPayableOfferError,
  type Payer,
  type PaymentOptions,
  UnpayableRequestError,
  wrapFetch,
} from 'stipend'
import {
  listTools,
  type McpCallOptions,
  type McpClient,
  type ToolCallParams,
  type ToolDefinition,
  type ToolResult,
} from './client.js'
import { rememberDefinitions, type ToolChange } from './definitions.js'
import { paymentKeys } from './dialects.js'
import { readServer, toolUrl } from './identity.js'
import { readListed } from './offer.js'
import { ask, createToolTransport } from './tool-transport.js'

const optionNames: OptionNames<WithPaymentsOptions> = { server: true, labels: true, onToolChanged: true }

const paymentNames: OptionNames<Omit<PaymentOptions, 'ahead'>> = {
  key: true,
  maxUsd: true,
  labels: true,
  repeatable: true,
}

/** Options of `withPayments`. */
export type WithPaymentsOptions = {
  /**
   * What the server is to the policy, where its transport has no URL, as over stdio: a short name, such as `weather`,
   * which `allowHosts(['weather.mcp.invalid'])` allows; no URL that is fetched can have that host. A URL is compared with
   * the transport's own.
   *
   * @default the URL of the transport
   */
  readonly server?: string | undefined
  /** Words that every payment made through it is filed under. */
  readonly labels?: Labels | undefined
  /**
   * Says whether a tool that is not what it was when it was first seen may still be paid; anything but `true`, and a
   * throw, is no.
   *
   * @default nobody agrees
   */
  readonly onToolChanged?: ((change: ToolChange) => boolean | Promise<boolean>) | undefined
}

/** What one call of a tool may add: a name for the purchase, a cap of its own, and what the client takes. */
export type PayingToolOptions = McpCallOptions & { readonly payment?: Omit<PaymentOptions, 'ahead'> | undefined }

/** An MCP client's tools, paid for if they must be. */
export type PayingMcpClient = {
  /** Calls a tool, and pays if it must. The result is handed over as it came; nothing is checked by the output schema. */
  readonly callTool: (params: ToolCallParams, options?: PayingToolOptions) => Promise<ToolResult>
  /** Lists the tools, all pages; what they are now is what they have to be when they are paid. */
  readonly listTools: (options?: McpCallOptions) => Promise<{ readonly tools: readonly ToolDefinition[] }>
}

/**
 * Makes an MCP client pay for the tools that ask for it, under the rules of a wallet or a session: a tool is judged,
 * recorded and signed for as a URL is, and its result is what a response is to `wrapFetch`. A connected client of either
 * line of the SDK will do.
 *
 * How the server takes payments is found out from how it asks, before anything is signed: by x402's MCP transport, as
 * Cloudflare's `agents/x402` or `x402-mcp` do, by a price in the list of its tools, or by MPP, which needs a wallet with
 * `mpp()`.
 *
 * What is paid for is the tool at the server's URL, such as `https://mcp.example.com/mcp/tools/forecast`, which
 * `allowHosts(['mcp.example.com'])` allows. Its definition and its arguments are part of the purchase, so that an
 * approval is of exactly that call.
 *
 * What is thrown instead of a result is a `StipendError`, as with `wrapFetch`, or the client's own error where nothing
 * was paid.
 *
 * @throws ConfigurationError when `server` is not usable.
 *
 * @example
 * ```ts
 * import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
 * import type { AgentWallet } from 'stipend'
 * import { getToolPayment, withPayments } from 'stipend/mcp'
 *
 * declare const wallet: AgentWallet
 * const client = new Client({ name: 'agent', version: '1.0.0' })
 * await client.connect(new StreamableHTTPClientTransport(new URL('https://mcp.example.com/mcp')))
 * const tools = withPayments(client, wallet)
 * const result = await tools.callTool({ name: 'forecast', arguments: { city: 'Oslo' } }, { payment: { maxUsd: 0.05 } })
 * console.log(result.content, getToolPayment(result)?.receipt?.transaction)
 * ```
 */
export function withPayments(client: McpClient, payer: Payer, options: WithPaymentsOptions = {}): PayingMcpClient {
  refuseUnknown('withPayments', options, optionNames)
  const { server, labels, onToolChanged } = options
  if (server !== undefined) readServer(server)
  const definitions = rememberDefinitions(client, onToolChanged)
  return Object.freeze({
    callTool: async (given, { payment, ...settings } = {}) => {
      if (payment) refuseUnknown('payment', payment, paymentNames)
      refuseMisspelt('the options of callTool', settings, 'payment')
      const params = copyCall(given)
      const first = await ask(client, params, settings)
      if (first.asked === undefined) return first.result
      const url = toolUrl(client, server, params.name)
      const { digest, definition } = await definitions.agreeOn(params.name, url, settings)
      const asked = first.asked.type === 'unsaid' ? readListed(definition) : first.asked
      if (asked === undefined) throw unsaid()
      const transport = createToolTransport({ ...first, asked }, { client, params, settings })
      const body = wireJson([params.name, params.arguments ?? {}, digest])
      const { signal = null } = settings
      const response = await wrapFetch(transport.fetch, payer, { labels })(url, {
        method: 'POST',
        body,
        signal,
        // Each call is another question under the same URL, and how it is paid is found out anew.
        payment: { ...payment, ahead: false },
      })
      return transport.hand(response)
    },
    listTools: async (settings = {}) => {
      const tools = await listTools(client, settings)
      definitions.note(tools)
      return { tools }
    },
  } satisfies PayingMcpClient)
}

function unsaid(): NoPayableOfferError {
  const reason =
    'the server answers 402 itself, and its list of tools gives no price: pay it by HTTP, with wallet.fetch as the fetch of the transport'
  return new NoPayableOfferError([{ index: 0, reason }])
}

/** What is sent twice must be the same twice, whatever the caller does with its own meanwhile. */
function copyCall(params: ToolCallParams): ToolCallParams {
  const { _meta: meta = {} } = params
  if (paymentKeys.some((key) => Object.hasOwn(meta, key))) {
    throw new UnpayableRequestError('Call already has a payment of its own; nothing was sent')
  }
  try {
    return structuredClone(params)
  } catch (cause) {
    throw new UnpayableRequestError('Call cannot be sent twice: its arguments are not plain data', { cause })
  }
}

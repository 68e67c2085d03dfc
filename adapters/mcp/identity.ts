import { ConfigurationError, UnpayableRequestError } from 'stipend'
import type { McpClient } from './client.js'

/** No name below it is ever resolved (RFC 6761), so that no URL that is fetched can be taken for a local server's. */
const localDomain = 'mcp.invalid'
const nameShape = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** Names that look like others, or that a URL reads as something else, are not paid. */
const toolShape = /^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$/

/**
 * Names what is paid for when a tool is: the URL that the client's transport reaches, and the tool. Where a transport has
 * no URL, it is the name that the owner gives the server. What the server calls itself, or its tool, plays no part.
 *
 * @throws ConfigurationError when the server has no name, or one that contradicts its transport.
 * @throws UnpayableRequestError when the tool's name is not a plain one.
 */
export function toolUrl({ transport }: McpClient, server: string | undefined, tool: string): string {
  if (!toolShape.test(tool)) {
    throw new UnpayableRequestError('Tool is not paid: its name is not one of plain letters; nothing was signed')
  }
  const reached = urlOf(transport)
  const named = server === undefined ? undefined : readServer(server)
  if (reached && named && placeOf(reached) !== placeOf(named)) {
    throw new ConfigurationError('Failed to read server: the transport reaches another URL', {
      details: [`server is ${placeOf(named)}`, `the transport reaches ${placeOf(reached)}`],
    })
  }
  const url = reached ?? named
  if (!url) {
    throw new ConfigurationError('Failed to name the MCP server: its transport has no URL', {
      details: ["Give it a name, as in { server: 'weather' }, and allow it by allowHosts(['weather.mcp.invalid'])."],
    })
  }
  return `${placeOf(url).replace(/\/+$/, '')}/tools/${encodeURIComponent(tool)}`
}

/**
 * Reads how an owner names a server.
 *
 * @throws ConfigurationError unless it is a short name, or an http or https URL without a user name.
 */
export function readServer(server: string): URL {
  if (nameShape.test(server)) return new URL(`https://${server}.${localDomain}/`)
  const url = URL.canParse(server) ? new URL(server) : undefined
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url && isWeb && url.username === '' && url.password === '') return url
  throw new ConfigurationError('Failed to read server: expected a name such as weather, or the https URL of the server')
}

/** Both lines of the SDK keep the URL in this field; where it is not there, the owner has to say it. */
function urlOf(transport: object | undefined): URL | undefined {
  const { _url: url }: { readonly _url?: unknown } = transport ?? {}
  return url instanceof URL ? url : undefined
}

/** A query can hold secrets. */
function placeOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`
}

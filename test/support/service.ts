import type { AgentWallet, AgentWalletOptions, SessionScope } from '../../src/index.js'
import { createHandler, type Handler, type HandlerOptions } from '../../adapters/http/index.js'
import { openShop, type Shop } from './shop.ts'

/** The password of every owner in these tests. */
export const masterPassword = 'my-secret-password'

/** What `hashPassword` answered once: hashing anew for every test would take most of their time. */
const masterPasswordHash =
  'scrypt$07070707070707070707070707070707$35596b07730bc46dc8bc7447225fc5c1b886f68314d80ac1ff726a76fe764c9f'

/** An answer of a service, read. */
export type Answered = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any
}

/** Who calls, and with what. */
export type Asking = {
  readonly token?: string | undefined
  readonly password?: string | undefined
  readonly body?: unknown
  /** The body as it is. */
  readonly text?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly host?: string | undefined
}

/** A wallet at a shop, served. */
export type Service = {
  readonly shop: Shop
  readonly wallet: AgentWallet
  readonly handler: Handler
  /** Another process that serves the same wallet, as far as the ledger can tell. */
  readonly restart: () => Pick<Service, 'ask' | 'wallet' | 'handler'>
  readonly ask: (request: string, asking?: Asking) => Promise<Answered>
  /** Makes a session and answers its token. */
  readonly token: (scope?: SessionScope) => Promise<string>
}

type Options = {
  readonly shop?: Shop | undefined
  readonly wallet?: Partial<AgentWalletOptions> | undefined
  readonly handler?: Partial<HandlerOptions> | undefined
}

/** Serves a wallet at a shop. */
export function openService(options: Options = {}): Service {
  const shop = options.shop ?? openShop()
  const restart = () => {
    const wallet = shop.open({ sessionTokenPrefix: 'wai_sess_', ...options.wallet })
    const handler = createHandler({ wallet, masterPasswordHash, ...options.handler })
    return { wallet, handler, ask: askOf(handler) }
  }
  const first = restart()
  return {
    ...first,
    shop,
    restart,
    token: (scope = {}) => first.wallet.session(scope).token(),
  }
}

/** Makes the function that asks a handler. */
export function askOf(handler: Handler): Service['ask'] {
  return async (request, { token, password, body, text, headers = {}, host = '127.0.0.1:3100' } = {}) => {
    const [method = '', path = ''] = request.split(' ')
    const content = text ?? (body === undefined ? undefined : JSON.stringify(body))
    const all = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(password !== undefined && { 'x-master-password': password }),
      ...(content !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    }
    const init = { method, headers: all, ...(content !== undefined && { body: content }) }
    return read(await handler(new Request(`http://${host}${path}`, init)))
  }
}

/** Reads a response. */
export async function read(response: Response): Promise<Answered> {
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: text === '' ? undefined : JSON.parse(text) }
}

import { type OptionNames, refuseUnknown, requireOptions } from '../../src/lib/known-options.js'
import { ConfigurationError, isStipendError } from 'stipend'
import * as z from 'zod/mini'
import { findRoute, type RouteMap } from './find-route.js'
import { type Console, type ConsoleRequest, createConsole } from './console/console.js'
import { createHostCheck } from './host-check.js'
import { identify } from './identify.js'
import type { JsonObject } from './json.js'
import { describeRoutes } from './openapi.js'
import type { HandlerOptions } from './options.js'
import { randomBytes } from '../../src/lib/random.js'
import { createPasswordCheck } from './password-check.js'
import { createPolicyDocuments } from './policies.js'
import { toProblem } from './problem.js'
import { readJsonBody } from './read-body.js'
import { RefusedError } from './refused.js'
import { createRoute, type Route, type RouteCall } from './route.js'
import { fetchRoute } from './route-fetch.js'
import { paymentRoutes } from './route-payments.js'
import { policyRoutes } from './route-policies.js'
import { sessionRoutes } from './route-sessions.js'
import { walletRoutes } from './route-wallet.js'
import { nothing, uuid } from './schema.js'
import type { Service } from './service.js'
import { createWalletId } from './wallet-id.js'

/**
 * Answers a request; never rejects. Where it comes from, as the connection shows it and no header says, is what guesses of
 * the password are counted by; without it, all are counted together.
 */
export type Handler = (
  request: Request,
  connection?: { readonly remoteAddress?: string | undefined },
) => Promise<Response>

const optionNames: OptionNames<HandlerOptions> = {
  wallet: true,
  masterPassword: true,
  masterPasswordHash: true,
  walletId: true,
  policies: true,
  hosts: true,
  internalHosts: true,
  basePath: true,
  audience: true,
  sessionSeconds: true,
  maxBodyBytes: true,
  maxBodySeconds: true,
  maxAnswerBytes: true,
  fetchSeconds: true,
  console: true,
  clock: true,
  random: true,
  onError: true,
}

const policyNames: OptionNames<NonNullable<HandlerOptions['policies']>> = { store: true, always: true }

/**
 * Creates the HTTP face of a wallet, for any server that takes a function from `Request` to `Response`. Agents call it
 * with a session's token and can do what the session can; the owner calls it with a password. Its OpenAPI document is at
 * `/openapi.json`.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { createAgentWallet } from 'stipend'
 * import { createHandler, serve } from 'stipend/http'
 * import { privateKey } from 'stipend/keys'
 * import { sqliteLedger } from 'stipend/sqlite'
 *
 * const ledger = sqliteLedger('agent.db')
 * const wallet = createAgentWallet({ keyStore: privateKey(process.env.AGENT_KEY), ledger })
 * const handler = createHandler({
 *   wallet,
 *   masterPassword: process.env.MASTER_PASSWORD,
 *   policies: { store: ledger },
 * })
 * const { url } = await serve(handler, { port: 3100 })
 * console.log(`The wallet is at ${url}`)
 * ```
 */
export function createHandler(options: HandlerOptions): Handler {
  requireOptions('createHandler', options, optionNames)
  if (typeof Object(options.wallet).openSession !== 'function') {
    throw new ConfigurationError('Failed to read wallet: expected what createAgentWallet() made')
  }
  refuseUnknown('policies', options.policies, policyNames)
  const { basePath = '', hosts = [], onError = () => {} } = options
  const checkHost = createHostCheck(hosts)
  const service = createService(options)
  const routes = createRoutes(basePath)
  const openConsole = consoleOf(options)
  return async (request, connection) => {
    try {
      checkHost(request)
      const asked = { request, source: connection?.remoteAddress, service: await service() }
      return (await openConsole(asked)) ?? (await answer(asked, { routes, basePath }))
    } catch (error) {
      const problem = toProblem(error)
      if (problem.status >= 500) tell(onError, ownError(error))
      return problem
    }
  }
}

function createService(options: HandlerOptions): () => Promise<Service> {
  const { wallet, policies, clock = wallet.clock, random = randomBytes } = options
  const { internalHosts = [], audience, sessionSeconds = 86_400, fetchSeconds = 60 } = options
  const { maxBodyBytes = 1_048_576, maxBodySeconds = 10, maxAnswerBytes = 10_485_760 } = options
  refuseBounds({ sessionSeconds, fetchSeconds, maxBodyBytes, maxBodySeconds, maxAnswerBytes })
  if (options.walletId !== undefined && !uuid.safeParse(options.walletId).success) {
    throw new ConfigurationError('Failed to read walletId: it is not a UUID in lower case')
  }
  const { masterPassword, masterPasswordHash } = options
  const service = {
    wallet,
    passwordCheck: createPasswordCheck({ masterPassword, masterPasswordHash, clock, random }),
    policies: policies && createPolicyDocuments({ wallet, store: policies.store, always: policies.always ?? [] }),
    clock,
    random,
    audience,
    sessionSeconds,
    internalHosts,
    body: { maxBytes: maxBodyBytes, maxSeconds: maxBodySeconds },
    fetchSeconds,
    maxAnswerBytes,
  }
  const derived = createWalletId(wallet)
  return async () => ({ ...service, walletId: options.walletId ?? (await derived()) })
}

function refuseBounds(bounds: Readonly<Record<string, number>>): void {
  const wrong = Object.entries(bounds).find(([, value]) => !Number.isSafeInteger(value) || value < 1 || value > 2 ** 31)
  if (wrong) throw new ConfigurationError(`Failed to read ${wrong[0]}: ${wrong[1]} is not a whole number from 1 on`)
}

function createRoutes(basePath: string): readonly Route[] {
  const about = { method: 'GET', callers: ['anyone'], query: nothing, body: nothing } as const
  let written: JsonObject | undefined
  const health = createRoute({
    ...about,
    path: '/health',
    summary: 'Says that the service runs; says nothing of the wallet.',
    answer: z.strictObject({ status: z.literal('ok') }),
    run: async () => ({ status: 'ok' }),
  })
  const openApi = createRoute({
    ...about,
    path: '/openapi.json',
    summary: 'Answers this document.',
    answer: z.looseObject({ openapi: z.string() }),
    run: async () => {
      written ??= describeRoutes(routes, basePath)
      return written
    },
  })
  const ofWallet = [fetchRoute, ...sessionRoutes, ...policyRoutes, ...walletRoutes, ...paymentRoutes]
  const routes: readonly Route[] = [...ofWallet, health, openApi]
  return routes
}

/** Answers nothing where the page is not wanted. */
function consoleOf(options: HandlerOptions): Console {
  const { wallet, basePath = '', clock = wallet.clock, random = randomBytes } = options
  if (options.console !== undefined && typeof options.console !== 'boolean') {
    throw new ConfigurationError('Failed to read console: expected true or false')
  }
  return options.console === true ? createConsole({ basePath, clock, random, answer: run }) : async () => undefined
}

/** Who calls is known before anything of the body is read. */
async function answer({ request, source, service }: ConsoleRequest, map: RouteMap): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  const { route, params } = findRoute(request.method, pathname, map)
  const caller = await identify({ headers: request.headers, source }, route, service)
  const call = {
    caller,
    params,
    query: readQuery(searchParams),
    body: request.method === 'GET' ? {} : await readJsonBody(request, service.body),
  }
  return run(route, call, service)
}

async function run(route: Route, call: RouteCall, service: Service): Promise<Response> {
  const written = JSON.stringify(await route.run(call, service))
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  return new Response(written, { status: route.status ?? 200, headers })
}

function readQuery(parameters: URLSearchParams): Readonly<Record<string, string>> {
  const names = [...parameters.keys()]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return Object.fromEntries(parameters)
  throw new RefusedError('input_invalid', 'Failed to read query: a parameter comes twice', { status: 400 })
}

/** What others throw can hold what no log should. */
function ownError(error: unknown): unknown {
  if (isStipendError(error) || error instanceof RefusedError) return error
  return new RefusedError('internal_error', 'Service failed unexpectedly', { status: 500, cause: error })
}

function tell(onError: (error: unknown) => void, error: unknown): void {
  try {
    onError(error)
  } catch {
    // Who is told of a failure cannot make another one.
  }
}

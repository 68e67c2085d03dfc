import type { Session } from 'stipend'
import type * as z from 'zod/mini'
import type { JsonObject } from './json.js'
import { RefusedError } from './refused.js'
import type { Service } from './service.js'

/** Who calls. */
export type Caller =
  | { readonly kind: 'anyone' }
  | { readonly kind: 'owner' }
  | { readonly kind: 'session'; readonly session: Session }

/** One call of a route, before its parts are read. */
export type RouteCall = {
  readonly caller: Caller
  readonly params: Readonly<Record<string, string>>
  readonly query: unknown
  readonly body: unknown
}

/** What a route says of itself. */
type RouteDescription = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** With parameters in braces. */
  readonly path: string
  readonly summary: string
  /** Who may call it. */
  readonly callers: readonly Caller['kind'][]
  /** What it answers, and with which status. */
  readonly answer: z.ZodMiniType
  /** @default 200 */
  readonly status?: number | undefined
}

type RouteInput<query, body> = {
  /** The form of each parameter of the path; another one is not found. */
  readonly params?: Readonly<Record<string, z.ZodMiniString>> | undefined
  readonly query: z.ZodMiniType<query>
  readonly body: z.ZodMiniType<body>
}

/** An endpoint: what it is, for the dispatcher and the OpenAPI document, and what it does. */
export type Route = RouteDescription &
  RouteInput<unknown, unknown> & { readonly run: (call: RouteCall, service: Service) => Promise<JsonObject> }

type Read<query, body> = Omit<RouteCall, 'query' | 'body'> & { readonly query: query; readonly body: body }

/** Creates a route whose function sees only a query and a body that are well-formed. */
export function createRoute<query, body>({
  run,
  ...rest
}: RouteDescription &
  RouteInput<query, body> & {
    readonly run: (call: Read<query, body>, service: Service) => Promise<JsonObject>
  }): Route {
  return {
    ...rest,
    run: (call, service) => {
      checkParams(call.params, rest.params ?? {})
      const query = readPart('query', rest.query, call.query)
      return run({ ...call, query, body: readPart('body', rest.body, call.body) }, service)
    },
  }
}

function checkParams(
  params: Readonly<Record<string, string>>,
  schemas: Readonly<Record<string, z.ZodMiniString>>,
): void {
  const isKnown = Object.entries(schemas).every(([name, schema]) => schema.safeParse(params[name]).success)
  if (!isKnown) throw notFound('There is nothing of that id')
}

/** Refuses what is not known: a misspelt limit would be no limit. */
function readPart<part>(name: string, schema: z.ZodMiniType<part>, value: unknown): part {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const errors = read.error.issues.map((issue) => ({
    path: pathTo(name, issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path),
    problem: issue.code === 'unrecognized_keys' ? 'it is not known' : describe(issue),
  }))
  const [first] = errors
  throw new RefusedError('input_invalid', `Failed to read ${first?.path ?? name}: ${first?.problem ?? 'not usable'}`, {
    status: 400,
    errors: errors.slice(0, 16),
  })
}

function describe(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' ? `it is missing, or no ${issue.expected}` : 'it is not usable'
}

/** Writes where something is, such as `body.limits.dailyLimitUsd`. */
function pathTo(root: string, keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((written, key) => {
    if (typeof key === 'number') return `${written}[${key}]`
    const name = String(key)
    return /^[A-Za-z_][\w-]{0,63}$/.test(name) ? `${written}.${name}` : `${written}[?]`
  }, root)
}

/** Refuses because there is no such thing. */
export function notFound(sentence: string): RefusedError {
  return new RefusedError('not_found', sentence, { status: 404 })
}

/** Refuses because this wallet, or this handler, cannot do it. */
export function notOffered(sentence: string): RefusedError {
  return new RefusedError('not_offered', sentence, { status: 501 })
}

/** Refuses what is meant for another wallet; what names none is meant for this one. */
export function checkWalletId(walletId: string | undefined, service: Service): void {
  if (walletId !== undefined && walletId !== service.walletId) throw notFound('There is no wallet of that id here')
}

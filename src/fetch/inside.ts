import { findBuiltin } from '../lib/node-builtin.js'

type Fetch = typeof globalThis.fetch

/** Names one that calls a fetch, to be recognised further down. */
type Caller = object

/** What Node, Deno and Bun remember along a chain of calls, also across awaits: the part of it that is used. */
type AsyncContext = {
  getStore(): readonly Caller[] | undefined
  run<value>(callers: readonly Caller[], work: () => value): value
}

/** Carries the callers in the settings of a request, where there is no async context; what copies settings copies it. */
const mark = Symbol.for('stipend.callers')
let starting: readonly Caller[] = []
let context: AsyncContext | undefined | null = null

/**
 * Calls a fetch so that all that runs below recognises who called it, however the fetch is wrapped: by the async context
 * where the platform has one, else by the settings and by being called at once.
 */
export function fetchWithin(
  caller: Caller,
  fetch: Fetch,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): Promise<Response> {
  const callers = [...callersOf(init), caller]
  const store = contextOf()
  const settings = store ? init : { ...init, [mark]: callers }
  const start = (): Promise<Response> => {
    const before = starting
    starting = callers
    try {
      return fetch(input, settings)
    } finally {
      starting = before
    }
  }
  return store ? store.run(callers, start) : start()
}

/** Tells whether this runs below a `fetchWithin`, of anybody or of one caller. */
export function isWithin(init: RequestInit | undefined, caller?: Caller): boolean {
  const callers = callersOf(init)
  return caller ? callers.includes(caller) : callers.length > 0
}

function callersOf(init: RequestInit | undefined): readonly Caller[] {
  const marked: unknown = init && Reflect.get(init, mark)
  return contextOf()?.getStore() ?? (Array.isArray(marked) ? marked : starting)
}

/** Asked for when the first request is sent, so that loading this needs nothing of the platform. */
function contextOf(): AsyncContext | undefined {
  if (context !== null) return context
  const hooks = findBuiltin('node:async_hooks')
  context = hooks && new hooks.AsyncLocalStorage()
  return context
}

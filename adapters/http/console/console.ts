import { isLoopbackName } from '../../../src/hosts/loopback.js'
import { findRoute } from '../find-route.js'
import type { JsonObject } from '../json.js'
import { readJsonBody } from '../read-body.js'
import { refuseInput } from '../refused.js'
import type { Route, RouteCall } from '../route.js'
import type { Service } from '../service.js'
import { streamEvents } from './live.js'
import { consoleRoutes } from './routes.js'
import { createSignIns, refuseOtherSites, writeCookie } from './sign-in.js'
import { writePage } from './page.js'

/** One request for the page or from it, with what the handler knows of it. */
export type ConsoleRequest = {
  readonly request: Request
  readonly source: string | undefined
  readonly service: Service
}

/** Answers a request whose path is the page's or below it, and `undefined` for all others. */
export type Console = (asked: ConsoleRequest) => Promise<Response | undefined>

type Answer = (route: Route, call: RouteCall, service: Service) => Promise<Response>

/** Creates the owner's page and what it calls; `answer` runs a route and writes what it answers. */
export function createConsole({
  basePath,
  clock,
  random,
  answer,
}: {
  readonly basePath: string
  readonly clock: Service['clock']
  readonly random: Service['random']
  readonly answer: Answer
}): Console {
  const path = `${basePath}/console`
  const signIns = createSignIns({ clock, random })
  return async (asked) => {
    const { request, service } = asked
    const { pathname } = new URL(request.url)
    const wanted = `${request.method} ${pathname.startsWith(path) ? pathname.slice(path.length) : undefined}`
    if (wanted === 'GET ' || wanted === 'GET /') return writePage(await import('./built.js'))
    if (!pathname.startsWith(`${path}/`)) return undefined
    if (wanted === 'POST /sign-in') return signIn(asked)
    const expiresAt = signIns.check(request.headers)
    if (wanted === 'POST /sign-out') {
      signIns.end(request.headers)
      return write({ signedIn: false }, writeCookie({ name: signIns.cookieName }, cookieFor(request)))
    }
    if (wanted === 'GET /events') return streamEvents(service.wallet, () => isSignedIn(request))
    const { route, params } = findRoute(request.method, pathname, { routes: consoleRoutes, basePath: path })
    const body = request.method === 'GET' ? {} : await readJsonBody(request, service.body)
    const query = Object.fromEntries(new URL(request.url).searchParams)
    const response = await answer(route, { caller: { kind: 'owner' }, params, query, body }, service)
    response.headers.set('x-signed-in-until', String(expiresAt))
    return response
  }

  async function signIn({ request, source, service }: ConsoleRequest): Promise<Response> {
    refuseOtherSites(request.headers)
    const { password } = Object(await readJsonBody(request, service.body)) as { readonly password?: unknown }
    if (typeof password !== 'string') throw refuseInput('body.password', 'it is missing, or no string')
    await service.passwordCheck.check(password, source)
    const { cookie: value, token, expiresAt } = signIns.start()
    return write({ token, expiresAt }, writeCookie({ name: signIns.cookieName, value }, cookieFor(request)))
  }

  function isSignedIn({ headers }: Request): boolean {
    try {
      return signIns.check(headers) > clock()
    } catch {
      return false
    }
  }

  /** Only on loopback is the page served without TLS. */
  function cookieFor({ headers, url }: Request): { readonly path: string; readonly isSecure: boolean } {
    const host = headers.get('host') ?? new URL(url).host
    return { path, isSecure: !isLoopbackName(new URL(`http://${host}`).hostname) }
  }
}

function write(body: JsonObject, cookie: string): Response {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', 'set-cookie': cookie }
  return new Response(JSON.stringify(body), { headers })
}

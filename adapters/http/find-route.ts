import { RefusedError } from './refused.js'
import { notFound, type Route } from './route.js'

/** Endpoints, and what all of their paths begin with. */
export type RouteMap = { readonly routes: readonly Route[]; readonly basePath: string }

/** Finds the endpoint of a request. */
export function findRoute(
  method: string,
  pathname: string,
  { routes, basePath }: RouteMap,
): { readonly route: Route; readonly params: Readonly<Record<string, string>> } {
  const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length) : undefined
  const matches = routes.flatMap((route) => {
    const params = path === undefined ? undefined : matchPath(route.path, path)
    return params ? [{ route, params }] : []
  })
  const found = matches.find(({ route }) => route.method === method)
  if (found) return found
  if (matches.length === 0) throw notFound('There is no such endpoint; /openapi.json lists them')
  const allow = matches.map(({ route }) => route.method).join(', ')
  throw new RefusedError('method_not_allowed', `Endpoint takes ${allow}`, { status: 405, headers: { allow } })
}

function matchPath(template: string, path: string): Readonly<Record<string, string>> | undefined {
  const [names, values] = [template.split('/'), path.split('/')]
  if (names.length !== values.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, name] of names.entries()) {
    const value = values[index] ?? ''
    if (name.startsWith('{')) params[name.slice(1, -1)] = value
    if (!name.startsWith('{') && name !== value) return undefined
  }
  return params
}

import { decodeBase64 } from '../../lib/base64.js'
import { parseJson } from '../json.js'
import type { Parameters } from '../authenticate.js'

/** What of a challenge is repeated with the payment, as it came. */
const repeated = ['id', 'realm', 'method', 'intent', 'request', 'expires', 'digest', 'opaque', 'header'] as const
/** A challenge is kept with its payment. */
export const maxChallenge = 4096
const defaultSeconds = 300

/** Writes what of a challenge is repeated; answers nothing where that is longer than is kept. */
export function echoOf(parameters: Parameters): string | undefined {
  const echo = JSON.stringify(Object.fromEntries(repeated.flatMap((name) => entryOf(parameters, name))))
  return echo.length > maxChallenge ? undefined : echo
}

function entryOf(parameters: Parameters, name: string): readonly (readonly [string, string])[] {
  const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
  return value === undefined ? [] : [[name, value]]
}

/** Reads what a challenge asks for, or nothing where it is not readable. */
export function readRequest(request: string): unknown {
  try {
    return parseJson(decodeBase64(request) ?? '', 'the request of a challenge')
  } catch {
    return undefined
  }
}

/** How long a challenge lives: by RFC 3339 or, as some servers write it, in Unix seconds. */
export function secondsLeft(expires: string | undefined, now: number): number | undefined {
  if (expires === undefined) return defaultSeconds
  const isSeconds = /^[1-9][0-9]{9}$/.test(expires)
  const isDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i.test(expires)
  const end = isSeconds ? Number(expires) * 1000 : isDate ? Date.parse(expires) : Number.NaN
  return Number.isNaN(end) ? undefined : Math.floor((end - now) / 1000)
}

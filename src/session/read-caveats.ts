import { isStipendError, SessionInvalidError } from '../errors.js'
import { deepFreeze } from '../lib/freeze.js'
import { isObject } from '../protocols/fields.js'
import { parseJson } from '../protocols/json.js'
import type { Caveats, SessionLimits } from './scope.js'
import { rulesOf } from './rules.js'

type Check = (value: unknown) => boolean
/** What each field of a type has to be; the compiler holds it complete. */
type Checks<fields> = { readonly [name in keyof fields]-?: Check }

const usd: Check = (value) => typeof value === 'string' || isNumber(value)
const limits: Checks<SessionLimits> = {
  perPaymentUsd: usd,
  hourlyLimitUsd: usd,
  dailyLimitUsd: usd,
  monthlyLimitUsd: usd,
  totalLimitUsd: usd,
  instantMaxUsd: usd,
  notifyMaxUsd: usd,
  delayMaxUsd: usd,
  delaySeconds: isNumber,
  calendar: (value) => typeof value === 'string',
  onExceed: (value) => value === 'deny' || value === 'approve',
}
const caveats: Checks<Caveats> = {
  name: (value) => isText(value, 64) && value !== '',
  nonce: (value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value),
  limits: isObject,
  maxPayments: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  allowHosts: (value) => isList(value, 64, (host) => isText(host, 260)) && value.length > 0,
  // Each is read by the rule that it becomes, which refuses what it does not know.
  actions: (value) => isList(value, 32, (bounds) => typeof bounds === 'object' && bounds !== null),
  expiresAt: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  labels: (value) => isObject(value) && Object.entries(value).every(isLabel),
  signIn: (value) => typeof value === 'boolean',
  balances: (value) => typeof value === 'boolean',
  audience: (value) => isText(value, 256) && value !== '',
}

/**
 * Reads the caveats of a link. Whatever is not known here could be a condition, so nothing is allowed under it.
 *
 * @throws SessionInvalidError when they are not well-formed, or no rules can be made of them.
 */
export function readCaveats(text: string): Caveats {
  try {
    const read = parseJson(text, 'session')
    const problem = findProblem(read)
    if (problem !== undefined) throw new SessionInvalidError(`${problem.slice(0, 64)} is not known or not usable`)
    const known = deepFreeze(read as Caveats)
    rulesOf(known, 'session:')
    return known
  } catch (cause) {
    if (cause instanceof SessionInvalidError) throw cause
    const reason = isStipendError(cause) ? cause.message.replace(/^[^:]*: /, '') : 'what it allows cannot be read'
    throw new SessionInvalidError(reason, cause)
  }
}

/** Names the first field that is missing, not known, or not what it has to be. */
function findProblem(read: unknown): string | undefined {
  if (!isObject(read)) return 'it'
  const limit = isObject(read.limits) ? findWrong(read.limits, limits) : undefined
  return read.nonce === undefined ? 'nonce' : (findWrong(read, caveats) ?? (limit && `limits.${limit}`))
}

function findWrong(
  read: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
): string | undefined {
  return Object.keys(read).find((name) => !Object.hasOwn(checks, name) || !checks[name]?.(read[name]))
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

function isText(value: unknown, maxLength: number): boolean {
  return typeof value === 'string' && value.length <= maxLength
}

function isList(value: unknown, maxLength: number, check: Check): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= maxLength && value.every(check)
}

function isLabel([name, value]: readonly [string, unknown]): boolean {
  return isText(name, 64) && isText(value, 256)
}

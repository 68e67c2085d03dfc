import { ConfigurationError } from '../errors.js'
import type { ActionRequest } from '../ports/action.js'

const maxDepth = 16

/**
 * Copies what is asked for, each part of it looked at once: what answers otherwise at a second look would be approved as one
 * action and signed as another.
 *
 * @throws ConfigurationError where a part is no plain data.
 */
export function copyRequest(request: ActionRequest): ActionRequest {
  return copyPart(request, 0) as ActionRequest
}

function copyPart(value: unknown, depth: number): unknown {
  if (typeof value === 'function' || typeof value === 'symbol' || depth > maxDepth) throw noData()
  if (typeof value !== 'object' || value === null) return value
  // Never by methods of the list's own.
  if (Array.isArray(value)) return Object.freeze(Array.from(value, (one: unknown) => copyPart(one, depth + 1)))
  if (!isPlain(value)) throw noData()
  const parts = Object.entries(value).map(([name, part]) => [name, copyPart(part, depth + 1)] as const)
  return Object.freeze(Object.fromEntries(parts))
}

/** What maps and others of a class hold is not in their fields: two of them would be the same request. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function noData(): ConfigurationError {
  return new ConfigurationError('Failed to act: a part of the request is not plain data, or nested too deeply')
}

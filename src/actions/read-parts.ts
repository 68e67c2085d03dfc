import { unknownOption } from '../lib/known-options.js'
import type { ActionRequest } from '../ports/action.js'

/**
 * Reads a request's parts, its own fields only, and refuses those that its action does not have.
 *
 * @throws ConfigurationError naming the part.
 */
export function readParts<request extends { readonly action: string }>(
  given: ActionRequest,
  parts: readonly (keyof request & string)[],
): request {
  const own: Readonly<Record<string, unknown>> = Object.assign(Object.create(null), given)
  const known = ['action', 'network', 'key', 'maxUsd', 'labels', ...parts]
  const unknown = Object.keys(own).find((name) => !known.includes(name))
  if (unknown !== undefined) throw unknownOption(given.action, unknown, known)
  return own as request
}

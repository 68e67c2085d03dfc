import { ConfigurationError } from '../errors.js'
import { isAllowedBy } from '../hosts/match.js'
import { parseAllowedHost } from '../hosts/pattern.js'

/** Answers what tells whether terms that are known are paid ahead at a URL; nothing where none are, so that no URL is read. */
export function readPayAhead(where: boolean | readonly string[] = false): ((url: URL) => boolean) | undefined {
  if (typeof where === 'boolean') return where ? () => true : undefined
  if (!Array.isArray(where))
    throw new ConfigurationError('Failed to read payAhead: expected true, false or a list of hosts')
  const patterns = where.map((pattern) => parseAllowedHost(pattern))
  return (url) => patterns.some((pattern) => isAllowedBy(pattern, url))
}

import { ConfigurationError } from '../errors.js'
import { isAllowedBy } from '../hosts/match.js'
import { parseAllowedHost } from '../hosts/pattern.js'

/** Answers whether terms that are known are paid ahead at a URL. */
export function readPayAhead(where: boolean | readonly string[] = false): (url: URL) => boolean {
  if (typeof where === 'boolean') return () => where
  if (!Array.isArray(where))
    throw new ConfigurationError('Failed to read payAhead: expected true, false or a list of hosts')
  const patterns = where.map(parseAllowedHost)
  return (url) => patterns.some((pattern) => isAllowedBy(pattern, url))
}

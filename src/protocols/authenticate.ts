import { malformed } from './words.js'

/** The parameters of one challenge, by their names in lower case. */
export type Parameters = Readonly<Record<string, string>>

const maxLength = 16_384
const maxChallenges = 16
const schemeName = /[,\s]*([!#$%&'*+.^`|~\w-]+)(?=[\s,]|$)/y
const token68 = /\s+[\w.~+/-]+=*\s*(?=,|$)/y
// Servers of L402 leave out the comma after a text that another parameter follows.
const parameter =
  /[,\s]*([!#$%&'*+.^`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"(?=\s*(?:,|$)|\s+[\w-]+=")|([!#$%&'*+.^`|~\w:/-]+)(?=\s*(?:,|$)))/y

/** One challenge, and the name of its scheme in lower case. */
export type AuthenticateChallenge = { readonly scheme: string; readonly parameters: Parameters }

/**
 * Reads the challenges of some schemes, named in lower case, out of a `WWW-Authenticate` header, in which `fetch` joins all
 * that came.
 *
 * @throws MalformedMessageError when it can be read in two ways, or is too long.
 */
export function readChallenges(header: string, schemes: readonly string[]): readonly AuthenticateChallenge[] {
  if (header.length > maxLength) throw malformed('WWW-Authenticate is longer than 16 KiB')
  const challenges: AuthenticateChallenge[] = []
  let at = 0
  while (/[^,\s]/.test(header.slice(at))) {
    const name = next(schemeName, header, at)
    if (!name) throw malformed('WWW-Authenticate is not a list of challenges')
    const { end, parameters } = readParameters(header, name.end)
    at = end
    const written = name.match[1]?.toLowerCase() ?? ''
    if (schemes.includes(written)) challenges.push({ scheme: written, parameters })
    if (challenges.length > maxChallenges) throw malformed(`WWW-Authenticate has more than ${maxChallenges} challenges`)
  }
  return challenges
}

type Found = { readonly match: RegExpExecArray; readonly end: number }

function next(expression: RegExp, text: string, at: number): Found | undefined {
  expression.lastIndex = at
  const match = expression.exec(text)
  return match ? { match, end: expression.lastIndex } : undefined
}

/** Other schemes have one value without a name in place of parameters. */
function readParameters(header: string, start: number): { readonly end: number; readonly parameters: Parameters } {
  const parameters: Record<string, string> = Object.create(null)
  let found = next(parameter, header, start)
  let end = found ? start : (next(token68, header, start)?.end ?? start)
  for (; found; found = next(parameter, header, end)) {
    const [, written = '', quoted, bare = ''] = found.match
    const name = written.toLowerCase()
    if (name in parameters) throw malformed(`WWW-Authenticate has a parameter twice`)
    parameters[name] = quoted === undefined ? bare : quoted.replaceAll(/\\(.)/g, '$1')
    end = found.end
  }
  return { end, parameters }
}

const hidden = '[redacted]'
const maxReadLength = 16_384
const maxShownLength = 1000

/** Files are where our own frames are, and no secrets. */
const url = /\b(?!file:)[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>`]+/gi
/** `Bearer abc`, and its like. */
const credential = /\b(bearer|basic|digest|l402|lsat|token)(\s+)(?=[^\s"',;]*[\d._~+/=-])[^\s"',;]{4,}/gi
/** `authorization: abc`, `"apiKey":"abc"`, `password=abc`, the headers of payments. */
const named =
  /((?:[\w-]{0,64}(?:authorization|api[-_]?key|access[-_]?key|secret|passw(?:or)?d|passphrase|private[-_]?key|mnemonic|cookie|credential|signature|token)|x-payment)["']?\s{0,4}[:=]\s{0,4})(?:"[^"]*"?|'[^']*'?|[^\s"',;}\]]+)/gi
/** As long as a key, a signature, a signed transaction or a token, which addresses are not. */
const long = /(?:0x)?[0-9a-f]{64,}|[A-Za-z0-9+/_=.-]{64,}/gi

/**
 * Takes out of somebody else's text what can be a secret: of URLs all but the origin, credentials of headers, and whatever
 * is as long as a key or a signature.
 */
export function redact(text: string): string {
  // What is cut off in the middle of a word could be half a secret, too short to be told.
  const read = text.length > maxReadLength ? text.slice(0, maxReadLength).replace(/\S+$/, '…') : text
  const safe = read
    .replace(url, originOf)
    .replace(credential, (_, kind: string, space: string) => `${kind}${space}${hidden}`)
    .replace(named, (_, name: string) => `${name}${hidden}`)
    .replace(long, hidden)
  return safe.length > maxShownLength ? `${safe.slice(0, maxShownLength)}…` : safe
}

/** Where a URL leads, without what a key can be in: its user, its path and its query. */
function originOf(text: string): string {
  const trimmed = text.replace(/[),.;\]}]+$/, '')
  const scheme = trimmed.slice(0, trimmed.indexOf(':'))
  if (!URL.canParse(trimmed)) return `${scheme}://${hidden}`
  const { host, pathname, search, hash } = new URL(trimmed)
  const hasMore = pathname.length > 1 || search !== '' || hash !== ''
  return `${scheme}://${host}${hasMore ? '/…' : ''}`
}

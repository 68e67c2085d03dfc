/** Protocols that come with the package, and have to be listed: what a 402 of each has in its headers. */
const listed = [
  { header: 'www-authenticate', sign: /(?:^|[,\s])payment\s/i, hint: "mpp(), from 'stipend/mpp'" },
] as const

/** Says what to list to read a 402 that no protocol of a wallet has read, where the package has it. */
export function protocolHint(headers: Headers): string {
  const known = listed.find(({ header, sign }) => sign.test(headers.get(header) ?? ''))
  return known ? `: list ${known.hint}, in the wallet's protocols` : ''
}

/** Protocols that come with the package, and have to be listed: the name of what each asks for, and what to list. */
const listed = [
  ['payment', "mpp(), from 'stipend/mpp', in the wallet's protocols"],
  ['l402|lsat', "l402(), from 'stipend/l402', in the wallet's paymentMethods"],
] as const

/** Says what to list to read a 402 that no protocol of a wallet has read, where the package has it. */
export function protocolHint(headers: Headers): string {
  const asked = headers.get('www-authenticate') ?? ''
  const known = listed.find(([names]) => new RegExp(`(?:^|[,\\s])(?:${names})\\s`, 'i').test(asked))
  return known ? `: list ${known[1]}` : ''
}

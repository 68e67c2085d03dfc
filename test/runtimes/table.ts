/** What came of each entry: what it did, or why it did nothing. */
export type Answers = Readonly<Record<string, string | { readonly code: string; readonly message: string }>>

/** Writes the page of the documentation that says what runs where. */
export function writeTable(
  entries: readonly string[],
  seen: Readonly<Record<string, Answers>>,
  bundlers: readonly string[],
): string {
  const runtimes = Object.keys(seen)
  const notes: string[] = []
  const cell = (answer: Answers[string] | undefined): string => {
    if (answer === undefined) return '–'
    if (typeof answer === 'string') return answer
    if (!notes.includes(answer.message)) notes.push(answer.message)
    return `[${notes.indexOf(answer.message) + 1}]`
  }
  const rows = entries.map((entry) => [`\`${entry}\``, ...runtimes.map((runtime) => cell(seen[runtime]?.[entry]))])
  const lines = [['', ...runtimes], ['---', ...runtimes.map(() => '---')], ...rows]
  return `# Runtimes

What each entry does where, as \`npm run test:runtimes\` has seen it; that command writes this page. *pays*: a payment to a
server on loopback. *answers*: a request to the service. *loads*: it is loaded, and does no work by that. –: it is made of
Node's own files or sockets, and not for there.

${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}

${notes.map((note, index) => `[${index + 1}] It says: “${note}”`).join('\n')}

In Chromium the page and the server are of two origins: the server's CORS lets the page send \`PAYMENT-SIGNATURE\` and read
\`PAYMENT-REQUIRED\` and \`PAYMENT-RESPONSE\`, and that is all it needs.

The package is bundled without a warning, and the bundle pays: ${bundlers.join('; ')}.

On the web (workerd, edge-runtime, Chromium) frameworks are the application's: an empty package stands for each here.

A page that only pays downloads nearly a third less with \`createLeanWallet\` of \`stipend/lean\` and \`evmKey\` of \`stipend/keys\`
([sizes](bench.md#what-a-page-downloads)): the same road from a 402 to a signature, under the same policy and in the same kind of
ledger. It speaks the second version of x402 alone, and has no chains, sessions, transfers or actions.

A ledger for each runtime: [production.md](production.md).
`
}

import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { versionOf } from '../gauntlet/peers/clients.mjs'
import { measureFirst, measureFree, measureHttp, measureSizes, measureStub } from './clients.ts'
import { measureCallers, measureLarge } from './ledgers.ts'
import { compareWith } from './reach.ts'
import { type Found, type Table, toMarkdown, toText } from './report.ts'
import { measureSolana } from './solana.ts'

/**
 * Measures what is to be fast and small, and writes docs/bench.md; nothing asserts on it. With `--only=http,stub`, measures
 * those parts and writes no page; with `--payments=1000000`, a large ledger is one of so many: that alone takes minutes.
 */
const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, payments: { type: 'string', default: '200000' } },
})
const many = Number(values.payments)

const parts: Readonly<Record<string, () => Promise<Found>>> = {
  stub: measureStub,
  http: measureHttp,
  free: measureFree,
  first: measureFirst,
  sizes: measureSizes,
  callers: measureCallers,
  large: async () => measureLarge(many),
  solana: measureSolana,
}
const wanted = values.only === '' ? Object.keys(parts) : values.only.split(',')
const tables: Table[] = []
const facts: Record<string, number> = {}
const begun = performance.now()

for (const [index, name] of wanted.entries()) {
  const start = performance.now()
  process.stdout.write(`${index + 1} of ${wanted.length}: ${name} ...\n`)
  const found = await parts[name]?.()
  if (!found) throw new TypeError(`the bench has no part ${name}`)
  tables.push(...found.tables)
  Object.assign(facts, found.facts)
  process.stdout.write(`${secondsSince(start)} s\n\n${found.tables.map(toText).join('')}`)
}

const { rows, missed } = compareWith(facts)
const reach: Table = { title: 'What is to be reached', columns: ['measure', 'reach', 'measured', ''], rows }
process.stdout.write(toText(reach))
process.stdout.write(`${secondsSince(begun)} s in all\n`)
if (values.only === '') {
  const page = fileURLToPath(new URL('../../docs/bench.md', import.meta.url))
  writeFileSync(page, writePage())
  process.stdout.write('written: docs/bench.md\n')
}
process.exit()

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(0)
}

function writePage(): string {
  const packages = ['@x402/fetch', 'x402-fetch', '@faremeter/fetch', 'mppx', 'viem']
  const versions = packages.map((name) => `${name} ${versionOf(name)}`).join(', ')
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() || process.arch}, Node ${process.versions.node}`
  const why = missed.map(({ measure, why: reason }) => `- **${measure}**: ${reason}\n`).join('')
  return `# How fast it is, and how large

Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${machine}; ${versions}.

÷ is by \`@x402/fetch\`, in this run. Only ratios of one run can be compared: p10 is what a call takes when nothing else runs, and
CPU what it computes, garbage collection included. *Own* is each client alone in a process, *mixed* all of them in one, a call
each in turn. stipend pays under a limit for each payment and one for the day, and records each in a ledger in memory; the
others keep no record. *Fast* is \`stipend/fast\`, *ahead* is \`payAhead\`. A ledger of many payments holds ${many.toLocaleString('en')}.

${toMarkdown(reach)}
${why === '' ? '' : `What is not reached, and why:\n\n${why}\n`}${tables.map(toMarkdown).join('\n')}`
}

import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { versionOf } from '../../gauntlet/peers/clients.mjs'
import { type Crowd, measureCrowds } from './crowd.ts'
import { type Latencies, type Latency, measureAlone, measureMixed } from './latency.ts'
import { start } from './processes.ts'
import { measureClients, measureEntries, type Size } from './sizes.ts'
import { measureStarts, type Start } from './starting.ts'
import { bare, subjects, yardstick } from './subjects.ts'

const { values } = parseArgs({
  options: {
    /** Measures nothing but paid requests that are answered in the process. */
    stub: { type: 'boolean', default: false },
    /** Only clients whose names begin so, beside the yardstick. */
    only: { type: 'string', default: '' },
    /** How many times as long as usual. */
    times: { type: 'string', default: '1' },
  },
})
const times = Number(values.times)
const scaled = (count: number): number => Math.max(1, Math.round(count * times))
const names = subjects.map(({ name }) => name).filter((name) => name === yardstick || name.startsWith(values.only))
const firstOf = names.filter((name) => !name.includes(','))
const page: string[] = []

await measureStub()
if (!values.stub) {
  await measureHttp()
  await measureFree()
  await measureFirst()
  await measureSizes()
  if (values.only === '') writeFileSync(fileURLToPath(new URL('../../../docs/bench.md', import.meta.url)), writePage())
}

async function measureStub(): Promise<void> {
  const rounds = scaled(25)
  const plan = { names, rounds, warmUp: 300, calls: 40, isPaid: true }
  const own = await measureAlone(plan)
  const mixed = await measureMixed({ ...plan, rounds: 1, calls: 40 * rounds })
  tell(
    'A paid request, answered in the process',
    ['client', 'own p50 ms', '÷ p50', '÷ p10', '÷ CPU', 'mixed p50 ms', '÷ p50', '÷ p10'],
    names.map((name) => [
      name,
      ms(own.get(name)?.p50),
      ratio(own, name, 'p50'),
      ratio(own, name, 'p10'),
      ratio(own, name, 'cpu'),
      ms(mixed.get(name)?.p50),
      ratio(mixed, name, 'p50'),
      ratio(mixed, name, 'p10'),
    ]),
  )
}

async function measureHttp(): Promise<void> {
  const { first: shop, stop } = await start('shop.ts')
  try {
    const plan = { names, rounds: scaled(8), warmUp: 60, calls: 25, isPaid: true, shop: String(shop) }
    const own = await measureAlone(plan)
    tell(
      'A paid request over HTTP on loopback, each client alone',
      ['client', 'p50 ms', '÷ p50', '÷ p10', '÷ CPU'],
      names.map((name) => [
        name,
        ms(own.get(name)?.p50),
        ratio(own, name, 'p50'),
        ratio(own, name, 'p10'),
        ratio(own, name, 'cpu'),
      ]),
    )
    tellCrowds(await measureCrowds(firstOf, String(shop)))
  } finally {
    stop()
  }
}

function tellCrowds(crowds: ReadonlyMap<string, Crowd>): void {
  const base = crowds.get(yardstick)?.cpuMs ?? Number.NaN
  tell(
    'A thousand payments at once over HTTP',
    ['client', 'rise of memory, MB', 'CPU s', '÷ CPU'],
    [...crowds].map(([name, { riseMb, cpuMs }]) => [
      name,
      riseMb.toFixed(0),
      (cpuMs / 1000).toFixed(2),
      (cpuMs / base).toFixed(2),
    ]),
  )
}

async function measureFree(): Promise<void> {
  const all = [bare, ...firstOf]
  const plan = { names: all, rounds: scaled(10), warmUp: 2000, calls: 500, isPaid: false }
  const own = await measureAlone(plan)
  const base = own.get(bare)?.p50 ?? Number.NaN
  tell(
    'A request that costs nothing, answered in the process',
    ['client', 'p50 µs', 'over a bare fetch, µs'],
    all.map((name) => {
      const p50 = own.get(name)?.p50 ?? Number.NaN
      return [name, (p50 * 1000).toFixed(1), ((p50 - base) * 1000).toFixed(1)]
    }),
  )
}

async function measureFirst(): Promise<void> {
  const starts = await measureStarts(firstOf, scaled(3))
  const row = (name: string, { imported, created, first, second }: Start): readonly string[] => [
    name,
    ...[imported, created, first, second].map((one) => one.toFixed(0)),
  ]
  tell(
    'The first payment of a fresh process, ms',
    ['client', 'import', 'set up', '1st payment', '2nd'],
    [...starts].map(([name, one]) => row(name, one)),
  )
}

async function measureSizes(): Promise<void> {
  const kb = (bytes: number): string => (bytes / 1000).toFixed(1)
  const row = ({ name, minified, gzipped }: Size): readonly string[] => [name, kb(minified), kb(gzipped)]
  const columns = ['', 'minified KB', 'and gzipped']
  tell('What a page downloads', ['client', ...columns.slice(1)], (await measureClients()).map(row))
  tell('Each entry alone, without its peers', ['entry', ...columns.slice(1)], (await measureEntries()).map(row))
}

function ms(value: number | undefined): string {
  return (value ?? Number.NaN).toFixed(3)
}

function ratio(all: Latencies, name: string, of: keyof Latency): string {
  return ((all.get(name)?.[of] ?? Number.NaN) / (all.get(yardstick)?.[of] ?? Number.NaN)).toFixed(2)
}

/** Prints a table, and keeps it for the page. */
function tell(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  ')
  process.stdout.write(`${title}\n${[columns, ...rows].map(line).join('\n')}\n\n`)
  const dashes = columns.map((_, index) => (index === 0 ? '---' : '--:'))
  page.push(`## ${title}\n\n${[columns, dashes, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`)
}

function writePage(): string {
  const packages = ['@x402/fetch', 'x402-fetch', '@faremeter/fetch', 'mppx', 'viem']
  const versions = packages.map((name) => `${name} ${versionOf(name)}`).join(', ')
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() || process.arch}, Node ${process.versions.node}`
  return `# How fast it is, and how large

Made by \`npm run bench:peers\` on ${new Date().toISOString().slice(0, 10)}: ${machine}; ${versions}.

÷ is by ${yardstick}, in this run. Only ratios of one run can be compared: p10 is what a call takes when nothing else runs, and
CPU what it computes, garbage collection included. *Own* is each client alone in a process, *mixed* all of them in one, a call
each in turn. stipend pays under a limit for each payment and one for the day, and records each in a ledger in memory; the
others keep no record.

${page.join('\n')}`
}

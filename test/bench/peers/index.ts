import { parseArgs } from 'node:util'
import { type Latencies, type Latency, measureAlone, measureMixed } from './latency.ts'
import { subjects, yardstick } from './subjects.ts'

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
const rounds = Math.max(1, Math.round(25 * Number(values.times)))
const names = subjects.map(({ name }) => name).filter((name) => name === yardstick || name.startsWith(values.only))

const stub = { names, rounds, warmUp: 300, calls: 40, isPaid: true }
show(
  'a paid request, answered in the process',
  await measureAlone(stub),
  await measureMixed({ ...stub, rounds: 1, calls: 40 * rounds }),
)

/** Prints milliseconds, and how many times those of the yardstick they are. */
function show(title: string, own: Latencies, mixed: Latencies): void {
  const ratio = (all: Latencies, name: string, of: keyof Latency): string =>
    ((all.get(name)?.[of] ?? Number.NaN) / (all.get(yardstick)?.[of] ?? Number.NaN)).toFixed(2).padStart(9)
  const cells = (all: Latencies, name: string): string =>
    `${(all.get(name)?.p50 ?? Number.NaN).toFixed(3).padStart(11)}${ratio(all, name, 'p50')}${ratio(all, name, 'p10')}`
  const head = `${'own p50 ms'.padStart(11)}${'÷ p50'.padStart(9)}${'÷ p10'.padStart(9)}${'÷ CPU'.padStart(9)}`
  const rows = [...own.keys()].map(
    (name) => `${name.padEnd(24)}${cells(own, name)}${ratio(own, name, 'cpu')}${cells(mixed, name)}\n`,
  )
  process.stdout.write(`${title} (÷ is by ${yardstick}, in this run)\n`)
  process.stdout.write(`${' '.repeat(24)}${head}${head.slice(0, 29).replace('own p50', ' mixed ')}\n${rows.join('')}\n`)
}

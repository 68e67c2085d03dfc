import { measureCrowds } from './peers/crowd.ts'
import { type Latencies, type Latency, measureAlone, measureMixed } from './peers/latency.ts'
import { start } from './peers/processes.ts'
import { measureClients, measureEntries, type Size } from './peers/sizes.ts'
import { measureStarts, type Start } from './peers/starting.ts'
import { bare, subjects, yardstick } from './peers/subjects.ts'
import type { Found } from './report.ts'

const names = subjects.map(({ name }) => name)
/** One setup of each client. */
const firstOf = names.filter((name) => !name.includes(','))

/** Measures paid requests that are answered in the process, so that nothing but the client takes time. */
export async function measureStub(): Promise<Found> {
  const plan = { names, rounds: 20, warmUp: 250, calls: 40, isPaid: true }
  const own = await measureAlone(plan)
  const mixed = await measureMixed({ ...plan, rounds: 1, calls: 800 })
  const columns = ['client', 'trips', 'own p50 ms', '÷ p50', '÷ p10', '÷ CPU', 'mixed p50 ms', '÷ p50', '÷ p10']
  const rows = names.map((name) => [
    ...aloneRow(own, name),
    ms(mixed.get(name)?.p50),
    ratio(mixed, name, 'p50'),
    ratio(mixed, name, 'p10'),
  ])
  return {
    tables: [{ title: 'A paid request, answered in the process', columns, rows }],
    facts: {
      stubOwn: divide(own, 'stipend', 'p50'),
      stubMixed: divide(mixed, 'stipend', 'p50'),
      stubOwnFast: divide(own, 'stipend, fast', 'p50'),
      stubMixedFast: divide(mixed, 'stipend, fast', 'p50'),
      trips: own.get('stipend, ahead')?.trips ?? Number.NaN,
    },
  }
}

/** What a client that is alone in its process takes, beside others. */
function aloneRow(own: Latencies, name: string): readonly string[] {
  const ratios = (['p50', 'p10', 'cpu'] as const).map((measure) => ratio(own, name, measure))
  return [name, trips(own, name), ms(own.get(name)?.p50), ...ratios]
}

/** Measures paid requests over HTTP on loopback. */
export async function measureHttp(): Promise<Found> {
  const { first: shop, stop } = await start('shop.ts')
  try {
    const own = await measureAlone({ names, rounds: 8, warmUp: 60, calls: 25, isPaid: true, shop: String(shop) })
    const columns = ['client', 'trips', 'p50 ms', '÷ p50', '÷ p10', '÷ CPU']
    const rows = names.map((name) => aloneRow(own, name))
    const { tables, facts } = await measureMany(String(shop))
    return {
      tables: [{ title: 'A paid request over HTTP on loopback, each client alone', columns, rows }, ...tables],
      facts: {
        http: divide(own, 'stipend', 'p50'),
        httpAhead: divide(own, 'stipend, ahead', 'p50'),
        httpAheadFast: divide(own, 'stipend, fast, ahead', 'p50'),
        ...facts,
      },
    }
  } finally {
    stop()
  }
}

async function measureMany(shop: string): Promise<Found> {
  const crowds = await measureCrowds(firstOf, shop)
  const base = crowds.get(yardstick)?.cpuMs ?? Number.NaN
  const rows = [...crowds].map(([name, { riseMb, cpuMs }]) => [
    name,
    riseMb.toFixed(0),
    (cpuMs / 1000).toFixed(2),
    (cpuMs / base).toFixed(2),
  ])
  const own = crowds.get('stipend')
  return {
    tables: [
      {
        title: 'A thousand payments at once over HTTP',
        columns: ['client', 'rise of memory, MB', 'CPU s', '÷ CPU'],
        rows,
      },
    ],
    facts: { crowdMb: own?.riseMb ?? Number.NaN, crowdCpu: (own?.cpuMs ?? Number.NaN) / base },
  }
}

/** Measures requests that cost nothing. */
export async function measureFree(): Promise<Found> {
  const all = [bare, ...firstOf]
  const own = await measureAlone({ names: all, rounds: 10, warmUp: 2000, calls: 500, isPaid: false })
  const over = (name: string): number =>
    ((own.get(name)?.p50 ?? Number.NaN) - (own.get(bare)?.p50 ?? Number.NaN)) * 1000
  const rows = all.map((name) => [name, ((own.get(name)?.p50 ?? Number.NaN) * 1000).toFixed(1), over(name).toFixed(1)])
  return {
    tables: [
      {
        title: 'A request that costs nothing, answered in the process',
        columns: ['client', 'p50 µs', 'over a bare fetch, µs'],
        rows,
      },
    ],
    facts: { passthroughUs: over('stipend') },
  }
}

/** Measures what a fresh process takes until it has paid. */
export async function measureFirst(): Promise<Found> {
  const starts = await measureStarts(firstOf, 4)
  const row = (name: string, { imported, created, first, second }: Start): readonly string[] => [
    name,
    ...[imported, created, first, second].map((one) => one.toFixed(0)),
  ]
  const own = starts.get('stipend')
  return {
    tables: [
      {
        title: 'The first payment of a fresh process, ms',
        columns: ['client', 'import', 'set up', '1st payment', '2nd'],
        rows: [...starts].map(([name, one]) => row(name, one)),
      },
    ],
    facts: { importMs: own?.imported ?? Number.NaN, firstMs: own?.first ?? Number.NaN },
  }
}

/** Measures what is downloaded. */
export async function measureSizes(): Promise<Found> {
  const [clients, entries] = [await measureClients(), await measureEntries()]
  const row = ({ name, minified, gzipped }: Size): readonly string[] => [name, kb(minified), kb(gzipped)]
  const columns = ['minified KB', 'and gzipped']
  return {
    tables: [
      { title: 'What a page downloads', columns: ['client', ...columns], rows: clients.map(row) },
      { title: 'Each entry alone, without its peers', columns: ['entry', ...columns], rows: entries.map(row) },
    ],
    facts: { wholeKb: kilobytes(clients[0]), leanKb: kilobytes(clients[1]) },
  }
}

function kb(bytes: number): string {
  return (bytes / 1000).toFixed(1)
}

function ms(value: number | undefined): string {
  return (value ?? Number.NaN).toFixed(3)
}

function trips(all: Latencies, name: string): string {
  return (all.get(name)?.trips ?? Number.NaN).toFixed(0)
}

function divide(all: Latencies, name: string, of: keyof Latency): number {
  return (all.get(name)?.[of] ?? Number.NaN) / (all.get(yardstick)?.[of] ?? Number.NaN)
}

function ratio(all: Latencies, name: string, of: keyof Latency): string {
  return divide(all, name, of).toFixed(2)
}

function kilobytes(size: Size | undefined): number {
  return (size?.gzipped ?? Number.NaN) / 1000
}

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { testRandom } from 'stipend/testing'
import type { BuyerOptions, BuyerReport } from './buyer.ts'

/** Processes that buy with one wallet; some of them are killed and begun anew. */
export type Crew = {
  /** Ends all of them. */
  readonly stop: () => Promise<void>
  /** The payments that events told of as settled. */
  readonly told: () => ReadonlySet<string>
  readonly problems: () => readonly string[]
  readonly figures: () => string
}

type CrewOptions = { readonly size: number; readonly seed: number; readonly onEnd: () => Promise<void> }

const killEveryMs = 3000
/** What a heap may grow by from its first minute to its end. */
const growthMb = 48

/** Starts them. The first is never killed: it tells whether memory stays flat. */
export function startCrew(buyer: BuyerOptions, { size, seed, onEnd }: CrewOptions): Crew {
  const random = testRandom(seed)
  const told = new Set<string>()
  const odd: string[] = []
  const heaps: number[] = []
  const reports = new Map<ChildProcess, BuyerReport>()
  const children: ChildProcess[] = []
  let [kills, started] = [0, 0]

  const begin = (place: number): void => {
    started += 1
    const options: BuyerOptions = { ...buyer, seed: seed * 1000 + started }
    const path = fileURLToPath(new URL('buyer.ts', import.meta.url))
    const child = fork(path, [JSON.stringify(options)], { execArgv: ['--expose-gc'] })
    child.on('message', (message) => {
      const report = message as BuyerReport
      reports.set(child, report)
      odd.push(...report.odd)
      for (const id of report.settled) told.add(id)
      if (place === 0) heaps.push(report.heapMb)
    })
    // Whoever is not killed goes on.
    child.on('exit', (code, signal) => {
      if (signal !== 'SIGKILL') odd.push(`a process ended by itself, with code ${code}`)
    })
    children[place] = child
  }
  for (let place = 0; place < size; place += 1) begin(place)
  const killing = setInterval(() => {
    const place = 1 + random.below(size - 1)
    children[place]?.kill('SIGKILL')
    kills += 1
    begin(place)
  }, killEveryMs)

  const sum = (field: 'calls' | 'answered' | 'refused'): number =>
    [...reports.values()].reduce((all, report) => all + report[field], 0)
  // The first seconds fill caches, and compile.
  const settledHeaps = (): readonly number[] => heaps.slice(Math.min(20, Math.floor(heaps.length / 3)))
  return {
    stop: async () => {
      clearInterval(killing)
      await Promise.all(children.map(end))
      await onEnd()
    },
    told: () => told,
    problems: () => {
      const [first = 0, last = 0] = [settledHeaps()[0], settledHeaps().at(-1)]
      const grown = last - first
      return [...new Set(odd), ...(grown > growthMb ? [`a heap has grown by ${grown.toFixed(0)} MB`] : [])]
    },
    figures: () => {
      const [first = 0, last = 0] = [settledHeaps()[0], settledHeaps().at(-1)]
      const memory = `heap ${first.toFixed(0)} MB, at the end ${last.toFixed(0)} MB`
      return `${sum('calls')} calls, ${sum('answered')} answered, ${sum('refused')} refused, ${kills} kills; ${memory}`
    },
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

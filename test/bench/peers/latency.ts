import type { Done, Task } from './child.ts'
import { start, type Worker } from './processes.ts'

/** What a call of one client takes, in milliseconds. */
export type Latency = {
  /** Half of all calls were faster. */
  readonly p50: number
  /** A tenth of all calls was faster: on a busy machine these are the ones that were left alone. */
  readonly p10: number
  /** What a call computes, garbage collection included; known where the client has a process of its own. */
  readonly cpu: number | undefined
  /** How many requests a call sends. */
  readonly trips: number
}

/** By client. */
export type Latencies = ReadonlyMap<string, Latency>

type Plan = Task & {
  readonly names: readonly string[]
  readonly rounds: number
  /** Calls before anything is measured. */
  readonly warmUp: number
}

/** Measures each client alone in a process of its own; they take turns, so that a noisy minute meets them all. */
export async function measureAlone({ names, rounds, warmUp, ...task }: Plan): Promise<Latencies> {
  const workers = await Promise.all(names.map((name) => start('child.ts', [name])))
  try {
    return await measure(workers, { names, rounds, warmUp, ...task })
  } finally {
    for (const worker of workers) worker.stop()
  }
}

/** Measures all clients in one process, where each call finds the caches cold from the others. */
export async function measureMixed({ names, rounds, warmUp, ...task }: Plan): Promise<Latencies> {
  const worker = await start('child.ts', names)
  try {
    return await measure([worker], { names, rounds, warmUp, ...task })
  } finally {
    worker.stop()
  }
}

async function measure(workers: readonly Worker[], { names, rounds, warmUp, ...task }: Plan): Promise<Latencies> {
  for (const worker of workers) await worker.ask({ ...task, calls: warmUp })
  const times = new Map<string, number[]>(names.map((name) => [name, []]))
  const cpu = new Map<string, number>()
  const trips = new Map<string, number>()
  for (let round = 0; round < rounds; round += 1) {
    for (const worker of workers) {
      const done = (await worker.ask(task)) as Done
      for (const [name, list] of Object.entries(done.times)) {
        times.get(name)?.push(...list)
        cpu.set(name, (cpu.get(name) ?? 0) + done.cpuMs)
        trips.set(name, (trips.get(name) ?? 0) + (done.trips[name] ?? 0))
      }
    }
  }
  const isAlone = workers.length === names.length
  return new Map(
    [...times].map(([name, list]) => {
      const cpuMs = isAlone ? (cpu.get(name) ?? 0) / list.length : undefined
      const p50 = quantile(list, 0.5)
      return [name, { p50, p10: quantile(list, 0.1), cpu: cpuMs, trips: (trips.get(name) ?? 0) / list.length }]
    }),
  )
}

/** Answers the number that this share of some numbers is below. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN
}

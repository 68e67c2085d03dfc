import { quantile } from './latency.ts'
import { start } from './processes.ts'

/** How a process that pays for the first time spends its time, in milliseconds. */
export type Start = {
  readonly imported: number
  readonly created: number
  readonly first: number
  readonly second: number
}

/** Measures the first payments of fresh processes, which take turns; answers medians by client. */
export async function measureStarts(names: readonly string[], rounds: number): Promise<ReadonlyMap<string, Start>> {
  const all = new Map<string, Start[]>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const { first, stop } = await start('first-payment.ts', [name])
      stop()
      all.get(name)?.push(first as Start)
    }
  }
  return new Map([...all].map(([name, starts]) => [name, mediansOf(starts)]))
}

function mediansOf(starts: readonly Start[]): Start {
  const of = (field: keyof Start): number =>
    quantile(
      starts.map((one) => one[field]),
      0.5,
    )
  return { imported: of('imported'), created: of('created'), first: of('first'), second: of('second') }
}

import { start } from './processes.ts'

/** What a thousand payments at once take. */
export type Crowd = { readonly riseMb: number; readonly cpuMs: number }

/** Measures a thousand payments at once over HTTP, in a process for each client. */
export async function measureCrowds(names: readonly string[], shop: string): Promise<ReadonlyMap<string, Crowd>> {
  const crowds = new Map<string, Crowd>()
  for (const name of names) {
    const { first, stop } = await start('thousand.ts', [name, shop], ['--expose-gc'])
    stop()
    crowds.set(name, first as Crowd)
  }
  return crowds
}

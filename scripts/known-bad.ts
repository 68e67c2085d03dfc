import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Change, copySources, type Outcome, tryChanges } from './changes/try-changes.ts'
import { invariants, type KnownBad } from './known-bad/known-bad.ts'
import { findStale, patches } from './known-bad/patches.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const tsup = join(root, 'node_modules/tsup/dist/cli-default.js')
/** With `--simulate`, two thousand rounds of the simulation look; what they cannot see is listed, and is no failure. */
const isSimulated = process.argv.includes('--simulate')
const wanted = process.argv.slice(2).find((one) => !one.startsWith('--'))
/** With `--from=40`, goes on where a run was broken off. */
const from = Number(process.argv.find((one) => one.startsWith('--from='))?.slice('--from='.length) ?? 1)

function changeOf({ file, find, replace, tests }: KnownBad): Change {
  const sound = readFileSync(join(root, file), 'utf8')
  // What narrows a file to some of its tests is for people who run one by hand.
  const files = tests.filter((test) => test.startsWith('test/'))
  return { file, changed: sound.replace(find, () => replace), tests: [files] }
}

/** Builds each broken copy, and simulates. */
async function* simulateChanges(changes: readonly Change[]): AsyncGenerator<Outcome> {
  for (const { file, changed } of changes) {
    const copy = copySources()
    try {
      writeFileSync(join(copy, file), changed)
      yield isSimulationRed(copy) ? 'noticed' : 'missed'
    } finally {
      rmSync(copy, { recursive: true, force: true })
    }
  }
}

function isSimulationRed(copy: string): boolean {
  const built = runIn(copy, tsup, '--no-dts', '--silent')
  if (built.status !== 0) throw new Error(`it was not built: ${built.stdout}${built.stderr}`)
  const run = runIn(copy, 'test/simulation/index.ts', '--seed', '1', '--rounds', '2000', '--stop')
  if (!run.stdout.includes('simulating')) throw new Error(`nothing was simulated: ${run.stdout}${run.stderr}`)
  const broken = /^seed .*/m.exec(run.stdout)?.[0]
  if (broken !== undefined) process.stdout.write(`${broken}\n`)
  return run.status !== 0
}

function runIn(cwd: string, ...command: readonly string[]): ReturnType<typeof spawnSync> & { readonly stdout: string } {
  return spawnSync(process.execPath, command, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
}

const stale = findStale()
if (stale.length > 0) throw new TypeError(`no longer there to be broken: ${stale.join('; ')}`)

const chosen = patches
  .slice(from - 1)
  .filter(({ invariant, breaks }) => wanted === undefined || invariant === wanted || breaks.includes(wanted))
const words = { noticed: 'noticed', endless: 'endless', missed: 'MISSED ', broken: 'BROKEN ' } as const
let [noticed, missed] = [0, 0]
const changes = chosen.map(changeOf)
const left = chosen.values()
for await (const outcome of isSimulated ? simulateChanges(changes) : tryChanges(changes)) {
  const { invariant = '', breaks = '' } = left.next().value ?? {}
  if (outcome === 'noticed' || outcome === 'endless') noticed += 1
  else missed += 1
  process.stdout.write(`${words[outcome]}  ${invariant.padEnd(3)} ${breaks}\n`)
}
for (const [invariant, sentence] of Object.entries(invariants)) {
  const known = patches.filter((patch) => patch.invariant === invariant)
  process.stdout.write(`${invariant.padEnd(3)} ${known.length} ways to break it: ${sentence}\n`)
  if (known.length === 0) missed += 1
}
process.stdout.write(`${noticed} passed, ${missed} failed\n`)
process.exitCode = missed === 0 || isSimulated ? 0 : 1

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { invariants, type KnownBad } from './known-bad/known-bad.ts'
import { findStale, patches } from './known-bad/patches.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const tsup = join(root, 'node_modules/tsup/dist/cli-default.js')
/** With `--simulate`, two thousand rounds of the simulation look; what they cannot see is listed, and is no failure. */
const isSimulated = process.argv.includes('--simulate')
const copied = [
  'src',
  'adapters',
  'test',
  'scripts',
  'package.json',
  'tsconfig.json',
  'tsconfig.src.json',
  'tsup.config.ts',
  'vitest.config.ts',
] as const
const wanted = process.argv.slice(2).find((one) => !one.startsWith('--'))
/** With `--from=40`, goes on where a run was broken off. */
const from = Number(process.argv.find((one) => one.startsWith('--from='))?.slice('--from='.length) ?? 1)

/** Copies the sources, breaks the copy, and tells whether the tests that guard the promise noticed. */
function isNoticed({ file, find, replace, tests }: KnownBad): boolean {
  const copy = mkdtempSync(join(tmpdir(), 'stipend-known-bad-'))
  try {
    for (const name of copied) {
      cpSync(join(root, name), join(copy, name), { recursive: true, filter: (path) => !path.includes('node_modules') })
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    const sound = readFileSync(join(copy, file), 'utf8')
    writeFileSync(
      join(copy, file),
      sound.replace(find, () => replace),
    )
    if (isSimulated) return isSimulationRed(copy)
    const run = runIn(copy, vitest, 'run', '--project', 'unit', '--project', 'processes', '--bail', '1', ...tests)
    const said = /Tests\s.*(passed|failed)/.exec(run.stdout)?.[0]
    // A copy that does not even load has been noticed by nobody.
    if (said === undefined) throw new Error(`no test ran: ${run.stdout}${run.stderr}`)
    return run.status !== 0 && said.includes('failed')
  } finally {
    rmSync(copy, { recursive: true, force: true })
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

let [noticed, missed] = [0, 0]
for (const patch of patches.slice(from - 1)) {
  if (wanted !== undefined && patch.invariant !== wanted && !patch.breaks.includes(wanted)) continue
  const isRed = isNoticed(patch)
  if (isRed) noticed += 1
  else missed += 1
  process.stdout.write(`${isRed ? 'noticed' : 'MISSED '}  ${patch.invariant.padEnd(3)} ${patch.breaks}\n`)
}
for (const [invariant, sentence] of Object.entries(invariants)) {
  const known = patches.filter((patch) => patch.invariant === invariant)
  process.stdout.write(`${invariant.padEnd(3)} ${known.length} ways to break it: ${sentence}\n`)
  if (known.length === 0) missed += 1
}
process.stdout.write(`${noticed} passed, ${missed} failed\n`)
process.exitCode = missed === 0 || isSimulated ? 0 : 1

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { invariants, type KnownBad } from './known-bad/known-bad.ts'
import { findStale, patches } from './known-bad/patches.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const simulation = 'test/simulation/'
/** With `--simulate`, the simulation alone looks; what it cannot see is listed, and is no failure. */
const isSimulated = process.argv.includes('--simulate')
const wanted = process.argv.slice(2).find((one) => !one.startsWith('--'))

/** Copies the sources, breaks the copy, and tells whether the tests that guard the promise noticed. */
function isNoticed({ file, find, replace, tests }: KnownBad): boolean {
  const copy = mkdtempSync(join(tmpdir(), 'stipend-known-bad-'))
  try {
    for (const name of ['src', 'adapters', 'test', 'scripts', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
      cpSync(join(root, name), join(copy, name), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    const sound = readFileSync(join(copy, file), 'utf8')
    writeFileSync(
      join(copy, file),
      sound.replace(find, () => replace),
    )
    const wantedTests = isSimulated ? [simulation] : tests
    const run = spawnSync(
      process.execPath,
      [vitest, 'run', '--project', 'unit', '--project', 'processes', ...wantedTests],
      {
        cwd: copy,
        encoding: 'utf8',
      },
    )
    const said = /Tests\s.*(passed|failed)/.exec(run.stdout)?.[0]
    // A copy that does not even load has been noticed by nobody.
    if (said === undefined) throw new Error(`no test ran: ${run.stdout}${run.stderr}`)
    return run.status !== 0 && said.includes('failed')
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const stale = findStale()
if (stale.length > 0) throw new TypeError(`no longer there to be broken: ${stale.join('; ')}`)

let [noticed, missed] = [0, 0]
for (const patch of patches) {
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

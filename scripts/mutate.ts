import { copyFileSync, cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Mutant, mutantsOf } from './mutation/mutants.ts'
import { reasonFor } from './mutation/survivors.ts'

/**
 * Changes one operator of the sources at a time, and sees whether a test notices:
 *
 *     npm run mutate -- src/money.ts src/hosts
 *
 * It works on a copy, and runs the tests that stand where the changed file does, and those named in `alsoTestedBy`.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Takes every so many-th mutant only. */
    every: { type: 'string', default: '1' },
    /** Writes docs/mutation.md. */
    write: { type: 'boolean', default: false },
    /** Lists the mutants, and runs nothing. */
    list: { type: 'boolean', default: false },
  },
})
const root = fileURLToPath(new URL('../', import.meta.url))
const folders = ['src', 'adapters', 'test', 'scripts']
/** How long a mutant may take. */
const maxWaitMs = 180_000
const files = ['package.json', 'tsconfig.json', 'tsconfig.src.json', 'vitest.config.ts', 'README.md']

/** Tests elsewhere that are about a folder as well. */
const alsoTestedBy: Readonly<Record<string, readonly string[]>> = {
  'src/hosts': ['test/policy/rules'],
  'src/ledger': ['test/testing/ledger'],
  'src/policy': ['test/policy'],
  'src/protocols': ['test/protocols', 'test/fetch/hostile.test.ts'],
  'src/pay/sign.ts': ['test/keys/changed-store.test.ts', 'test/pay'],
}

const sources = positionals.flatMap((path) =>
  path.endsWith('.ts') ? [path] : globSync(`${path}/**/*.ts`, { cwd: root }).toSorted(),
)
const every = Number(values.every)
/** A mutant by its number in its file. */
type Numbered = Mutant & { readonly number: number }
const mutants: readonly Numbered[] = sources
  .flatMap((file) => mutantsOf(file, readFileSync(join(root, file), 'utf8')).map((one, number) => ({ ...one, number })))
  .filter((_, index) => index % every === 0)
process.stdout.write(`${mutants.length} mutants of ${sources.length} files\n`)
if (values.list) for (const mutant of mutants) process.stdout.write(`${describe(mutant)}\n`)
else await run()

async function run(): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), 'stipend-mutants-'))
  for (const folder of folders) {
    cpSync(join(root, folder), join(copy, folder), {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    })
  }
  for (const file of files) copyFileSync(join(root, file), join(copy, file))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const survivors: Mutant[] = []
  try {
    for (const file of sources) {
      const those = mutants.filter((mutant) => mutant.file === file)
      if (those.length > 0) survivors.push(...(await tryAll(copy, file, those)))
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  report(survivors)
}

/** Tries the mutants of one file; one that never ends has been noticed, and a new process goes on behind it. */
async function tryAll(copy: string, file: string, those: readonly Numbered[]): Promise<readonly Mutant[]> {
  const survivors: Mutant[] = []
  let left = [...those]
  while (left.length > 0) {
    const numbers = left.map(({ number }) => number).join(',')
    const runner = spawn(process.execPath, ['scripts/mutation/runner.ts', file, numbers, ...testsOf(file)], {
      cwd: copy,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let watch = setTimeout(() => runner.kill('SIGKILL'), maxWaitMs)
    const note = (mutant: Numbered, word: string): void => {
      if (word === 'survived') survivors.push(mutant)
      left = left.filter((one) => one !== mutant)
      process.stdout.write(`${word.padEnd(8)}  ${describe(mutant)}\n`)
    }
    for await (const line of createInterface({ input: runner.stdout })) {
      const [number, word = ''] = line.split(' ')
      const mutant = left.find((one) => String(one.number) === number)
      if (!mutant) continue
      note(mutant, word)
      clearTimeout(watch)
      watch = setTimeout(() => runner.kill('SIGKILL'), maxWaitMs)
    }
    clearTimeout(watch)
    const [stuck] = left
    if (!stuck) break
    if (runner.signalCode === null) throw new Error(`the tests of ${file} could not be run`)
    copyFileSync(join(root, file), join(copy, file))
    note(stuck, 'endless')
  }
  return survivors
}

function testsOf(file: string): readonly string[] {
  const mirror = file.replace(/^(src|adapters)\//, 'test/').replace(/\.ts$/, '.test.ts')
  const folder = mirror.replace(/[^/]+$/, '')
  const near = folder === 'test/' ? [mirror] : globSync(`${folder}*.test.ts`, { cwd: root })
  const also = Object.entries(alsoTestedBy).flatMap(([part, tests]) => (file.startsWith(part) ? tests : []))
  const found = [...near, ...also]
  if (found.length === 0) throw new TypeError(`no test stands where ${file} does`)
  return found
}

function report(survivors: readonly Mutant[]): void {
  const killed = mutants.length - survivors.length
  const rate = ((killed / mutants.length) * 100).toFixed(1)
  process.stdout.write(`\n${killed} of ${mutants.length} killed, ${rate} %\n`)
  for (const mutant of survivors) {
    process.stdout.write(`${describe(mutant)}\n  ${reasonFor(mutant) ?? 'no reason is known: a test is missing'}\n`)
  }
  if (values.write) writeFileSync(join(root, 'docs/mutation.md'), writePage(survivors))
  process.exitCode = survivors.every((mutant) => reasonFor(mutant) !== undefined) ? 0 : 1
}

function writePage(survivors: readonly Mutant[]): string {
  const rows = sources.map((file) => {
    const all = mutants.filter((mutant) => mutant.file === file).length
    const left = survivors.filter((mutant) => mutant.file === file).length
    return `| ${file} | ${all} | ${all - left} |`
  })
  const lines = survivors.map((mutant) => {
    const { file, line, source, from, to } = mutant
    return `- ${file}:${line} \`${from}\` → \`${to}\` in \`${source}\`: ${reasonFor(mutant) ?? 'a test is missing'}`
  })
  const killed = mutants.length - survivors.length
  return `# What the tests notice

Made by \`npm run mutate -- --write ${positionals.join(' ')}${every === 1 ? '' : ` --every ${every}`}\` on ${new Date().toISOString().slice(0, 10)}: one operator, condition,
refusal or boolean of the sources is changed at a time, and the tests of its folder run. **${killed} of ${mutants.length} changes were noticed,
${((killed / mutants.length) * 100).toFixed(1)} %.**

| file | changes | noticed |
|---|--:|--:|
${rows.join('\n')}

## What was not noticed, and why

${lines.join('\n') || 'Nothing.'}
`
}

function describe({ file, line, from, to }: Mutant): string {
  return `${file}:${line}  ${from} → ${to}`
}

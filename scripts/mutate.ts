import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Change, tryChanges } from './changes/try-changes.ts'
import { type Mutant, mutantsOf } from './mutation/mutants.ts'
import { readOutcomes } from './mutation/outcomes.ts'
import { reasonFor } from './mutation/survivors.ts'

/**
 * Changes one operator of the sources at a time, and sees whether a test notices:
 *
 *     npm run mutate -- src/money.ts src/hosts
 *
 * Without names it takes all that is between a 402 and money: `--write` then makes docs/mutation.md. It works on a copy, and runs the tests that stand where the changed file does, and those named in `alsoTestedBy`.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Takes one mutant of so many only: the same ones each time, whatever stands around them. */
    every: { type: 'string', default: '1' },
    /** Writes docs/mutation.md. */
    write: { type: 'boolean', default: false },
    /** Leaves out what a test has noticed in an earlier run, where the source is still the same. */
    again: { type: 'boolean', default: false },
    /** Lists the mutants, and runs nothing. */
    list: { type: 'boolean', default: false },
  },
})
const root = fileURLToPath(new URL('../', import.meta.url))

/** Tests elsewhere that are about a folder as well. */
const alsoTestedBy: Readonly<Record<string, readonly string[]>> = {
  'src/hosts': ['test/policy/rules'],
  'src/ledger': ['test/testing/ledger'],
  'src/policy': ['test/policy'],
  'src/policy/rules/hosts.ts': ['test/hosts/public-suffixes.test.ts'],
  'src/protocols/mpp': ['test/sign-in/mpp.test.ts'],
  'src/protocols': ['test/protocols', 'test/fetch/hostile.test.ts'],
  'src/pay/sign.ts': ['test/keys/changed-store.test.ts', 'test/pay'],
}

/** Where a slip costs money. */
const guarded = ['src/money.ts', 'src/policy', 'src/ledger', 'src/hosts', 'src/protocols', 'src/pay/sign.ts']
const sources = (positionals.length > 0 ? positionals : guarded).flatMap((path) =>
  path.endsWith('.ts') ? [path] : globSync(`${path}/**/*.ts`, { cwd: root }).toSorted(),
)
const every = Number(values.every)
const all = sources.flatMap((file) => mutantsOf(file, readFileSync(join(root, file), 'utf8')))
const mutants = all.filter((mutant) => drawOf(mutant) % every === 0)
process.stdout.write(`${mutants.length} mutants of ${sources.length} files\n`)
if (values.list) for (const mutant of mutants) process.stdout.write(`${describe(mutant)}\n`)
else await run()

async function run(): Promise<void> {
  const outcomes = readOutcomes()
  const tried = values.again ? mutants.filter((mutant) => !outcomes.isKilled(mutant)) : mutants
  const survivors: Mutant[] = []
  const left = tried.values()
  for await (const outcome of tried.length > 0 ? tryChanges(tried.map(changeOf)) : []) {
    const mutant = left.next().value
    if (!mutant) break
    outcomes.note(mutant, outcome !== 'missed')
    if (outcome === 'missed') survivors.push(mutant)
    process.stdout.write(`${outcome.padEnd(8)}  ${describe(mutant)}\n`)
  }
  report(survivors)
}

/** Most mutants are noticed by the test of the file itself. */
function changeOf({ file, changed }: Mutant): Change {
  const own = `/${(file.split('/').at(-1) ?? '').replace(/\.ts$/, '')}.test.ts`
  const tests = testsOf(file)
  const isOwn = (test: string): boolean => test.endsWith(own)
  return { file, changed, tests: [tests.filter(isOwn), tests.filter((test) => !isOwn(test))] }
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
    const tried = mutants.filter((mutant) => mutant.file === file).length
    const left = survivors.filter((mutant) => mutant.file === file).length
    return `| ${file} | ${tried} | ${tried - left} |`
  })
  const lines = survivors.map((mutant) => {
    const { file, line, source, from, to } = mutant
    return `- ${file}:${line} \`${from}\` → \`${to}\` in \`${source}\`: ${reasonFor(mutant) ?? 'a test is missing'}`
  })
  const killed = mutants.length - survivors.length
  return `# What the tests notice

Made by \`npm run mutate -- ${['--write', ...positionals, ...(every === 1 ? [] : [`--every ${every}`])].join(' ')}\` on ${new Date().toISOString().slice(0, 10)}: one operator, condition,
refusal or boolean of the sources is changed at a time, and the tests of its folder run.${every === 1 ? '' : ` Of ${all.length} such changes one in ${every} was drawn.`} **${killed} of ${mutants.length} changes were noticed,
${((killed / mutants.length) * 100).toFixed(1)} %.**

| file | changes | noticed |
|---|--:|--:|
${rows.join('\n')}

## What was not noticed, and why

${lines.join('\n') || 'Nothing.'}
`
}

/** A number that is drawn for a change by its own words: a slip elsewhere in the sources draws no other sample. */
function drawOf({ file, source, from, to }: Mutant): number {
  return createHash('sha256').update([file, source, from, to].join('\n')).digest().readUInt32BE()
}

function describe({ file, line, from, to }: Mutant): string {
  return `${file}:${line}  ${from} → ${to}`
}

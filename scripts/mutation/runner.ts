import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createVitest, type TestSpecification } from 'vitest/node'
import { mutantsOf } from './mutants.ts'

/**
 * Runs in a process of its own, in a copy of the sources: takes some of the mutants of one file, by their numbers, and
 * writes a line for each: `killed` or `survived`. A mutant that never ends is for whoever started this to end.
 */
const [file = '', numbers = '', ...tests] = process.argv.slice(2)
const root = process.cwd()
const path = join(root, file)
const sound = readFileSync(path, 'utf8')
const vitest = await createVitest({
  root,
  project: ['unit'],
  watch: false,
  bail: 1,
  // One after another in one process: each is small, and what starts processes costs more than what it runs.
  maxWorkers: 1,
  reporters: [{}],
  testTimeout: 60_000,
})
const all = await vitest.globTestSpecifications(tests.map((test) => join(root, test)))
// Most are noticed by the test of the file itself.
const own = `/${(file.split('/').at(-1) ?? '').replace(/\.ts$/, '')}.test.ts`
const stages = [
  all.filter(({ moduleId }) => moduleId.endsWith(own)),
  all.filter(({ moduleId }) => !moduleId.endsWith(own)),
]

if (!(await isGreen(all))) throw new Error(`the tests of ${file} fail as it stands`)
const mutants = mutantsOf(file, sound)
for (const index of numbers.split(',').map(Number)) {
  const { changed = sound } = mutants[index] ?? {}
  writeFileSync(path, changed)
  const survived = await isGreenInStages()
  writeFileSync(path, sound)
  process.stdout.write(`${index} ${survived ? 'survived' : 'killed'}\n`)
}
await vitest.close()
process.exit()

async function isGreenInStages(): Promise<boolean> {
  for (const specs of stages) if (specs.length > 0 && !(await isGreen(specs))) return false
  return true
}

async function isGreen(specs: TestSpecification[]): Promise<boolean> {
  vitest.invalidateFile(path)
  const { testModules, unhandledErrors } = await vitest.rerunTestSpecifications(specs)
  return unhandledErrors.length === 0 && testModules.length > 0 && testModules.every((module) => module.ok())
}

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createVitest, type TestModule } from 'vitest/node'
import type { Change, Outcome } from './try-changes.ts'

/**
 * Runs in a copy of the sources, in a process of its own: takes changes as lines of JSON, and writes for each whether a test
 * noticed. One runner for all of them: starting it takes longer than most tests do.
 */
const root = process.cwd()
const vitest = await createVitest({
  root,
  project: ['unit', 'processes'],
  watch: false,
  bail: 1,
  reporters: [{}],
})

for await (const line of createInterface({ input: process.stdin })) {
  const change: Change = JSON.parse(line)
  process.stdout.write(`outcome ${await outcomeOf(change)}\n`)
}
await vitest.close()
process.exit()

async function outcomeOf({ file, changed, tests }: Change): Promise<Outcome> {
  const path = join(root, file)
  const sound = readFileSync(path, 'utf8')
  writeFileSync(path, changed)
  try {
    for (const stage of tests) {
      const outcome = await runStage(path, stage)
      if (outcome !== 'missed') return outcome
    }
    return 'missed'
  } finally {
    writeFileSync(path, sound)
    vitest.invalidateFile(path)
  }
}

async function runStage(path: string, tests: readonly string[]): Promise<Outcome> {
  if (tests.length === 0) return 'missed'
  const specs = await vitest.globTestSpecifications(tests.map((test) => join(root, test)))
  vitest.invalidateFile(path)
  const { testModules: all } = await vitest.rerunTestSpecifications(specs)
  // It answers those of earlier runs as well.
  const modules = all.filter(({ moduleId }) => specs.some((spec) => spec.moduleId === moduleId))
  if (modules.some(hasFailedTest)) return 'noticed'
  return modules.length > 0 && modules.every((module) => module.ok()) ? 'missed' : 'broken'
}

function hasFailedTest({ children }: TestModule): boolean {
  return [...children.allTests('failed')].length > 0
}

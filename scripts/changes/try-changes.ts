import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A source as it would be with one thing changed, and the tests that are to notice: those of the first stage first. */
export type Change = {
  readonly file: string
  readonly changed: string
  readonly tests: readonly (readonly string[])[]
}

/** What became of a change: `broken` where the tests did not even load, `endless` where they did not end. */
export type Outcome = 'noticed' | 'missed' | 'broken' | 'endless'

/** How long the tests of one change may take. */
const maxWaitMs = 120_000

const root = fileURLToPath(new URL('../../', import.meta.url))
const folders = ['src', 'adapters', 'test', 'scripts', 'docs', 'examples']
const files = ['package.json', 'tsconfig.json', 'tsconfig.src.json', 'tsup.config.ts', 'vitest.config.ts', 'README.md']

/** Copies the sources to where they can be changed, without what is installed; whoever called removes the copy. */
export function copySources(): string {
  const copy = mkdtempSync(join(tmpdir(), 'stipend-changes-'))
  const filter = (path: string): boolean => !path.includes('node_modules')
  for (const folder of folders) cpSync(join(root, folder), join(copy, folder), { recursive: true, filter })
  for (const file of files) copyFileSync(join(root, file), join(copy, file))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/**
 * Tries one change after another in a copy, and answers what became of each, in their order. At last it runs all of these
 * tests with nothing changed.
 *
 * @throws Error when they fail then: what was put back would still be changed, and anything be noticed.
 */
export async function* tryChanges(changes: readonly Change[]): AsyncGenerator<Outcome> {
  const copy = copySources()
  let worker = startWorker(copy)
  try {
    for (const change of changes) {
      const outcome = await worker.try(change)
      yield outcome
      if (outcome !== 'endless') continue
      copyFileSync(join(root, change.file), join(copy, change.file))
      worker = startWorker(copy)
    }
    for (const change of unchanged(changes)) {
      if ((await worker.try(change)) !== 'missed')
        throw new Error(`${change.tests.flat().join()} fails although nothing is changed`)
    }
  } finally {
    await worker.stop()
    rmSync(copy, { recursive: true, force: true })
  }
}

function unchanged(changes: readonly Change[]): readonly Change[] {
  const [first] = changes
  if (!first) throw new TypeError('nothing would be changed')
  const changed = readFileSync(join(root, first.file), 'utf8')
  return [...new Set(changes.flatMap(({ tests }) => tests.flat()))].map((test) => ({
    ...first,
    changed,
    tests: [[test]],
  }))
}

type Worker = { readonly try: (change: Change) => Promise<Outcome>; readonly stop: () => Promise<void> }

function startWorker(cwd: string): Worker {
  const child = spawn(process.execPath, ['scripts/changes/worker.ts'], { cwd, stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    try: async (change) => {
      child.stdin.write(`${JSON.stringify(change)}\n`)
      return (await nextOutcome(lines, child)) ?? Promise.reject(new Error('the runner of the tests has ended'))
    },
    stop: async () => {
      child.stdin.end()
      await ended
    },
  }
}

/** What tests print is no outcome. */
async function nextOutcome(lines: AsyncIterator<string>, child: ChildProcess): Promise<Outcome | undefined> {
  let isStuck = false
  const watch = setTimeout(() => {
    isStuck = true
    child.kill('SIGKILL')
  }, maxWaitMs)
  try {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) return isStuck ? 'endless' : undefined
      const found = /^outcome (noticed|missed|broken)$/.exec(value)
      if (found) return found[1] as Outcome
    }
  } finally {
    clearTimeout(watch)
  }
}

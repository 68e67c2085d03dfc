import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { readEntries } from '../../scripts/entries.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const built = new Map<string, Promise<string>>()

/** Bundles a program of the tests, so that a process of its own can run it without the test runner. */
export function bundle(program: string): Promise<string> {
  const known = built.get(program) ?? bundleNow(program)
  built.set(program, known)
  return known
}

async function bundleNow(program: string): Promise<string> {
  const folder = `${root}node_modules/.cache/stipend-children`
  mkdirSync(folder, { recursive: true })
  const outfile = `${folder}/${program}-${process.pid}.mjs`
  await build({
    entryPoints: [`${root}test/processes/${program}.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    alias: Object.fromEntries(
      Object.entries(readEntries())
        .toReversed()
        .map(([name, file]) => [name, `${root}${file}`]),
    ),
    logLevel: 'silent',
  })
  return outfile
}

/** What a process said and how it ended. */
export type Ended = {
  readonly signal: NodeJS.Signals | null
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Runs a bundled program with arguments as JSON. */
export async function run(program: string, options: unknown): Promise<Ended> {
  return ended(await start(program, options))
}

/** Runs a program of the tests from source, where it is the sources themselves that start workers. */
export async function runSource(program: string, options: unknown): Promise<Ended> {
  const loader = `--import=${new URL('./source-loader.mjs', import.meta.url).href}`
  const child = spawn(process.execPath, [loader, `${root}test/processes/${program}.ts`, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return ended(child)
}

/** Starts a bundled program with arguments as JSON, for a test that ends it. */
export async function start(program: string, options: unknown): Promise<ChildProcess> {
  return spawn(process.execPath, [await bundle(program), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Waits for a program to end. */
export function ended(child: ChildProcess): Promise<Ended> {
  let [output, errors] = ['', '']
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, output, errors }))
  })
}

import { spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Hex } from 'viem'

const require = createRequire(import.meta.url)
const cacheFolder = fileURLToPath(new URL('../../node_modules/.cache/stipend', import.meta.url))

/** Older than what anvil runs by default, so that both agree whichever hardfork comes next. */
const settings = {
  evmVersion: 'cancun',
  optimizer: { enabled: true, runs: 200 },
  outputSelection: { '*': { '*': ['evm.deployedBytecode.object'] } },
}

/** Compiles the test token to the code that stands at its address. */
export function compileTestUsd(): Hex {
  const { TestUsd } = compile(new URL('TestUsd.sol', import.meta.url))
  if (!TestUsd) throw new Error('Failed to compile TestUsd.sol: it has no contract of that name')
  return TestUsd
}

/** Compiles the contracts of a file to the code that stands at an address; kept, because the compiler takes a second. */
export function compile(from: URL): Readonly<Record<string, Hex>> {
  const [name, source] = [basename(fileURLToPath(from)), readFileSync(from, 'utf8')]
  const { version } = require('solc/package.json') as { readonly version: string }
  const key = createHash('sha256')
    .update(JSON.stringify([version, settings, source]))
    .digest('hex')
    .slice(0, 16)
  const file = join(cacheFolder, `${name}-${key}.json`)
  const kept = readKept(file)
  if (kept !== undefined) return kept as Readonly<Record<string, Hex>>
  const codes = runCompiler(name, source)
  keep(file, codes)
  return codes
}

/** Answers what was found out before under a name, or finds it out and keeps it. */
export async function keepOnce<value>(name: string, find: () => Promise<value>): Promise<value> {
  const file = join(cacheFolder, `${name}.json`)
  const kept = readKept(file)
  if (kept !== undefined) return kept as value
  const found = await find()
  keep(file, found)
  return found
}

function readKept(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** Test files start together: the rename keeps one from reading what another has half written. */
function keep(file: string, value: unknown): void {
  const half = `${file}.${randomUUID()}`
  mkdirSync(cacheFolder, { recursive: true })
  writeFileSync(half, JSON.stringify(value))
  renameSync(half, file)
}

/** Runs in a process of its own: the compiler leaves a listener for unhandled rejections behind. */
function runCompiler(name: string, source: string): Readonly<Record<string, Hex>> {
  const input = { language: 'Solidity', sources: { [name]: { content: source } }, settings }
  const run = spawnSync(process.execPath, [require.resolve('solc/solc.js'), '--standard-json'], {
    input: JSON.stringify(input),
    encoding: 'utf8',
  })
  if (run.status !== 0) throw new Error(`Failed to run solc: ${run.error?.message ?? run.stderr}`)
  // The compiler's command line greets before it answers.
  const output = JSON.parse(run.stdout.slice(run.stdout.indexOf('{'))) as Output
  const problems = (output.errors ?? []).map((one) => one.formattedMessage)
  const contracts = Object.entries(output.contracts?.[name] ?? {})
  if (contracts.length === 0 || problems.length > 0)
    throw new Error(`Failed to compile ${name}:\n${problems.join('\n')}`)
  return Object.fromEntries(contracts.map(([own, { evm }]) => [own, `0x${evm.deployedBytecode.object}` as const]))
}

type Output = {
  readonly errors?: readonly { readonly formattedMessage: string }[]
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, Compiled>>>>
}

type Compiled = { readonly evm: { readonly deployedBytecode: { readonly object: string } } }

import { spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Hex } from 'viem'

const require = createRequire(import.meta.url)
const here = dirname(fileURLToPath(import.meta.url))
const cacheFolder = join(here, '../../node_modules/.cache/stipend')

/** Older than what anvil runs by default, so that both agree whichever hardfork comes next. */
const settings = {
  evmVersion: 'cancun',
  optimizer: { enabled: true, runs: 200 },
  outputSelection: { '*': { '*': ['evm.deployedBytecode.object'] } },
}

/** Compiles the test token to the code that stands at its address; kept, because the compiler takes a second. */
export function compileTestUsd(): Hex {
  const source = readFileSync(join(here, 'TestUsd.sol'), 'utf8')
  const { version } = require('solc/package.json') as { readonly version: string }
  const key = createHash('sha256')
    .update(JSON.stringify([version, settings, source]))
    .digest('hex')
    .slice(0, 16)
  const file = join(cacheFolder, `test-usd-${key}.json`)
  const kept = readKept(file)
  if (kept) return kept
  const code = compile(source)
  keep(file, code)
  return code
}

function readKept(file: string): Hex | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Hex
  } catch {
    return undefined
  }
}

/** Test files start together: the rename keeps one from reading what another has half written. */
function keep(file: string, code: Hex): void {
  const half = `${file}.${randomUUID()}`
  mkdirSync(cacheFolder, { recursive: true })
  writeFileSync(half, JSON.stringify(code))
  renameSync(half, file)
}

/** Runs in a process of its own: the compiler leaves a listener for unhandled rejections behind. */
function compile(source: string): Hex {
  const input = { language: 'Solidity', sources: { 'TestUsd.sol': { content: source } }, settings }
  const run = spawnSync(process.execPath, [require.resolve('solc/solc.js'), '--standard-json'], {
    input: JSON.stringify(input),
    encoding: 'utf8',
  })
  if (run.status !== 0) throw new Error(`Failed to run solc: ${run.error?.message ?? run.stderr}`)
  // The compiler's command line greets before it answers.
  const output = JSON.parse(run.stdout.slice(run.stdout.indexOf('{'))) as Output
  const code = output.contracts?.['TestUsd.sol']?.['TestUsd']?.evm.deployedBytecode.object
  const problems = (output.errors ?? []).map((one) => one.formattedMessage)
  if (!code || problems.length > 0) throw new Error(`Failed to compile TestUsd.sol:\n${problems.join('\n')}`)
  return `0x${code}`
}

type Output = {
  readonly errors?: readonly { readonly formattedMessage: string }[]
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, Compiled>>>>
}

type Compiled = { readonly evm: { readonly deployedBytecode: { readonly object: string } } }

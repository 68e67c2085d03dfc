import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Hex } from 'viem'

const fromContracts = createRequire(new URL('../actions/contracts/package.json', import.meta.url))
const require = createRequire(import.meta.url)
const folder = dirname(fromContracts.resolve('@openzeppelin/contracts/package.json'))

/** Compiles contracts that build on OpenZeppelin's, to the code that constructs each. */
export function compileWithOpenZeppelin(file: string, source: string): Readonly<Record<string, Hex>> {
  const sources: Record<string, { readonly content: string }> = {}
  const add = (name: string, content: string): void => {
    sources[name] = { content }
    for (const [, path = ''] of content.matchAll(/^import .*?"([^"]+)";/gm)) {
      const full = path.startsWith('.') ? join(dirname(name), path) : path
      if (sources[full]) continue
      add(full, readFileSync(join(folder, full.replace('@openzeppelin/contracts/', '')), 'utf8'))
    }
  }
  add(file, source)
  const settings = {
    evmVersion: 'cancun',
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { [file]: { '*': ['evm.bytecode.object'] } },
  }
  const input = JSON.stringify({ language: 'Solidity', sources, settings })
  // The compiler reads a file to its end, but gives up on a pipe that is not full yet.
  const temporary = mkdtempSync(join(tmpdir(), 'stipend-solc-'))
  writeFileSync(join(temporary, 'input.json'), input)
  const stdin = openSync(join(temporary, 'input.json'), 'r')
  const run = spawnSync(process.execPath, [require.resolve('solc/solc.js'), '--standard-json'], {
    stdio: [stdin, 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64_000_000,
  })
  closeSync(stdin)
  rmSync(temporary, { recursive: true })
  if (run.status !== 0 || !run.stdout.includes('{'))
    throw new Error(`Failed to run solc: ${run.error?.message} ${run.stderr}`)
  const output = JSON.parse(run.stdout.slice(run.stdout.indexOf('{')))
  const compiled = output.contracts?.[file]
  if (!compiled) throw new Error(`Failed to compile: ${JSON.stringify(output.errors).slice(0, 2000)}`)
  return Object.fromEntries(
    Object.entries(compiled).map(([name, one]) => [name, `0x${Object(one).evm.bytecode.object}` as const]),
  )
}

#!/usr/bin/env node
/** The program `stipend-mcp`: looks whether all it needs is there, and then serves a wallet over stdio. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { settings } from './known-settings.js'

const server = '@modelcontextprotocol/server'
/** The last that runs on Node 20. */
const sqlite = 'better-sqlite3@12'
const install = (...peers: readonly string[]): string =>
  `npx -y -p stipend ${peers.map((peer) => `-p ${peer}`).join(' ')} stipend-mcp`

const help = `stipend-mcp: serves an agent's wallet to an MCP host over stdio.

  ${install(server)}

It is configured by its environment. A value is never empty, and a path is whole: no ~, no variables.

${settings.map(({ name, what, needed }) => `  ${name.padEnd(25)}${what}\n${' '.repeat(27)}needed: ${needed}`).join('\n')}

What it says goes to stderr; on stdout is the protocol. Node 22.13 or newer; an older one needs ${sqlite} beside it.
`

async function main([argument]: readonly string[]): Promise<void> {
  if (argument === '--help' || argument === '-h') return void process.stdout.write(help)
  if (argument === '--version' || argument === '-v') return void process.stdout.write(`${readVersion()}\n`)
  if (argument !== undefined)
    return fail('it takes no arguments but --help and --version: its environment configures it')
  const missing = findMissing()
  if (missing.length > 0) {
    return fail(
      `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not installed; start it as: ${install(server, ...missing.slice(missing[0] === server ? 1 : 0))}`,
    )
  }
  await import('stipend/mcp/stdio')
}

/** Peers that it cannot do without; what this Node brings itself need not be installed. */
function findMissing(): readonly string[] {
  const missing = isInstalled(server) ? [] : [server]
  return hasSqlite() ? missing : [...missing, sqlite]
}

/** What newer ones are built for crashes an older Node without a word. */
function hasSqlite(): boolean {
  if (process.getBuiltinModule?.('node:sqlite') !== undefined) return true
  if (!isInstalled('better-sqlite3')) return false
  const [node = 0] = process.versions.node.split('.').map(Number)
  return node >= 22 || majorOf('better-sqlite3') <= 12
}

function majorOf(name: string): number {
  try {
    const { version } = createRequire(import.meta.url)(`${name}/package.json`)
    return Number(String(version).split('.')[0])
  } catch {
    return Infinity
  }
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}

function readVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return String(JSON.parse(readFileSync(file, 'utf8')).version)
}

function fail(sentence: string): void {
  process.stderr.write(`stipend: ${sentence}\n`)
  process.exitCode = 1
}

await main(process.argv.slice(2))

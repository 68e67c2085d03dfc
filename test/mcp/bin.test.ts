import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { settings } from '../../adapters/mcp/stdio/known-settings.js'
import { temporaryFolder } from '../support/folder.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = temporaryFolder()
const dependencies = ['zod', '@noble', '@scure', 'eventemitter3', 'tldts', 'tldts-core']
const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'host', version: '1' } },
})
let ledgers = 0

beforeAll(() => {
  const dist = join(folder, 'dist')
  execFileSync(
    process.execPath,
    [`${root}node_modules/tsup/dist/cli-default.js`, '--no-dts', '--silent', '--out-dir', dist],
    {
      cwd: root,
    },
  )
})

/** Installs the built package with some of its peers. */
function install(name: string, peers: readonly string[]): string {
  const home = join(folder, name)
  const own = join(home, 'node_modules', 'stipend')
  mkdirSync(own, { recursive: true })
  copyFileSync(`${root}package.json`, join(own, 'package.json'))
  execFileSync('cp', ['-r', join(folder, 'dist'), own])
  for (const one of [...dependencies, ...peers]) {
    mkdirSync(dirname(join(home, 'node_modules', one)), { recursive: true })
    symlinkSync(join(root, 'node_modules', one), join(home, 'node_modules', one))
  }
  return join(own, 'dist', 'mcp', 'bin.js')
}

function run(
  bin: string,
  { args = [] as readonly string[], env = {}, node = process.execPath, flags = [] as readonly string[] },
) {
  const { status, stdout, stderr } = spawnSync(node, [...flags, bin, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    input: `${initialize}\n`,
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}

function environment(keys: string): Record<string, string> {
  return {
    STIPEND_KEY_FILE: join(folder, keys, 'keys.json'),
    STIPEND_PASSWORD: 'correct horse',
    STIPEND_HOSTS: 'api.example.com',
    STIPEND_LEDGER: join(folder, `ledger-${(ledgers += 1)}.db`),
  }
}

describe('the command stipend-mcp', () => {
  test('lists every setting in its help, without any package but its own', () => {
    const bin = install('bare', [])
    const { status, stdout, stderr } = run(bin, { args: ['--help'] })
    expect([status, stderr]).toEqual([0, ''])
    expect(settings.filter(({ name, what }) => !stdout.includes(`  ${name} `) || !stdout.includes(what))).toEqual([])
    expect(run(bin, { args: ['--version'] }).stdout).toMatch(/^\d+\.\d+\.\d+/)
    expect(run(bin, { args: ['--key=0x1'] })).toMatchObject({ status: 1, stdout: '' })
  })

  test('names the packages that it lacks, and how to start it with them', () => {
    const bare = install('bare-too', [])
    expect(run(bare, { env: environment('a') })).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^stipend: @modelcontextprotocol\/server is not installed; start it as: npx -y -p .*\n$/,
      ),
    })
    const old = run(bare, { env: environment('a'), flags: ['--no-experimental-sqlite'] })
    expect(old.stderr).toContain('-p @modelcontextprotocol/server -p better-sqlite3@12 stipend-mcp')
  })

  test('makes its key file at the first start where it is told to, says its address, and keeps it', () => {
    const bin = install('whole', ['@modelcontextprotocol'])
    const env = environment('made')
    expect(run(bin, { env })).toMatchObject({ status: 1, stderr: expect.stringContaining('STIPEND_CREATE_KEY=yes') })
    expect(existsSync(env['STIPEND_KEY_FILE'] ?? '')).toBe(false)
    const first = run(bin, { env: { ...env, STIPEND_CREATE_KEY: 'yes' } })
    expect(first.stderr).toContain('stipend: made a new key')
    const [address = 'none'] = /0x[0-9a-fA-F]{40}/.exec(first.stderr) ?? []
    expect(first.stderr).toContain(`stipend: pays from ${address}`)
    expect(JSON.parse(first.stdout)).toMatchObject({ id: 1, result: { serverInfo: { name: 'stipend' } } })
    const again = run(bin, { env: { ...env, STIPEND_CREATE_KEY: 'yes' } })
    expect(again.stderr).toContain(address)
    expect(again.stderr).not.toContain('new key')
    expect(run(bin, { env: { ...env, STIPEND_CREATE_KEY: 'no' } }).stderr).toContain(
      'STIPEND_CREATE_KEY can only be yes',
    )
  })

  test('keeps its ledger with better-sqlite3 on a Node without SQLite, closed to others', () => {
    const bin = install('old', ['@modelcontextprotocol', 'better-sqlite3'])
    const env: Record<string, string> = { ...environment('old'), STIPEND_CREATE_KEY: 'yes' }
    const { stdout, stderr } = run(bin, { env, flags: ['--no-experimental-sqlite'] })
    expect(stderr).toContain('stipend: pays from 0x')
    expect(JSON.parse(stdout)).toMatchObject({ id: 1 })
    expect(statSync(env['STIPEND_LEDGER'] ?? '').mode & 0o077).toBe(0)
  })

  test('does not load into Node 20 what would crash it, and names what does not', ({ skip }) => {
    const node = '/usr/bin/node'
    const version = existsSync(node) ? execFileSync(node, ['--version'], { encoding: 'utf8' }) : 'none'
    skip(!version.startsWith('v20.'), 'there is no Node 20 here')
    const bin = install('older', ['@modelcontextprotocol', 'better-sqlite3'])
    const { status, stderr } = run(bin, { env: environment('older'), node })
    expect(status).toBe(1)
    expect(stderr).toMatch(/^stipend: better-sqlite3@12 is not installed; .* -p better-sqlite3@12 stipend-mcp\n$/)
  })
})

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { programs, readEntries } from '../scripts/entries.ts'
import { privateKey } from '../src/keys/index.js'
import { temporaryFolder } from './support/folder.ts'
import { bundleEntry, type Target } from './support/bundles.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 180_000 })

const run = promisify(execFile)
const all = Object.keys(readEntries()).filter((name) => !programs.includes(name))
/** What is made of Node's own modules: files, sockets and a server's requests. */
const forNode = ['stipend/node', 'stipend/sqlite']
const forWeb = all.filter((name) => !forNode.includes(name))

/** What is done with an entry once it is loaded, in each of the worlds. */
const lines: Readonly<Record<string, string>> = {
  'stipend/keys': `async ({ privateKey, workerSigner }) => {
    const signer = await privateKey('42'.repeat(32)).getSigner('eip155:8453')
    const keys = workerSigner({ path: 'keys.json', password: 'correct horse' })
    const problem = await keys.addresses().catch(({ code, message }) => code + ' ' + message)
    return signer.address + ' ' + problem
  }`,
}

type Loaded = {
  readonly exports?: readonly string[]
  readonly calls?: readonly string[]
  readonly said?: string
  readonly error?: string
}

async function loadAll(names: readonly string[], target: Target, program: readonly string[]) {
  const files = await Promise.all(names.map((name) => bundleEntry(name, target, folder)))
  const wanted = Object.fromEntries(names.map((name, index) => [name, { file: files[index], line: lines[name] }]))
  const { stdout } = await run(process.execPath, [...program, JSON.stringify(wanted)], { maxBuffer: 2 ** 24 })
  return JSON.parse(stdout) as Readonly<Record<string, Loaded>>
}

const folder = temporaryFolder()

const support = (file: string): string => fileURLToPath(new URL(`support/${file}`, import.meta.url))

type Host = {
  readonly target: Target
  readonly names: readonly string[]
  /** What runs a bundle there, as arguments of Node. */
  readonly program: readonly string[]
  /** What a worker of its own lacks there. */
  readonly problem: RegExp
}

const hosts: Readonly<Record<string, Host>> = {
  'of the web, with nothing of Node': {
    target: 'web',
    names: forWeb,
    program: ['--experimental-vm-modules', '--no-warnings', support('load-in-web.mjs')],
    problem: /configuration_invalid Failed to load node:fs: this key store needs Node/,
  },
  'of CommonJS on Node': {
    target: 'cjs',
    names: all,
    program: [support('load-in-node.cjs')],
    problem: /configuration_invalid Failed to start the worker of the keys: .*keys-worker\.js.*bundle/s,
  },
}

describe.each(Object.entries(hosts))('a bundle %s', (_what, { target, names, program, problem }) => {
  let loaded: Readonly<Record<string, Loaded>> = {}
  beforeAll(async () => {
    loaded = await loadAll(names, target, program)
  })

  test.each(names)('loads %s, which does no work when it is loaded', (name) => {
    expect(loaded[name]?.error).toBeUndefined()
    expect(loaded[name]?.exports?.length).toBeGreaterThan(0)
    expect(loaded[name]?.calls).toEqual([])
  })

  test('signs with a key, and says what a worker of its own lacks', () => {
    expect(loaded['stipend/keys']?.said).toMatch(problem)
    expect(loaded['stipend/keys']?.said).toContain(privateKey('42'.repeat(32)).address)
  })
})

test.each<[string, readonly string[], string]>([
  ['web', ['--experimental-vm-modules', '--no-warnings', support('load-in-web.mjs')], 'export const drawn ='],
  ['cjs', [support('load-in-node.cjs')], 'exports.drawn ='],
])('an entry that draws something while it is loaded is found in a bundle of %s', async (target, program, drawn) => {
  const file = join(folder, `drawing.${target}`)
  writeFileSync(file, `${drawn} crypto.getRandomValues(new Uint8Array(1))`)
  const { stdout } = await run(process.execPath, [...program, JSON.stringify({ drawing: { file } })])
  expect(JSON.parse(stdout)).toEqual({ drawing: { exports: ['drawn'], calls: ['getRandomValues'] } })
})

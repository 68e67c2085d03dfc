import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { programs, readEntries } from '../scripts/entries.ts'
import { loadedBy, type Module, parseModule } from './support/modules.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Below node_modules, so that it finds its dependencies as an installed package does. */
const home = `${root}node_modules/.cache/stipend/package/`
const dist = `${home}dist/`

/** What a program sees that uses two entries: one class, whichever entry it came through. */
const program = `
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as stipend from 'stipend'
import { privateKey, workerSigner } from 'stipend/keys'
${Object.keys(readEntries())
  .filter((name) => !programs.includes(name))
  .map((name) => `import '${name}'`)
  .join('\n')}

const wallet = stipend.createAgentWallet({ keyStore: privateKey('0x' + '1'.repeat(64)), policy: [stipend.allowAnyHost()] })
assert.equal(typeof wallet.fetch, 'function')
assert.throws(() => privateKey('none'), stipend.ConfigurationError)
assert.throws(() => privateKey('none'), stipend.isStipendError)
const folder = mkdtempSync(join(tmpdir(), 'stipend-'))
for (const isolation of ['thread', 'process']) {
  const path = join(folder, isolation, 'keys.json')
  const keyStore = workerSigner({ path, password: 'correct horse', create: true, isolation })
  const [{ address }] = await keyStore.addresses()
  assert.equal((await keyStore.getSigner('eip155:8453')).address, address)
  keyStore.close()
}
rmSync(folder, { recursive: true })
console.log('loaded on', process.version)
`

beforeAll(() => {
  rmSync(home, { recursive: true, force: true })
  mkdirSync(home, { recursive: true })
  copyFileSync(`${root}package.json`, `${home}package.json`)
  writeFileSync(`${home}program.mjs`, program)
  const tsup = `${root}node_modules/tsup/dist/cli-default.js`
  execFileSync(process.execPath, [tsup, '--no-dts', '--silent', '--out-dir', dist], { cwd: root })
}, 60_000)

/** Tells which packages are loaded with an entry. */
const listing = `
import { registerHooks } from 'node:module'
const packages = new Set()
registerHooks({
  load: (url, context, next) => {
    const name = /\\/node_modules\\/((?:@[^/]+\\/)?[^/.][^/]*)\\/(?!.*\\/node_modules\\/)/.exec(url)?.[1]
    if (name) packages.add(name)
    return next(url, context)
  },
})
await import('stipend')
await import('stipend/keys')
console.log(JSON.stringify([...packages].sort()))
`

describe('the built package', () => {
  test('loads no more packages than it needs to pay', () => {
    writeFileSync(`${home}listing.mjs`, listing)
    const said = execFileSync(process.execPath, [`${home}listing.mjs`], { encoding: 'utf8' })
    const own = ['@noble/curves', '@noble/hashes', '@scure/base', '@scure/bip32', '@scure/bip39', 'eventemitter3']
    expect(JSON.parse(said)).toEqual(own)
  })

  test('is loaded by this Node, every entry of it, with one class to a name', () => {
    expect(run(process.execPath)).toContain(process.version)
  })

  test('is loaded by the Node of this machine too', ({ skip }) => {
    const node = findOtherNode()
    skip(!node, 'there is no other Node on the PATH')
    expect(run(node?.file ?? '')).toContain(node?.version)
  })

  test.each(['index', 'keys', 'client'])('loads no package but the dependencies: %s', (entry) => {
    const specifiers = packagesOf(loadedBy(`dist/${entry}.js`, readBuilt()))
    expect(specifiers.length).toBeGreaterThan(0)
    const known = dependenciesOf(`${home}package.json`)
    expect(specifiers.filter((one) => !known.some((name) => `${one}/`.startsWith(`${name}/`)))).toEqual([])
  })

  test('loads, entry by entry, no package but what the quickstart says to install', () => {
    const [, table = ''] = readFileSync(`${root}docs/quickstart.md`, 'utf8').split('\n## What else to install\n')
    const dependencies = dependenciesOf(`${home}package.json`)
    const built = readBuilt()
    const entries = Object.keys(readEntries()).filter((name) => !programs.includes(name))
    const missing = entries.flatMap((entry) => {
      const rows = table.split('\n').filter((row) => row.includes(`\`${entry}\``))
      const told = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, one = '']) => one))
      const known = ['stipend', ...dependencies, ...told]
      const loaded = loadedBy(`dist/${entry.replace(/^stipend\/?/, '') || 'index'}.js`, built)
      expect(loaded, entry).not.toEqual([])
      return packagesOf(loaded)
        .filter((one) => !one.startsWith('node:') && !known.some((name) => `${one}/`.startsWith(`${name}/`)))
        .map((one) => `${entry}: ${one}`)
    })
    expect(missing).toEqual([])
  })

  test('has the class of our errors once', () => {
    const files = readdirSync(dist).filter((file) => file.endsWith('.js'))
    const holders = files.filter((file) =>
      readFileSync(`${dist}${file}`, 'utf8').includes('StipendError = class extends Error'),
    )
    expect(holders).toHaveLength(1)
  })
})

function dependenciesOf(manifest: string): readonly string[] {
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly dependencies: object }
  return Object.keys(dependencies)
}

/** What is imported that is no file of the package. */
function packagesOf(loaded: readonly Module[]): readonly string[] {
  return loaded.flatMap(({ imports }) => imports.flatMap((one) => (one.file ? [] : [one.specifier])))
}

function run(node: string): string {
  return execFileSync(node, ['--no-warnings', 'program.mjs'], { cwd: home, encoding: 'utf8', stdio: 'pipe' })
}

/** The first Node on the PATH that is not ours and that the package promises to run on. */
function findOtherNode(): { readonly file: string; readonly version: string } | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((one) => one && !one.includes('node_modules'))
  for (const folder of folders) {
    const file = `${folder}${sep}node`
    const version = versionOf(file)
    const [major = 0, minor = 0] = (version ?? '').slice(1).split('.').map(Number)
    if (version && (major > 20 || (major === 20 && minor >= 19))) return { file, version }
  }
  return undefined
}

function versionOf(node: string): string | undefined {
  try {
    return execFileSync(node, ['--version'], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return undefined
  }
}

function readBuilt(): readonly Module[] {
  return readdirSync(dist)
    .filter((file) => file.endsWith('.js'))
    .map((file) => parseModule(`dist/${file}`, readFileSync(`${dist}${file}`, 'utf8')))
    .map((module) => ({ ...module, imports: module.imports.map(toBuilt) }))
}

/** The scanner takes every relative import for one of sources. */
function toBuilt(one: Module['imports'][number]): Module['imports'][number] {
  return one.file ? { ...one, file: one.file.replace(/\.ts$/, '.js') } : one
}

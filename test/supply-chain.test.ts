import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { readEntries } from '../scripts/entries.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

type Manifest = {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly files: readonly string[]
  readonly repository?: unknown
  readonly private?: boolean
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** Everything that installing the package brings, by folder. */
function runtimeTree(): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const visit = (from: string, { dependencies = {} }: Manifest): void => {
    for (const name of Object.keys(dependencies)) {
      const nested = join(from, 'node_modules', name)
      const folder = existsSync(nested) ? nested : join(root, 'node_modules', name)
      if (found.has(folder)) continue
      found.set(folder, name)
      visit(folder, readManifest(folder))
    }
  }
  visit(root, readManifest(root))
  return found
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => statSync(join(folder, file)))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0)
}

const installScripts = ['preinstall', 'install', 'postinstall', 'prepare']

describe('what an installation brings', () => {
  const tree = runtimeTree()

  test('is the dependencies that are known, and theirs', () => {
    expect([...new Set(tree.values())].toSorted()).toEqual([
      '@noble/curves',
      '@noble/hashes',
      '@scure/base',
      '@scure/bip32',
      '@scure/bip39',
      'eventemitter3',
      'tldts',
      'tldts-core',
      'zod',
    ])
  })

  test('is no more than twelve packages and 15 MB', () => {
    expect(tree.size).toBeLessThanOrEqual(12)
    expect([...tree.keys()].reduce((sum, folder) => sum + sizeOf(folder), 0)).toBeLessThan(15_000_000)
  })

  test('runs nothing when it is installed', () => {
    const running = [...tree.keys(), root].flatMap((folder) => {
      const { name, scripts = {} } = readManifest(folder)
      // A package from the registry is not prepared again, but ours is from a checkout.
      const names = folder === root ? installScripts : installScripts.slice(0, 3)
      return names.filter((script) => script in scripts).map((script) => `${name}: ${script}`)
    })
    expect(running).toEqual([])
    expect([...tree.keys()].filter((folder) => existsSync(join(folder, 'binding.gyp')))).toEqual([])
  })

  test('comes from the registry, each with its sum', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly integrity?: string }>>
    }
    const entries = Object.entries(lock.packages).filter(([path]) => path.startsWith('node_modules/'))
    const strange = entries.filter(([, { resolved, integrity = '' }]) => {
      const isRegistry = resolved === undefined || resolved.startsWith('https://registry.npmjs.org/')
      return !isRegistry || !integrity.startsWith('sha512-')
    })
    expect(entries.length).toBeGreaterThan(100)
    expect(strange).toEqual([])
  })
})

describe('what is published', () => {
  let files: readonly string[] = []

  beforeAll(() => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
    })
    const [packed] = JSON.parse(output) as readonly { readonly files: readonly { readonly path: string }[] }[]
    files = packed?.files.map(({ path }) => path) ?? []
  }, 60_000)

  test('is built files and what says what they are', () => {
    const known =
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|THIRD-PARTY-NOTICES\.md|dist\/[\w./-]+\.(js|d\.ts)(\.map)?)$/
    expect(files.filter((file) => !known.test(file))).toEqual([])
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']))
  })

  test('names no entry that is not built from a source that is listed', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly exports: object }
    const named = Object.keys(exports).filter((name) => name !== './package.json')
    const listed = Object.keys(readEntries()).map((name) => name.replace(/^stipend/, '.'))
    expect(named.toSorted()).toEqual(listed.toSorted())
  })
})

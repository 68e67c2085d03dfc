import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type BuildOptions, type Plugin } from 'esbuild'
import { readEntries } from '../../scripts/entries.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { peerDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  readonly peerDependencies: Readonly<Record<string, string>>
}

/** What a bundle is made for: a page or a worker of the web's own, or a program of CommonJS on Node. */
export type Target = 'web' | 'cjs'

/** Frameworks are the application's, and not what is looked at: an empty module stands for each. */
export const withoutPeers: Plugin = {
  name: 'without peers',
  setup: (builder) => {
    const names = Object.keys(peerDependencies).map((name) => name.replaceAll('.', '\\.'))
    builder.onResolve({ filter: new RegExp(`^(${names.join('|')})(/|$)`) }, ({ path }) => ({ path, namespace: 'peer' }))
    builder.onLoad({ filter: /.*/, namespace: 'peer' }, () => ({ contents: 'module.exports = {}' }))
  },
}

/** Bundles an entry with all that it loads into a folder, and answers the file. */
export function bundleEntry(name: string, target: Target, folder: string): Promise<string> {
  const file = `${name.replaceAll('/', '-')}.${target === 'web' ? 'js' : 'cjs'}`
  return bundle({ stdin: { contents: `export * from '${name}'`, resolveDir: root } }, target, join(folder, file))
}

/** Bundles a program that uses the package, with all that it loads. */
export function bundleFile(file: string, target: Target, outfile: string): Promise<string> {
  return bundle({ entryPoints: [file] }, target, outfile)
}

/** What a page downloads for some imports, and which modules of other packages are loaded before anything is used. */
export type Weight = { readonly gzipped: number; readonly others: readonly string[] }

/** Weighs what these lines import, minified and compressed. */
export async function weigh(lines: string): Promise<Weight> {
  const options = { ...settingsOf('web'), minify: true, write: false, metafile: true, outfile: 'page.js' } as const
  const { outputFiles, metafile } = await build({ ...options, stdin: { contents: lines, resolveDir: root } })
  const loaded = new Set<string>()
  const visit = (file: string): void => {
    if (loaded.has(file)) return
    loaded.add(file)
    for (const one of metafile.inputs[file]?.imports ?? []) if (one.kind !== 'dynamic-import') visit(one.path)
  }
  visit('<stdin>')
  return {
    gzipped: gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length,
    others: [...loaded]
      .filter((file) => file.includes('node_modules/'))
      .map((file) => file.replace(/.*node_modules\//, '')),
  }
}

async function bundle(input: BuildOptions, target: Target, outfile: string): Promise<string> {
  await build({ ...settingsOf(target), ...input, outfile })
  return outfile
}

function settingsOf(target: Target) {
  const entries = Object.entries(readEntries())
  return {
    bundle: true,
    platform: target === 'web' ? 'browser' : 'node',
    format: target === 'web' ? 'esm' : 'cjs',
    target: 'es2022',
    alias: Object.fromEntries(entries.toReversed().map(([other, source]) => [other, `${root}${source}`])),
    plugins: [withoutPeers],
    // What is imported when it is used may be of Node; what is imported when the entry loads finds nothing there.
    external: ['node:*'],
    logLevel: 'silent',
  } satisfies BuildOptions
}

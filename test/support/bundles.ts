import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
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

async function bundle(input: BuildOptions, target: Target, outfile: string): Promise<string> {
  const entries = Object.entries(readEntries())
  await build({
    ...input,
    outfile,
    bundle: true,
    platform: target === 'web' ? 'browser' : 'node',
    format: target === 'web' ? 'esm' : 'cjs',
    target: 'es2022',
    alias: Object.fromEntries(entries.toReversed().map(([other, source]) => [other, `${root}${source}`])),
    plugins: [withoutPeers],
    // What is imported when it is used may be of Node; what is imported when the entry loads finds nothing there.
    external: ['node:*'],
    logLevel: 'silent',
  })
  return outfile
}

import { basename } from 'node:path'
import { build, type BuildOptions } from 'esbuild'
import { withoutPeers } from '../support/bundles.ts'
import { vite, webpack } from './packages.mjs'

/** A bundle, and what was said about it. */
export type Bundled = { readonly file: string; readonly warnings: readonly string[] }

type Bundler = (input: string, folder: string) => Promise<Bundled>

/** What makes one file of a program, by name. */
export const bundlers: Readonly<Record<string, Bundler>> = {
  'esbuild, ES modules': (input, folder) => withEsbuild(input, `${folder}${basename(input)}.js`, { format: 'esm' }),
  'esbuild, a script': (input, folder) => withEsbuild(input, `${folder}${basename(input)}.iife.js`, { format: 'iife' }),
  'esbuild, CommonJS': (input, folder) =>
    withEsbuild(input, `${folder}${basename(input)}.cjs`, { format: 'cjs', platform: 'node' }),
  'webpack 5': withWebpack,
  vite: withVite,
}

async function withEsbuild(input: string, outfile: string, options: BuildOptions): Promise<Bundled> {
  const { warnings } = await build({
    entryPoints: [input],
    outfile,
    bundle: true,
    platform: 'browser',
    target: 'es2022',
    plugins: [withoutPeers],
    external: ['node:*'],
    logLevel: 'silent',
    ...options,
  })
  return { file: outfile, warnings: warnings.map(({ text }) => text) }
}

function withWebpack(input: string, folder: string): Promise<Bundled> {
  const filename = `${basename(input)}.webpack.js`
  const options = {
    mode: 'production',
    target: 'web',
    entry: input,
    output: { path: folder.replace(/\/$/, ''), filename, publicPath: '' },
    // One file, as the others make it.
    plugins: [new webpack.optimize.LimitChunkCountPlugin({ maxChunks: 1 })],
    optimization: { minimize: false },
    performance: false,
    cache: false,
  }
  return new Promise((resolve, reject) => {
    webpack(options, (error, stats) => {
      if (error || !stats || stats.hasErrors()) reject(error ?? new Error(String(stats)))
      else resolve({ file: `${folder}${filename}`, warnings: stats.hasWarnings() ? [String(stats)] : [] })
    })
  })
}

async function withVite(input: string, folder: string): Promise<Bundled> {
  const warnings: string[] = []
  const warn = (text: string): void => void warnings.push(text)
  const nothing = (): void => {}
  await vite.build({
    configFile: false,
    root: folder,
    customLogger: {
      info: nothing,
      warn,
      warnOnce: warn,
      error: warn,
      clearScreen: nothing,
      hasErrorLogged: () => false,
      hasWarned: false,
    },
    build: {
      outDir: `${folder}vite`,
      lib: { entry: input, formats: ['es'], fileName: () => 'page.js' },
      chunkSizeWarningLimit: 5000,
      rollupOptions: { output: { inlineDynamicImports: true } },
    },
  })
  return { file: `${folder}vite/page.js`, warnings }
}

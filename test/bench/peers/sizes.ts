import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { readEntries } from '../../../scripts/entries.ts'

/** What a browser downloads, in bytes. */
export type Size = { readonly name: string; readonly minified: number; readonly gzipped: number }

const root = fileURLToPath(new URL('../../../', import.meta.url))
const peersFolder = fileURLToPath(new URL('../../gauntlet/peers/', import.meta.url))

/** The least that a page has to import to pay. */
const clients: readonly (readonly [name: string, folder: string, code: string])[] = [
  [
    'stipend: a wallet, a policy and a key',
    root,
    `export { createAgentWallet, allowHosts, spendingLimit } from './dist/index.js'; export { privateKey } from './dist/keys.js'`,
  ],
  [
    'stipend/lean: a wallet, a policy and a key',
    root,
    `export { createLeanWallet } from './dist/lean.js'; export { allowHosts, spendingLimit } from './dist/index.js'; export { evmKey } from './dist/keys.js'`,
  ],
  [
    '@x402/fetch with @x402/evm',
    peersFolder,
    `export { wrapFetchWithPayment, x402Client } from '@x402/fetch'; export { registerExactEvmScheme } from '@x402/evm/exact/client'; export { privateKeyToAccount } from 'viem/accounts'`,
  ],
  ['mppx', peersFolder, `export { evm, Mppx } from 'mppx/client'; export { privateKeyToAccount } from 'viem/accounts'`],
  ['viem, for a client by hand', peersFolder, `export { privateKeyToAccount } from 'viem/accounts'`],
]

/** Measures what a page downloads for each client. */
export async function measureClients(): Promise<readonly Size[]> {
  return Promise.all(
    clients.map(([name, resolveDir, contents]) => bundle(name, { stdin: { contents, resolveDir } }, [])),
  )
}

/** Measures each entry of this package alone, without its peers. */
export async function measureEntries(): Promise<readonly Size[]> {
  const names = Object.keys(readEntries())
  return Promise.all(
    names.map((name) => {
      const file = `${root}dist/${name.replace(/^stipend\/?/, '') || 'index'}.js`
      return bundle(name, { entryPoints: [file], platform: 'node' }, peers)
    }),
  )
}

type Input = Pick<Parameters<typeof build>[0], 'stdin' | 'entryPoints' | 'platform'>

const peers = [
  '@langchain/*',
  '@modelcontextprotocol/*',
  '@openai/*',
  '@opentelemetry/*',
  '@solana/*',
  'ai',
  'axios',
  'viem',
  'better-sqlite3',
  'pg',
  'tiny-secp256k1',
]

async function bundle(name: string, input: Input, external: string[]): Promise<Size> {
  const { outputFiles } = await build({
    ...input,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: input.platform ?? 'browser',
    external,
    write: false,
    logLevel: 'silent',
  })
  const contents = outputFiles?.[0]?.contents ?? new Uint8Array()
  return { name, minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length }
}

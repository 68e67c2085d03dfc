import { defineConfig } from 'tsup'
import { readEntries } from './scripts/entries.ts'

const entries = Object.fromEntries(
  Object.entries(readEntries()).map(([name, file]) => [name.replace(/^stipend\/?/, '') || 'index', file] as const),
)

export default defineConfig({
  entry: {
    ...entries,
    // Not for import: programs.
    'mcp/bin': 'adapters/mcp/stdio/bin.ts',
    'keys-worker': 'src/keys/worker/keys-worker.ts',
    // A file of its own, so that a bundler leaves the words of BIP-39 out where no phrase is read.
    'keys-mnemonic': 'src/keys/mnemonic.ts',
  },
  tsconfig: 'tsconfig.src.json',
  format: ['esm'],
  target: 'es2022',
  // What entries share is a chunk of its own: a class that exists twice is two classes, a ledger twice is two budgets.
  splitting: true,
  treeshake: true,
  // Deno, Workers and bundlers know Node's own modules by it.
  removeNodeProtocol: false,
  sourcemap: true,
  clean: true,
  // Of what is imported by its name: nobody imports the others.
  dts: { entry: entries },
  // It has 92 modules, most of them languages, which take longer to load than all of ours: what is used of it is built in.
  noExternal: ['zod/mini'],
  // Adapters import the package by its own name, in dist too.
  external: [/^stipend(\/|$)/, 'better-sqlite3'],
})

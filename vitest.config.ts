import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { readEntries } from './scripts/entries.ts'

/** Workers that sources start are sources too: their process needs what finds `x.ts` where they say `x.js`. */
const loader = `--import=${new URL('./test/support/source-loader.mjs', import.meta.url).href}`

/** The package by its own name is its source, so that the tests need no build. */
const alias = Object.entries(readEntries()).map(([name, file]) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(file, import.meta.url)),
}))

/** Tests on contracts that `npm run test:actions` installs: where they are not, there is nothing to test. */
const contractTests = 'test/actions/*.chain.test.ts'
const hasContracts = existsSync(new URL('test/actions/contracts/node_modules', import.meta.url))

/** Tests on other runtimes, which `npm run test:runtimes` installs. */
const runtimeTests = 'test/runtimes/*.test.ts'
const hasRuntimes = existsSync(new URL('test/runtimes/node_modules', import.meta.url))

/** Tests that build or pack the package, start processes or kill them. */
const processTests = [
  'test/{entries,examples,package,quickstart,supply-chain}.test.ts',
  'test/processes/**/*.test.ts',
  'test/keys/canary.test.ts',
  'test/mcp/{stdio,bin}.test.ts',
  'test/{postgres,sqlite}/migration.test.ts',
  'test/sqlite/sharing.test.ts',
]

export default defineConfig({
  test: {
    maxWorkers: 2,
    execArgv: [loader],
    expect: { requireAssertions: true },
    coverage: { provider: 'v8', include: ['src/**/*.ts', 'adapters/**/*.ts'], reporter: ['text', 'json-summary'] },
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          // A thread starts in less than half the time of a process.
          pool: 'threads',
          include: ['test/**/*.test.ts'],
          exclude: [
            '**/node_modules/**',
            'test/interop/**',
            'test/bench/**',
            contractTests,
            runtimeTests,
            ...processTests,
          ],
          // Some start a database: what is slow on a busy machine is not wrong.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // After the rest, so that nothing that only computes waits for what builds.
        resolve: { alias },
        test: {
          name: 'processes',
          include: processTests,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // Processes wait for each other more than they compute.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Real peers and real chains on loopback: after the rest, and one file at a time.
        resolve: { alias },
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      ...(hasContracts ? [alone('actions', contractTests, 3)] : []),
      ...(hasRuntimes ? [alone('runtimes', runtimeTests, 4)] : []),
    ],
  },
})

/** One file at a time, after all others: real chains, and other runtimes. */
function alone(name: string, include: string, groupOrder: number) {
  return {
    resolve: { alias },
    test: {
      name,
      include: [include],
      testTimeout: 120_000,
      hookTimeout: 180_000,
      fileParallelism: false,
      sequence: { groupOrder },
    },
  }
}

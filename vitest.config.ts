import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

/** The tests see the package by its own name, as adapters and users do, but from source. */
const alias = [
  { find: /^stipend$/, replacement: source('index.ts') },
  { find: /^stipend\/keys$/, replacement: source('keys/index.ts') },
  { find: /^stipend\/testing$/, replacement: source('testing/index.ts') },
]

export default defineConfig({
  test: {
    coverage: { provider: 'v8', include: ['src/**/*.ts', 'adapters/**/*.ts'], reporter: ['text', 'json-summary'] },
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/interop/**'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        // Real peers and a real chain on loopback: one file at a time, after the rest.
        resolve: { alias },
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})

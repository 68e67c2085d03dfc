import { readFileSync } from 'node:fs'

/**
 * The package's entry points: their names, and their source files relative to the package's root. tsconfig.json is the
 * one place that lists them; the build, the tests and the test of the exports map read them from there.
 */
export function readEntries(): Readonly<Record<string, string>> {
  const text = readFileSync(new URL('../tsconfig.json', import.meta.url), 'utf8')
  const { compilerOptions } = JSON.parse(text) as { readonly compilerOptions: { readonly paths: Paths } }
  return Object.fromEntries(Object.entries(compilerOptions.paths).map(([name, [file]]) => [name, file]))
}

/** Entries that are programs: importing one runs it. */
export const programs: readonly string[] = ['stipend/mcp/stdio']

type Paths = Readonly<Record<string, readonly [string]>>

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

export const password = 'correct horse'

/** Makes a folder for the key files of one test file, which only its owner can enter; it is removed at the end. */
export function createKeyFolder(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'stipend-keys-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return (name) => join(folder, name)
}

/** Writes a copy of a key file, changed as text, that only its owner can read. */
export function copyKeyFile(from: string, to: string, change: (text: string) => string = (text) => text): string {
  writeFileSync(to, change(readFileSync(from, 'utf8')), { mode: 0o600 })
  return to
}

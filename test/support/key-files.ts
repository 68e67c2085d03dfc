import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, vi } from 'vitest'

export const password = 'correct horse'

/**
 * Makes a folder for the key files of one test file, which only its owner can enter; it is removed at the end. Each
 * file takes a third of a second to open, of a machine that does nothing else: its tests get the time they need.
 */
export function createKeyFolder(): (name: string) => string {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  const folder = mkdtempSync(join(tmpdir(), 'stipend-keys-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return (name) => join(folder, name)
}

/** Writes a copy of a key file, changed as text, that only its owner can read. */
export function copyKeyFile(from: string, to: string, change: (text: string) => string = (text) => text): string {
  writeFileSync(to, change(readFileSync(from, 'utf8')), { mode: 0o600 })
  return to
}

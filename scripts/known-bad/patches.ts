import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { adaptersPatches } from './adapters.ts'
import { chainsPatches } from './chains.ts'
import { ledgersPatches } from './ledgers.ts'
import { pipelinePatches } from './pipeline.ts'
import { policyPatches } from './policy.ts'
import { sessionPatches } from './sessions.ts'
import type { KnownBad } from './known-bad.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Every way in which the promises are broken. */
export const patches: readonly KnownBad[] = [
  ...ledgersPatches,
  ...chainsPatches,
  ...policyPatches,
  ...sessionPatches,
  ...adaptersPatches,
  ...pipelinePatches,
]

/** Lists the patches that no longer find what they break: they would break nothing. */
export function findStale(): readonly string[] {
  return patches
    .filter(({ file, find }) => !readFileSync(join(root, file), 'utf8').includes(find))
    .map(({ breaks }) => breaks)
}

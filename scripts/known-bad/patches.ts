import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { a2aPatches } from './a2a.ts'
import { actionsPatches } from './actions.ts'
import { adaptersPatches } from './adapters.ts'
import { breadthPatches } from './breadth.ts'
import { chainsPatches } from './chains.ts'
import { contractsPatches } from './contracts.ts'
import { dialectsPatches } from './dialects.ts'
import { ledgersPatches } from './ledgers.ts'
import { lightningPatches } from './lightning.ts'
import { permit2Patches } from './permit2.ts'
import { pipelinePatches } from './pipeline.ts'
import { policyPatches } from './policy.ts'
import { receiptsPatches } from './receipts.ts'
import { sessionPatches } from './sessions.ts'
import { tempoPatches } from './tempo.ts'
import { waitsPatches } from './waits.ts'
import { wildPatches } from './wild.ts'
import type { KnownBad } from './known-bad.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Every way in which the promises are broken. */
export const patches: readonly KnownBad[] = [
  ...ledgersPatches,
  ...chainsPatches,
  ...permit2Patches,
  ...contractsPatches,
  ...receiptsPatches,
  ...dialectsPatches,
  ...a2aPatches,
  ...policyPatches,
  ...sessionPatches,
  ...adaptersPatches,
  ...pipelinePatches,
  ...waitsPatches,
  ...wildPatches,
  ...actionsPatches,
  ...breadthPatches,
  ...tempoPatches,
  ...lightningPatches,
]

/** Lists the patches that no longer find what they break, or the tests that have to notice. */
export function findStale(): readonly string[] {
  return patches.filter((patch) => !isFresh(patch)).map(({ breaks }) => breaks)
}

function isFresh({ file, find, tests }: KnownBad): boolean {
  const paths = tests.filter((one) => one.startsWith('test/'))
  return readFileSync(join(root, file), 'utf8').includes(find) && paths.every((path) => existsSync(join(root, path)))
}

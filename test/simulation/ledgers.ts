import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ledger, memoryLedger } from 'stipend'
import { sqliteLedger } from 'stipend/sqlite'
import type { Chance } from './chance.ts'
import { lookUp, noteDown, type Recall } from './recall.ts'
import type { Time } from './time.ts'

/** A ledger as one process has it open. */
export type OpenLedger = { readonly ledger: Ledger; readonly close: () => void }

type Ledgers = Recall & {
  /** The ledger itself, for looking. */
  readonly ledger: Ledger
  readonly openLedger: () => OpenLedger
  readonly removeLedger: () => void
}

type LedgerOptions = { readonly chance: Chance; readonly time: Time; readonly isShared: boolean }

/** Wallets with clocks of their own need a ledger that knows how time passes. */
export function createLedger({ chance, time, isShared }: LedgerOptions): Ledgers {
  const monotonic = (): number => time.now() - Date.UTC(2026, 0, 1)
  // A file is slow: few worlds have one.
  if (chance.is(isShared ? 0.03 : 0.005)) return createFile(monotonic)
  const options = isShared || chance.is(0.5) ? { monotonic } : {}
  // Some let go of what is over, all but the newest few.
  const keep = chance.pick([undefined, undefined, undefined, 0, 4])
  const { ledger, ...recall } =
    keep === undefined ? whole(memoryLedger(options)) : noteDown(memoryLedger({ ...options, keep }))
  return { ledger, ...recall, openLedger: () => ({ ledger, close: () => {} }), removeLedger: () => {} }
}

function whole(ledger: Ledger): ReturnType<typeof noteDown> {
  return { ledger, ...lookUp(ledger) }
}

function createFile(monotonic: () => number): Ledgers {
  const folder = mkdtempSync(join(tmpdir(), 'stipend-simulation-'))
  const openLedger = (): OpenLedger => {
    const ledger = sqliteLedger(join(folder, 'agent.db'), { monotonic })
    return { ledger, close: ledger.close }
  }
  const { ledger } = openLedger()
  return {
    ledger,
    ...lookUp(ledger),
    openLedger,
    removeLedger: () => rmSync(folder, { recursive: true, force: true }),
  }
}

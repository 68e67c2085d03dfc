import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ledger } from '../../src/index.js'
import { type LedgerMaker, ledgerMakers } from '../support/ledgers.ts'
import { commandsOf } from './commands.ts'
import { createModel, type Model } from './model.ts'

/** What is recorded in the end is what the model has, and the sums are those of the payments. */
async function compare(ledger: Ledger & { readonly verify?: () => Promise<void> }, model: Model): Promise<void> {
  const stored = await ledger.list({ limit: 1000 })
  const essence = (payments: Model['payments']) =>
    payments.map(({ id, status, microUsd, presentations }) => ({ id, status, microUsd, presentations }))
  expect(essence([...stored])).toEqual(essence(model.payments.toReversed()))
  await ledger.verify?.()
}

describe.each(Object.keys(ledgerMakers))('a ledger in %s', (kind) => {
  let maker: LedgerMaker
  beforeAll(async () => {
    maker = (await ledgerMakers[kind]?.()) as LedgerMaker
  }, 60_000)
  afterAll(() => maker?.stop())

  // PostgreSQL lets windows start by the clock of who asks: with clocks that disagree it may count more, never less.
  test('answers as one that adds everything up anew, whatever is done to it', { timeout: 120_000 }, async () => {
    const numRuns = { memory: 300, SQLite: 40, PostgreSQL: 12 }[kind] ?? 30
    const property = fc.asyncProperty(commandsOf(kind === 'PostgreSQL'), async (commands) => {
      const model = createModel(Date.UTC(2026, 0, 30, 23, 50))
      const real = maker.create()
      await fc.asyncModelRun(() => ({ model, real }), commands)
      await compare(real, model)
    })
    await fc.assert(property, { numRuns })
  })
})

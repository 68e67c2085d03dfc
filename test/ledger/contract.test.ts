import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ledgerContract } from '../../src/testing/index.js'
import { type LedgerMaker, ledgerMakers } from '../support/ledgers.ts'

describe.each(Object.keys(ledgerMakers))('the ledger in %s', (kind) => {
  let maker: LedgerMaker | undefined
  beforeAll(async () => {
    maker = await ledgerMakers[kind]?.()
  }, 60_000)
  afterAll(() => maker?.stop())

  test.each(Object.entries(ledgerContract))('keeps the contract: %s', { timeout: 60_000 }, async (_sentence, check) => {
    if (!maker) throw new Error('no ledger was made')
    await expect(check(maker.create)).resolves.toBeUndefined()
  })
})

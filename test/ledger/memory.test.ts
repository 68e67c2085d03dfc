import { describe, expect, test } from 'vitest'
import { memoryLedger } from '../../src/index.js'
import { ledgerContract } from '../../src/testing/index.js'

describe('the ledger in memory', () => {
  test.each(Object.entries(ledgerContract))('keeps the contract: %s', async (_sentence, check) => {
    await expect(check(memoryLedger)).resolves.toBeUndefined()
  })
})

import { describe, expect, test } from 'vitest'
import { memoryLedger } from '../../src/index.js'
import { listPages } from '../../src/ledger/list-pages.js'
import { sampleId, samplePayment } from '../../src/testing/ledger/sample-payment.ts'

async function idsOf(...given: Parameters<typeof listPages>): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const page of listPages(...given)) ids.push(...page.map(({ id }) => id))
  return ids
}

describe('all that a ledger has', () => {
  test.each([0, 1, 500, 501, 1100])('is listed page by page, each of %i payments once', async (count) => {
    const ledger = memoryLedger()
    const numbers = Array.from({ length: count }, (_, index) => index + 1)
    for (const number of numbers) await ledger.reserve(samplePayment(number), [])
    expect(await idsOf(ledger, {})).toEqual(numbers.toReversed().map(sampleId))
  })

  test('is given up where a ledger goes on with the same page', async () => {
    const page = Array.from({ length: 500 }, (_, index) => samplePayment(index))
    await expect(idsOf({ list: async () => page }, {})).rejects.toThrow('does not go on')
  })
})

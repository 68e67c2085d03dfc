import { describe, expect, test } from 'vitest'
import { ledgerContract } from '../../../src/testing/index.js'
import type { CreateLedger } from '../../../src/testing/ledger/checks.js'
import { sound } from './habits.ts'
import { mistakes } from './mistakes/index.ts'
import { naiveLedger } from './naive-ledger.ts'

describe('the ledger contract', () => {
  test.each(Object.entries(ledgerContract))(
    'is kept by a ledger that adds everything up anew: %s',
    async (_sentence, check) => {
      await expect(check((options) => naiveLedger(sound, options))).resolves.toBeUndefined()
    },
  )

  test.each(mistakes)('finds a ledger that %s', async (_what, mistake, sentence) => {
    const check = ledgerContract[sentence]
    expect(check).toBeTypeOf('function')
    const create: CreateLedger = (options) =>
      typeof mistake === 'function' ? mistake() : naiveLedger({ ...sound, ...mistake }, options)
    const error = await check?.(create).catch((thrown: unknown) => thrown)
    // A sentence of the contract, and not the naive ledger falling over itself.
    expect(error).toMatchObject({ name: 'Error', message: expect.stringMatching(/^[A-Z].* /) })
  })

  test('has no check that cannot fail', () => {
    const proven = new Set(mistakes.map(([, , sentence]) => sentence))
    expect(Object.keys(ledgerContract).filter((sentence) => !proven.has(sentence))).toEqual([])
  })

  test('can be run by any ledger that is made in a moment', async () => {
    const check = ledgerContract['each scope is counted for itself']
    await expect(check?.(async () => naiveLedger())).resolves.toBeUndefined()
  })
})

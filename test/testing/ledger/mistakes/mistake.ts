import type { Ledger } from '../../../../src/index.js'
import type { Habits } from '../habits.ts'

/** What a ledger does wrong, how, and the sentence of the contract that must find it. */
export type Mistake = readonly [what: string, how: Partial<Habits> | (() => Ledger), sentence: string]

/** Lets others in between. */
export const wait = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEntryList, type Entry, type Sum } from '../../src/ledger/entry-list.ts'
import { shareOf } from '../../src/ledger/share.ts'

const statuses = ['authorized', 'unknown', 'claimed'] as const
const measures = ['microUsd', 'count', 'open', 'unknown'] as const

/** Adds up one by one. */
function sumOf(entries: readonly Entry[]): Sum {
  const of = (measure: keyof Sum): bigint => entries.reduce((sum, { share }) => sum + share[measure], 0n)
  return { microUsd: of('microUsd'), count: of('count'), open: of('open'), unknown: of('unknown') }
}

test('thousands of entries that come in any order, and of which some go, add up as one by one', () => {
  const instant = fc.integer({ min: 0, max: 3000 })
  const question = fc.record({
    after: instant,
    upTo: instant,
    enough: fc.bigInt({ min: 1n, max: 9000n }),
    measure: fc.constantFrom(...measures),
  })
  // Each is drawn by a seed of its own: thousands that fast-check shrank one by one would take for ever.
  const property = fc.property(
    fc.integer(),
    fc.boolean(),
    fc.array(question, { minLength: 20 }),
    (seed, isOrdered, all) => {
      let state = seed >>> 0
      const draw = (below: number): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        return Math.floor((state / 2 ** 32) * below)
      }
      const list = createEntryList()
      let entries: Entry[] = []
      for (let index = 0; index < 2500; index += 1) {
        const status = statuses[draw(3)] ?? 'claimed'
        const countsUntil = isOrdered ? index : draw(3000)
        const entry = { countsUntil, share: shareOf({ status, microUsd: BigInt(draw(9)) }) }
        list.add(entry)
        entries.push(entry)
      }
      const goes = new Set(entries.filter(() => draw(3) === 0))
      for (const entry of goes) list.remove(entry)
      entries = entries
        .filter((entry) => !goes.has(entry))
        .toSorted((one, other) => one.countsUntil - other.countsUntil)
      // At the very end of each entry too: of those that lie together, one part begins just there.
      const ends = entries.map(({ countsUntil }) => ({
        after: countsUntil,
        upTo: countsUntil,
        enough: 5n,
        measure: 'count' as const,
      }))
      for (const { after, upTo, enough, measure } of [
        ...all,
        ...(isOrdered ? ends.filter((_, at) => at % 16 === 0) : []),
      ]) {
        const within = entries.filter(({ countsUntil }) => countsUntil > after && countsUntil <= upTo)
        expect(list.between(after, upTo)).toEqual(sumOf(within))
        let left = enough
        const last = entries.find(({ countsUntil, share }) => countsUntil > after && (left -= share[measure]) <= 0n)
        expect(list.leaving(after, measure, enough)).toBe(last?.countsUntil)
      }
    },
  )
  fc.assert(property, { numRuns: 30 })
})

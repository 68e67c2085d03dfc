import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { deadlines } from '../../src/lib/deadlines.ts'

const page = readFileSync(new URL('../../docs/deadlines.md', import.meta.url), 'utf8')

test('the documented deadlines are those of the code, each one', () => {
  const rows = page
    .split('\n')
    .map((line) => /^\| .+ <!-- (\w+) --> \| (\S+ \S+) \| .+ \| .+ \|$/.exec(line))
    .flatMap((row) => (row ? [[row[1], row[2]]] : []))
  const known = Object.entries(deadlines).map(([name, ms]) => [name, inWords(ms)])
  expect(rows).toHaveLength(known.length)
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(known))
})

function inWords(ms: number): string {
  return ms >= 3_600_000 ? `${ms / 3_600_000} h` : `${ms / 1000} s`
}

import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { functions } from '../../adapters/postgres/functions.ts'
import { version } from '../../adapters/postgres/schema.ts'

test('functions that have changed have a version of their own: a ledger that is there gets them with that alone', () => {
  const hash = createHash('sha256').update(functions('"stipend"')).digest('hex').slice(0, 16)
  expect({ version, hash }).toMatchInlineSnapshot(`
    {
      "hash": "8caa010a71795cde",
      "version": 8,
    }
  `)
})

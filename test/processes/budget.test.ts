import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqliteLedger } from 'stipend/sqlite'
import { postgresLedger } from 'stipend/postgres'
import { run } from '../support/child.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

const processes = 8
const rounds = 2
let directory = ''
let server: TestPostgres

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'stipend-'))
  server = await startPostgres()
}, 60_000)
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await server.stop()
})

/** Eight processes want to buy twenty-five times each; there is money for fifty. */
async function spend(where: object): Promise<{ readonly signed: number; readonly paid: number }> {
  const ended = await Promise.all(
    Array.from({ length: processes }, () => run('spender', { ...where, calls: 25, dailyLimitUsd: 0.5 })),
  )
  expect(ended.map(({ errors }) => errors).join('')).toBe('')
  const said = ended.map(({ output }) => JSON.parse(output) as { signed: number; paid: number; odd: string[] })
  expect(said.flatMap(({ odd }) => odd)).toEqual([])
  return {
    signed: said.reduce((sum, { signed }) => sum + signed, 0),
    paid: said.reduce((sum, { paid }) => sum + paid, 0),
  }
}

describe('eight processes with one budget', () => {
  test('in a SQLite file sign what it allows, to the last one', { timeout: 120_000 }, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const file = join(directory, `${round}.db`)
      expect(await spend({ file })).toEqual({ signed: 50, paid: 50 })
      const payments = await sqliteLedger(file).list({ limit: 1000 })
      expect(payments.reduce((sum, { microUsd }) => sum + microUsd, 0n)).toBe(500_000n)
      expect(new Set(payments.map(({ terms }) => terms.nonce)).size).toBe(50)
    }
  })

  test('in PostgreSQL sign what it allows, to the last one', { timeout: 120_000 }, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const schema = `round_${round}`
      expect(await spend({ socket: server.socket, schema })).toEqual({ signed: 50, paid: 50 })
      const payments = await postgresLedger(server.createPool(), { schema }).list({ limit: 1000 })
      expect(payments.reduce((sum, { microUsd }) => sum + microUsd, 0n)).toBe(500_000n)
    }
  })
})

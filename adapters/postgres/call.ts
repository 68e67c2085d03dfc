import { ConfigurationError } from 'stipend'
import { migration, version } from './schema.js'

/** The part of a `pg` pool that is used. */
export type PostgresPool = {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

/** Runs one query over tables that are there and up to date, and answers its rows. */
export type Call = (text: string, values?: unknown[]) => Promise<readonly unknown[]>

/** Makes the tables before the first query, once, and again if that failed. */
export function createCall(pool: PostgresPool, schema: string): Call {
  let ready: Promise<unknown> | undefined
  return async (text, values) => {
    ready ??= migrate(pool, schema)
    await ready.catch((error: unknown) => {
      ready = undefined
      throw error
    })
    return (await pool.query(text, values)).rows
  }
}

async function migrate(pool: PostgresPool, schema: string): Promise<void> {
  // Statements sent together without parameters are one transaction.
  if ((await versionOf(pool, schema)) < version) await pool.query(migration(schema))
  const found = await versionOf(pool, schema)
  if (found === version) return
  throw new ConfigurationError(
    `Failed to open the ledger: its schema is version ${found}, this library knows ${version}`,
  )
}

async function versionOf(pool: PostgresPool, schema: string): Promise<number> {
  const { rows } = await pool.query('SELECT to_regclass($1) AS answer', [`${schema}.version`])
  if (answerOf(rows) === null) return 0
  return Number(answerOf((await pool.query(`SELECT MAX(version) AS answer FROM ${schema}.version`)).rows))
}

/** The one value of the one row. */
export function answerOf(rows: readonly unknown[]): unknown {
  return Reflect.get(Object(rows[0]), 'answer')
}

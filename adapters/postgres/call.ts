import { ConfigurationError, isStipendError, LedgerUnavailableError } from 'stipend'
import { within } from '../../src/lib/deadline.js'
import { createSend, type PostgresPool, type Send } from './connection.js'
import { migration, version } from './schema.js'
import { sqlStateOf } from './sql-state.js'

/** How long something may take that reads or changes all that a ledger holds. */
const maxMs = 600_000

/** Asks the database, over tables that are there and up to date. */
export type CallFunction = {
  /** Runs a query that changes nothing, and answers its rows. */
  readonly read: (text: string, values?: readonly unknown[]) => Promise<readonly unknown[]>
  /** Likewise one that reads all that there is, and takes its time. */
  readonly readAll: (text: string) => Promise<readonly unknown[]>
  /** Calls a function of the ledger, and answers what it answers. */
  readonly ask: (name: string, ...values: readonly unknown[]) => Promise<unknown>
}

/** Makes the tables before the first query, once, and again if that failed. */
export function createCall(pool: PostgresPool, schema: string, timeoutMs: number): CallFunction {
  const send = createSend(pool)
  let opening: Promise<void> | undefined
  let isOpen = false
  const open = async (): Promise<void> => {
    opening ??= migrate(send, schema, timeoutMs)
    const mine = opening
    try {
      await within(timeoutMs, mine, 'the ledger was not opened in time')
      isOpen = true
    } catch (error) {
      // Whatever it still waits for: the next call does not wait with it.
      if (opening === mine) opening = undefined
      throw error
    }
  }
  const run: Send = async (statement) => {
    try {
      if (!isOpen) await open()
      return await send(statement)
    } catch (error) {
      throw explain(error, schema)
    }
  }
  return {
    read: (text, values) => run({ text, values, timeoutMs, isRead: true }),
    readAll: (text) => run({ text, timeoutMs: maxMs, isRead: true }),
    ask: async (name, ...values) => {
      const places = values.map((_value, index) => `$${index + 1}`).join(', ')
      return answerOf(await run({ text: `SELECT ${schema}.${name}(${places}) AS answer`, values, timeoutMs }))
    },
  }
}

async function migrate(send: Send, schema: string, timeoutMs: number): Promise<void> {
  // Statements sent together without parameters are one transaction.
  if ((await versionOf(send, schema, timeoutMs)) < version) await send({ text: migration(schema), timeoutMs: maxMs })
  const found = await versionOf(send, schema, timeoutMs)
  if (found === version) return
  throw new ConfigurationError(
    `Failed to open the ledger: its schema is version ${found}, this library knows ${version}`,
  )
}

async function versionOf(send: Send, schema: string, timeoutMs: number): Promise<number> {
  const ask = (text: string): ReturnType<Send> => send({ text, timeoutMs, isRead: true })
  const name = schema.replaceAll('"', '')
  const known = `SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = '${name}' AND tablename = 'version'`
  if ((await ask(known)).length === 0) return 0
  return Number(answerOf(await ask(`SELECT MAX(version) AS answer FROM ${schema}.version`)))
}

/** Says what has to be done where a role is not allowed to, and else that the ledger cannot be reached. */
function explain(error: unknown, schema: string): unknown {
  if (isStipendError(error)) return error
  const state = sqlStateOf(error)
  if (state === '25004') {
    return new ConfigurationError(
      'Failed to use the ledger: it is changed under the isolation read committed, and the connection has another',
      { details: ["ALTER ROLE APP SET default_transaction_isolation = 'read committed';"], cause: error },
    )
  }
  if (state !== '42501') return new LedgerUnavailableError(error)
  return new ConfigurationError(`Failed to use the ledger: the role of the connection may not do what it needs`, {
    details: [
      `open the ledger once as the role that owns the schema ${schema}, which makes its tables or brings them up to date`,
      'and let that role grant, where APP is the role of the connection:',
      `GRANT USAGE ON SCHEMA ${schema} TO APP;`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO APP;`,
      `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO APP;`,
      `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO APP;`,
    ],
    cause: error,
  })
}

/** The one value of the one row. */
export function answerOf(rows: readonly unknown[]): unknown {
  return Reflect.get(Object(rows[0]), 'answer')
}

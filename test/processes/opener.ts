import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { Ledger } from 'stipend'
import { postgresLedger } from 'stipend/postgres'
import { type SqliteDatabase, sqliteLedger } from 'stipend/sqlite'
import { samplePayment } from '../../src/testing/ledger/sample-payment.ts'

/** Opens a ledger, records a payment in it, and kills itself before one of its statements, if it is told to. */
type Options = {
  readonly file?: string
  readonly socket?: string
  readonly schema: string
  readonly number: number
  readonly dieAt?: number
}

const options: Options = JSON.parse(process.argv[2] ?? '{}')
let statements = 0
const count = (): void => {
  statements += 1
  if (statements === options.dieAt) process.kill(process.pid, 'SIGKILL')
}

/** A database that dies at a statement, also within a text of several. */
function mortal(database: DatabaseSync): SqliteDatabase {
  return {
    exec: (sql) => {
      for (const statement of sql.split(/;\n/)) {
        count()
        database.exec(statement)
      }
    },
    prepare: (sql) => {
      const statement = database.prepare(sql)
      const counted =
        <given extends unknown[], answer>(call: (...values: given) => answer) =>
        (...values: given): answer => {
          count()
          return call(...values)
        }
      return {
        run: counted((...values) => statement.run(...(values as never[]))),
        get: counted((...values) => statement.get(...(values as never[]))),
        all: counted((...values) => statement.all(...(values as never[]))),
      }
    },
    close: () => database.close(),
  }
}

const pool = options.socket === undefined ? undefined : new pg.Pool({ host: options.socket, user: 'postgres', max: 2 })
const ledger: Ledger = pool
  ? postgresLedger(pool, { clock: false, schema: options.schema })
  : sqliteLedger(mortal(new DatabaseSync(options.file ?? '', { timeout: 10_000 })))
const answer = await ledger.reserve(samplePayment(options.number), [])
process.stdout.write(JSON.stringify({ ok: answer.ok, statements }))
await pool?.end()

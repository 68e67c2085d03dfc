import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import {
  ConfigurationError,
  encodeApproval,
  encodePayment,
  type Ledger,
  type Limit,
  mostApprovals,
  type Payment,
  type ReserveOptions,
} from 'stipend'
import { encodeLimits, readApproval, readFreeze, readReservation, readUsage } from './answers.js'
import { createBatch } from './batch.js'
import { answerOf, type Call, createCall } from './call.js'
import type { PostgresPool } from './connection.js'
import { replace, select } from './payments.js'
import { differenceQuery } from './verify.js'

export type { PostgresClient, PostgresPool } from './connection.js'

const maxTimeoutMs = 86_400_000

/** Options of `postgresLedger`. */
export type PostgresLedgerOptions = {
  /**
   * The schema that holds the ledger; agents that share it share their limits.
   *
   * @default 'stipend'
   */
  readonly schema?: string | undefined
  /**
   * How long a call waits for the database, in milliseconds. What was sent and brought no answer by then may have been
   * recorded all the same; its connection is closed.
   *
   * @default 10000
   */
  readonly timeoutMs?: number | undefined
}

/** A ledger in PostgreSQL, which any number of processes on any number of machines can share. */
export type PostgresLedger = Ledger & {
  /**
   * Adds up anew all that is recorded, payment by payment, and compares it with what is counted. Where they differ, the
   * ledger is frozen for all processes.
   *
   * @throws ConfigurationError that says what differs.
   */
  readonly verify: () => Promise<void>
}

/**
 * Keeps a ledger in PostgreSQL, for agents on more than one machine. It makes its tables on first use, or
 * brings those of an older version up to date, and reserves in one round trip.
 *
 * A call that the database does not answer in time is a LedgerUnavailableError, whatever the state of its connection.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import pg from 'pg'
 * import { postgresLedger } from 'stipend/postgres'
 *
 * const ledger = postgresLedger(new pg.Pool({ connectionString: process.env.DATABASE_URL }))
 * ```
 */
export function postgresLedger(pool: PostgresPool, options: PostgresLedgerOptions = {}): PostgresLedger {
  refuseUnknown('postgresLedger', options, {
    schema: true,
    timeoutMs: true,
  } satisfies OptionNames<PostgresLedgerOptions>)
  const { schema = 'stipend', timeoutMs = 10_000 } = options
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema))
    throw new ConfigurationError(`Failed to read schema: ${schema} is not a plain name`)
  if (!(timeoutMs > 0 && timeoutMs <= maxTimeoutMs))
    throw new ConfigurationError(`Failed to read timeoutMs: ${timeoutMs} is not a number of milliseconds up to a day`)
  const quoted = `"${schema}"`
  const call = createCall(pool, quoted, timeoutMs)
  return Object.freeze({
    ...paymentsOf(call, quoted, timeoutMs),
    ...approvalsOf(call, quoted),
    ...haltsOf(call, quoted),
    ...memoryOf(call, quoted),
    verify: () => verify(call, quoted),
  } satisfies PostgresLedger)
}

function paymentsOf(
  call: Call,
  schema: string,
  timeoutMs: number,
): Pick<Ledger, 'reserve' | 'update' | 'get' | 'list' | 'usage'> {
  const reserve = createBatch(async (all) => {
    const answers = await call.ask('reserve_all', `[${all.map((wanted) => `[${wanted.join()}]`).join()}]`)
    return Array.isArray(answers) ? answers : []
  }, timeoutMs)
  return {
    reserve: async (payment: Payment, limits: readonly Limit[], options: ReserveOptions = {}) => {
      for (const { scope } of limits) {
        if (!payment.scopes.includes(scope)) throw new TypeError(`payment is not counted in ${scope}`)
      }
      const given = [encodeLimits(limits, payment.createdAt), JSON.stringify(options)] as const
      return readReservation(await reserve([encodePayment(payment), ...given]), limits, options)
    },
    update: (id, update) => replace(id, update, call, schema),
    get: async (id) => (await select(call, schema, { id }))[0],
    list: async (filter = {}) => select(call, schema, filter),
    usage: async (limits, now) => {
      const answers = await call.ask('usage', encodeLimits(limits, now), now)
      return limits.map((limit, index) => readUsage(limit, Reflect.get(Object(answers), index)))
    },
  }
}

function approvalsOf(call: Call, schema: string): Pick<Ledger, 'requestApproval' | 'decideApproval' | 'listApprovals'> {
  return {
    requestApproval: async (approval) =>
      readApproval(await call.ask('request_approval', encodeApproval(approval), mostApprovals)) ?? approval,
    decideApproval: async (id, status, now) => readApproval(await call.ask('decide_approval', id, status, now)),
    listApprovals: async (now) => {
      const text = `SELECT approval AS answer FROM ${schema}.approvals WHERE expires_at > $1 ORDER BY seq DESC LIMIT $2`
      const rows = await call.read(text, [now, mostApprovals])
      return rows.flatMap((row) => readApproval(Reflect.get(Object(row), 'answer')) ?? [])
    },
  }
}

/** What is read before each signature is read by a key, and waits for nobody. */
function haltsOf(call: Call, schema: string): Pick<Ledger, 'freeze' | 'frozen' | 'revokeSession' | 'revoked'> {
  return {
    freeze: async (freeze) => void (await call.ask('set_freeze', freeze?.reason ?? null, freeze?.at ?? null)),
    frozen: async () => {
      const [row] = await call.read(`SELECT reason, at FROM ${schema}.freeze`)
      return row === undefined ? undefined : readFreeze(row)
    },
    revokeSession: async (id) => void (await call.ask('revoke_session', id)),
    revoked: async (ids) => {
      const rows = await call.read(`SELECT session FROM ${schema}.revoked WHERE session = ANY($1)`, [ids])
      const found = new Set(rows.map((row) => Reflect.get(Object(row), 'session')))
      return ids.find((id) => found.has(id))
    },
  }
}

function memoryOf(call: Call, schema: string): Pick<Ledger, 'secret' | 'remember' | 'recall'> {
  return {
    secret: async (name, first = crypto.getRandomValues(new Uint8Array(32))) => {
      const fresh = Buffer.from(first).toString('hex')
      return Uint8Array.from(Buffer.from(String(await call.ask('keep_secret', name, fresh)), 'hex'))
    },
    remember: async (name, text) => void (await call.ask('remember', name, text)),
    recall: async (name) => {
      const [row] = await call.read(`SELECT text FROM ${schema}.notes WHERE name = $1`, [name])
      return row === undefined ? undefined : String(Reflect.get(Object(row), 'text'))
    },
  }
}

async function verify(call: Call, schema: string): Promise<void> {
  const difference = answerOf(await call.readAll(differenceQuery(schema)))
  if (difference === null) return
  await call.ask(
    'set_freeze',
    `its sums are not those of its payments: ${String(difference)}`,
    await call.ask('tick', 0),
  )
  throw new ConfigurationError(`Failed to verify the ledger, which is frozen now: ${String(difference)}`)
}

import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import { ConfigurationError, type Ledger, type Limit, type Payment, type ReserveOptions } from 'stipend'
import { encodeApproval, maxApprovals } from 'stipend/ledger'
import {
  encodeLimits,
  encodeOptions,
  readApproval,
  readDecision,
  readFreeze,
  readReservation,
  readUsage,
} from './answers.js'
import { createBatch } from './batch.js'
import { answerOf, type CallFunction, createCall } from './call.js'
import type { PostgresPool } from './connection.js'
import { encodePieces, replace, select, selectAudit, selectHistory } from './payments.js'
import { verify } from './verify.js'

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
  /**
   * What time it is, in Unix milliseconds. A client whose own clock is more than five minutes apart from it is refused, and
   * moves nothing. With `false` nobody checks, and the ledger's time follows what it is told: for tests with other clocks.
   *
   * @default the database's own clock
   */
  readonly clock?: (() => number) | false | undefined
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
    clock: true,
  } satisfies OptionNames<PostgresLedgerOptions>)
  if (typeof Object(pool).query !== 'function')
    throw new ConfigurationError('Failed to open the ledger: expected a pool of pg, such as new pg.Pool()')
  const { schema = 'stipend', timeoutMs = 10_000, clock } = options
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema))
    throw new ConfigurationError(`Failed to read schema: ${schema} is not a plain name`)
  if (!(timeoutMs > 0 && timeoutMs <= maxTimeoutMs))
    throw new ConfigurationError(`Failed to read timeoutMs: ${timeoutMs} is not a number of milliseconds up to a day`)
  const quoted = `"${schema}"`
  const call = createCall(pool, quoted, timeoutMs)
  const time = (): string => JSON.stringify(clock === undefined ? null : clock && clock())
  return Object.freeze({
    ...paymentsOf(call, quoted, { timeoutMs, time }),
    ...approvalsOf(call, quoted, time),
    ...timeOf(call, quoted, time),
    ...haltsOf(call, quoted),
    ...memoryOf(call, quoted),
    verify: () => verify(call, quoted),
  } satisfies PostgresLedger)
}

/** What time it is, as JSON: null, by the database's clock; false, as the client says. */
type Time = () => string

function paymentsOf(
  call: CallFunction,
  schema: string,
  { timeoutMs, time }: { readonly timeoutMs: number; readonly time: Time },
): Required<Pick<Ledger, 'reserve' | 'update' | 'get' | 'list' | 'history' | 'usage'>> {
  const reserve = createBatch(async (all) => {
    const answers = await call.ask('reserve_all', `[${all.map((wanted) => `[${wanted.join()}]`).join()}]`)
    return Array.isArray(answers) ? answers : []
  }, timeoutMs)
  return {
    reserve: async (payment: Payment, limits: readonly Limit[], options: ReserveOptions = {}) => {
      for (const { scope } of limits) {
        if (!payment.scopes.includes(scope)) throw new TypeError(`payment is not counted in ${scope}`)
      }
      const given = [encodeLimits(limits, payment.createdAt), encodeOptions(options, time())] as const
      return readReservation(await reserve([encodePieces(payment), ...given]), limits, options)
    },
    update: (id, update) => replace(id, update, call, schema),
    get: async (id) => (await select(call, schema, { id }))[0],
    list: async (filter = {}) => select(call, schema, filter),
    history: (id) => selectHistory(call, schema, id),
    usage: async (limits, now) => {
      const used = async (at: number, source: string): Promise<unknown> =>
        answerOf(await call.read(`SELECT ${schema}.used($1, $2, $3) AS answer`, [encodeLimits(limits, at), at, source]))
      let answers = await used(now, time())
      // By the ledger's time, where that is another: windows of calendars begin where only we can say.
      while (typeof answers === 'number') answers = await used(answers, 'false')
      return limits.map((limit, index) => readUsage(limit, Reflect.get(Object(answers), index)))
    },
  }
}

function approvalsOf(
  call: CallFunction,
  schema: string,
  time: Time,
): Pick<Ledger, 'requestApproval' | 'decideApproval' | 'listApprovals'> {
  return {
    requestApproval: async (approval) =>
      readDecision(await call.ask('ask_approval', encodeApproval(approval), maxApprovals, time())) ?? approval,
    decideApproval: async (id, status, now) => readDecision(await call.ask('decide', id, status, now, time())),
    listApprovals: async (now) => {
      const text = `SELECT approval AS answer FROM ${schema}.approvals WHERE expires_at > $1 ORDER BY seq DESC LIMIT $2`
      const rows = await call.read(text, [now, maxApprovals])
      return rows.flatMap((row) => readApproval(Reflect.get(Object(row), 'answer')) ?? [])
    },
  }
}

/** What is read before each signature is read by a key, and waits for nobody. */
function haltsOf(call: CallFunction, schema: string): Pick<Ledger, 'freeze' | 'frozen' | 'revokeSession' | 'revoked'> {
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

function timeOf(call: CallFunction, schema: string, time: Time): Required<Pick<Ledger, 'setTime' | 'audit'>> {
  return {
    setTime: async (now, reason) => void (await call.ask('set_time', now, reason, time())),
    audit: () => selectAudit(call, schema),
  }
}

function memoryOf(call: CallFunction, schema: string): Pick<Ledger, 'secret' | 'remember' | 'recall'> {
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

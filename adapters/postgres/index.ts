import {
  type Approval,
  advancePayment,
  ConfigurationError,
  countsAsSpent,
  decodeApproval,
  decodePayment,
  encodeApproval,
  encodePayment,
  type Freeze,
  type Ledger,
  type Limit,
  leavesAt,
  mostApprovals,
  type Payment,
  type PaymentFilter,
  type PaymentId,
  type PaymentUpdate,
  type Reservation,
  type ReserveOptions,
  type Usage,
  windowKey,
  windowStart,
} from 'stipend'
import { migration, version } from './schema.js'

/** The part of a `pg` pool that is used. */
export type PostgresPool = {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

/** Options of `postgresLedger`. */
export type PostgresLedgerOptions = {
  /**
   * The schema that holds the ledger; agents that share it share their limits.
   *
   * @default 'stipend'
   */
  readonly schema?: string | undefined
}

/**
 * Keeps a ledger in PostgreSQL, for agents on more than one machine. It makes its tables on first use, and reserves in
 * one round trip.
 *
 * @throws ConfigurationError when the schema's name is not usable.
 *
 * @example
 * ```ts
 * import pg from 'pg'
 * import { postgresLedger } from 'stipend/postgres'
 *
 * const ledger = postgresLedger(new pg.Pool({ connectionString: process.env.DATABASE_URL }))
 * ```
 */
export function postgresLedger(pool: PostgresPool, { schema = 'stipend' }: PostgresLedgerOptions = {}): Ledger {
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema))
    throw new ConfigurationError(`Failed to read schema: ${schema} is not a plain name`)
  const call = createCall(pool, schema)
  return Object.freeze({
    reserve: async (payment: Payment, limits: readonly Limit[], options: ReserveOptions = {}) => {
      for (const { scope } of limits) {
        if (!payment.scopes.includes(scope)) throw new TypeError(`payment is not counted in ${scope}`)
      }
      const parameters = [
        encodePayment(payment),
        encodeLimits(limits, payment.createdAt),
        JSON.stringify({ sameRequest: false, renew: false, ...options }),
      ]
      return readReservation(answerOf(await call(`SELECT ${schema}.reserve($1, $2, $3) AS answer`, parameters)), limits)
    },
    update: (id, update) => replace(id, update, call, schema),
    get: async (id) => (await select(call, schema, { id }))[0],
    list: async (filter = {}) => select(call, schema, filter),
    usage: async (limits, now) => {
      const answers = answerOf(await call(`SELECT ${schema}.usage($1, $2) AS answer`, [encodeLimits(limits, now), now]))
      return limits.map((limit, index) => readUsage(limit, Reflect.get(Object(answers), index)))
    },
    secret: async (name) => {
      const fresh = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
      await call(`INSERT INTO ${schema}.secrets VALUES ($1, $2) ON CONFLICT DO NOTHING`, [name, fresh])
      const [row] = await call(`SELECT secret AS answer FROM ${schema}.secrets WHERE name = $1`, [name])
      return Uint8Array.from(Buffer.from(String(Reflect.get(Object(row), 'answer')), 'hex'))
    },
    requestApproval: async (approval) =>
      readApproval(
        answerOf(
          await call(`SELECT ${schema}.request_approval($1, $2) AS answer`, [encodeApproval(approval), mostApprovals]),
        ),
      ) ?? approval,
    decideApproval: async (id, status, now) =>
      readApproval(answerOf(await call(`SELECT ${schema}.decide_approval($1, $2, $3) AS answer`, [id, status, now]))),
    listApprovals: async (now) => {
      const text = `SELECT approval AS answer FROM ${schema}.approvals WHERE expires_at > $1 ORDER BY seq DESC LIMIT $2`
      return (await call(text, [now, mostApprovals])).flatMap(
        (row) => readApproval(Reflect.get(Object(row), 'answer')) ?? [],
      )
    },
    freeze: async (freeze) => {
      const text = freeze
        ? `INSERT INTO ${schema}.freeze VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, at = excluded.at`
        : `DELETE FROM ${schema}.freeze`
      await call(text, freeze ? [freeze.reason, freeze.at] : [])
    },
    frozen: async () => {
      const [row] = await call(`SELECT reason, at FROM ${schema}.freeze`, [])
      return row === undefined ? undefined : readFreeze(row)
    },
    revokeSession: async () => unsupported(),
    revoked: async () => unsupported(),
    remember: async () => unsupported(),
    recall: async () => unsupported(),
  } satisfies Ledger)
}

function readApproval(answer: unknown): Approval | undefined {
  return answer === null || answer === undefined ? undefined : decodeApproval(JSON.stringify(answer))
}

function readFreeze(answer: unknown): Freeze {
  const { reason, at } = Object(answer)
  return { reason: String(reason), at: Number(at) }
}

type Call = (text: string, values: unknown[]) => Promise<readonly unknown[]>

/** Makes the tables before the first query, once, and again if that failed. */
function createCall(pool: PostgresPool, schema: string): Call {
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
  const { rows } = await pool.query('SELECT to_regclass($1) AS answer', [`${schema}.version`])
  // Statements sent together without parameters are one transaction.
  if (answerOf(rows) === null) await pool.query(migration(schema))
  const found = Number(answerOf((await pool.query(`SELECT MAX(version) AS answer FROM ${schema}.version`)).rows))
  if (found === version) return
  throw new ConfigurationError(
    `Failed to open the ledger: its schema is version ${found}, this library knows ${version}`,
  )
}

function answerOf(rows: readonly unknown[]): unknown {
  return Reflect.get(Object(rows[0]), 'answer')
}

/** Windows start where our clock says; a ledger's horizons only move forward, whichever clock is ahead. */
function encodeLimits(limits: readonly Limit[], now: number): string {
  return JSON.stringify(
    limits.map(({ scope, window, measure, max }, index) => ({
      index,
      scope,
      measure,
      span: windowKey(window),
      start: Math.max(windowStart(window, now), Number.MIN_SAFE_INTEGER),
      max: max.toString(),
    })),
  )
}

function readReservation(answer: unknown, limits: readonly Limit[]): Reservation {
  const { ok, reason, payment, approval, freeze, index, used, leaves } = Object(answer)
  if (ok === true) return { ok }
  if (reason === 'exists') return { ok: false, reason, payment: decodePayment(JSON.stringify(payment)) }
  if (reason === 'approval') return { ok: false, reason, approval: readApproval(approval) }
  if (reason === 'frozen') return { ok: false, reason, freeze: readFreeze(freeze) }
  const limit = limits[index]
  if (!limit) throw new TypeError('the database answered with no limit')
  return {
    ok: false,
    reason: 'limit',
    limit,
    used: BigInt(used),
    fitsAt: leaves === null ? undefined : leavesAt(limit.window, Number(leaves)),
  }
}

function readUsage(limit: Limit, answer: unknown): Usage {
  const { used, leaves } = Object(answer)
  return {
    limit,
    used: BigInt(used),
    freesAt: leaves === null || leaves === undefined ? undefined : leavesAt(limit.window, Number(leaves)),
  }
}

/** Reads, moves on and replaces what is still as it was read, until nobody came between. */
async function replace(id: PaymentId, update: PaymentUpdate, call: Call, schema: string): Promise<Payment> {
  for (;;) {
    const [payment] = await select(call, schema, { id })
    if (!payment) throw new TypeError(`payment ${id} is not in the ledger`)
    const moved = advancePayment(payment, update)
    const isOver = countsAsSpent(payment) && !countsAsSpent(moved)
    const rows = await call(`SELECT ${schema}.replace($1, $2, $3) AS answer`, [
      encodePayment(payment),
      encodePayment(moved),
      isOver,
    ])
    if (answerOf(rows) === true) return moved
  }
}

async function select(
  call: Call,
  schema: string,
  filter: PaymentFilter & { readonly id?: PaymentId },
): Promise<readonly Payment[]> {
  const { labels, limit = 100 } = filter
  const conditions: readonly (readonly [string, unknown])[] = [
    ['id =', filter.id],
    ['status =', filter.status],
    ['host =', filter.host],
    ['purchase_key =', filter.purchaseKey],
    ['created_at >=', filter.since],
    ['created_at <', filter.until],
    ["payment->'labels' @>", labels && JSON.stringify(labels)],
  ]
  const given = conditions.filter(([, value]) => value !== undefined)
  const where = given.map(([condition], index) => `${condition} $${index + 1}`).join(' AND ')
  const text = `SELECT payment AS answer FROM ${schema}.payments ${where && `WHERE ${where}`} ORDER BY seq DESC LIMIT ${Number(limit)}`
  const rows = await call(
    text,
    given.map(([, value]) => value),
  )
  return rows.map((row) => decodePayment(JSON.stringify(Reflect.get(Object(row), 'answer'))))
}

function unsupported(): never {
  throw new TypeError('this ledger does not keep it yet')
}

import {
  advancePayment,
  atLedgerTime,
  canRenewPayment,
  countsAsSpent,
  decodePayment,
  encodePayment,
  isPendingPayment,
  isUsableApproval,
  type Ledger,
  LedgerUnavailableError,
  type Limit,
  type Payment,
  type PaymentFilter,
  type PaymentId,
  type Reservation,
  type ReserveOptions,
} from 'stipend'
import { type Approvals, createApprovals } from './approvals.js'
import { openDatabase, type SqliteDatabase, type SqliteStatement, watchFile } from './database.js'
import { createMeters, type Meters } from './meters.js'
import { prepareSchema, read } from './schema.js'

export type { SqliteDatabase, SqliteStatement } from './database.js'

/** Options of `sqliteLedger`. */
export type SqliteLedgerOptions = {
  /**
   * Whether a file that is missing is made. An agent that has run before can say no: a ledger that is gone has forgotten
   * what was spent.
   *
   * @default true
   */
  readonly create?: boolean | undefined
}

/** A ledger in a SQLite file, which any number of processes on one machine can share. */
export type SqliteLedger = Ledger & { readonly close: () => void }

/**
 * Opens a ledger in a SQLite file, or in a database that is open: of node:sqlite, or better-sqlite3. A reservation is
 * one commit that is on disk when it returns (WAL, `synchronous=FULL`).
 *
 * @throws ConfigurationError or LedgerUnavailableError when the file cannot be used.
 *
 * @example
 * ```ts
 * import { createAgentWallet } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 * import { sqliteLedger } from 'stipend/sqlite'
 *
 * const wallet = createAgentWallet({ keyStore: privateKey(process.env.AGENT_KEY), ledger: sqliteLedger('agent.db') })
 * ```
 */
export function sqliteLedger(file: string | SqliteDatabase, options: SqliteLedgerOptions = {}): SqliteLedger {
  const database = open(file, options.create ?? true)
  const isSameFile = watchFile(typeof file === 'string' ? file : undefined)
  const transaction = createTransaction(database, isSameFile)
  const payments = createPayments(database)
  const meters = createMeters(database)
  const approvals = createApprovals(database)
  return Object.freeze({
    reserve: async (payment: Payment, limits: readonly Limit[], reserveOptions: ReserveOptions = {}) =>
      transaction(() => reserve(payment, limits, reserveOptions, { payments, meters, approvals })),
    update: async (id, update) =>
      transaction(() => {
        const payment = payments.get(id)
        if (!payment) throw new TypeError(`payment ${id} is not in the ledger`)
        const moved = advancePayment(payment, update)
        payments.replace(moved)
        if (countsAsSpent(payment) && !countsAsSpent(moved)) meters.remove(payment)
        return moved
      }),
    get: async (id) => transaction(() => payments.get(id)),
    list: async (filter: PaymentFilter = {}) => transaction(() => payments.list(filter)),
    usage: async (limits, now) => transaction(() => limits.map((limit) => meters.usage(limit, meters.tick(now)))),
    secret: async (name) => transaction(() => secretOf(database, name)),
    requestApproval: async (approval) =>
      transaction(() => approvals.request(approval, meters.tick(approval.requestedAt))),
    decideApproval: async (id, status, now) => transaction(() => approvals.decide(id, status, meters.tick(now))),
    listApprovals: async (now) => transaction(() => approvals.list(now)),
    freeze: async (freeze) => transaction(() => approvals.freeze(freeze)),
    frozen: async () => transaction(() => approvals.frozen()),
    revokeSession: async () => unsupported(),
    revoked: async () => unsupported(),
    remember: async () => unsupported(),
    recall: async () => unsupported(),
    close: () => {
      database.close()
    },
  } satisfies SqliteLedger)
}

function open(file: string | SqliteDatabase, create: boolean): SqliteDatabase {
  try {
    const database = typeof file === 'string' ? openDatabase(file, create) : file
    prepareSchema(database)
    return database
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'configuration_invalid'
      ? error
      : new LedgerUnavailableError(error)
  }
}

/**
 * Runs work in one transaction that no other process can come between. After a failure that can mean that a commit is
 * not on disk, the ledger stays shut.
 */
function createTransaction(database: SqliteDatabase, isSameFile: () => boolean): <value>(work: () => value) => value {
  let broken: unknown
  return (work) => {
    if (broken !== undefined) throw new LedgerUnavailableError(broken)
    if (!isSameFile()) throw new LedgerUnavailableError(new Error('the file was moved, removed or replaced'))
    let isOpen = false
    try {
      database.exec('BEGIN IMMEDIATE')
      isOpen = true
      const value = work()
      database.exec('COMMIT')
      return value
    } catch (error) {
      if (isOpen) rollBack(database)
      if (error instanceof TypeError) throw error
      if (isDiskFailure(error)) broken = error
      throw new LedgerUnavailableError(error)
    }
  }
}

function rollBack(database: SqliteDatabase): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // SQLite has rolled back by itself, as it does after some failures.
  }
}

/** I/O errors and damage, as opposed to a lock, a full disk or a constraint, after which the next commit can be sound. */
function isDiskFailure(error: unknown): boolean {
  const text = `${String(read(error, 'code'))} ${String(read(error, 'errcode'))} ${String(read(error, 'errstr'))}`
  return /IOERR|disk I\/O|CORRUPT|malformed|NOTADB|not a database/.test(
    `${text} ${error instanceof Error ? error.message : ''}`,
  )
}

function reserve(
  payment: Payment,
  limits: readonly Limit[],
  { sameRequest = false, renew = false, approval }: ReserveOptions,
  {
    payments,
    meters,
    approvals,
  }: { readonly payments: Payments; readonly meters: Meters; readonly approvals: Approvals },
): Reservation {
  const now = meters.tick(payment.createdAt)
  const freeze = approvals.frozen()
  if (freeze) return { ok: false, reason: 'frozen', freeze }
  const known = payments.get(payment.id)
  const live = known && countsAsSpent(known) ? known : undefined
  const twin = sameRequest
    ? payments.byRequest(payment.requestDigest).find((one) => isPendingPayment(one, now))
    : undefined
  const found = live && renew && canRenewPayment(live, payment) ? undefined : (live ?? twin)
  if (found) {
    const presented = { ...found, presentations: found.presentations + 1 }
    payments.replace(presented)
    return { ok: false, reason: 'exists', payment: presented }
  }
  const approved = approval === undefined ? undefined : approvals.get(approval)
  if (approval !== undefined && !(approved && isUsableApproval(approved, now)))
    return { ok: false, reason: 'approval', approval: approved }
  if (live) meters.remove(live)
  for (const limit of limits) {
    const refusal = meters.refuse(limit, payment, now)
    if (!refusal) continue
    if (live) meters.add(live)
    return { ok: false, reason: 'limit', limit, ...refusal }
  }
  if (approval !== undefined) approvals.use(approval, now)
  const recorded = atLedgerTime(payment, now)
  payments.insert(recorded)
  meters.add(recorded)
  return { ok: true }
}

type Payments = ReturnType<typeof createPayments>

function createPayments(database: SqliteDatabase): {
  readonly get: (id: PaymentId) => Payment | undefined
  readonly byRequest: (digest: string) => readonly Payment[]
  readonly insert: (payment: Payment) => void
  readonly replace: (payment: Payment) => void
  readonly list: (filter: PaymentFilter) => readonly Payment[]
} {
  const byId = database.prepare('SELECT payment FROM payments WHERE id = ?')
  const byDigest = database.prepare(
    "SELECT payment FROM payments WHERE request_digest = ? AND status = 'unknown' ORDER BY seq DESC LIMIT 8",
  )
  const columns = 'id, status, purchase_key, request_digest, host, created_at, payment'
  const put = database.prepare(`INSERT OR REPLACE INTO payments (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`)
  const change = database.prepare(
    'UPDATE payments SET status = ?, request_digest = ?, created_at = ?, payment = ? WHERE id = ?',
  )
  return {
    get: (id) => decodeRow(byId.get(id)),
    byRequest: (digest) => byDigest.all(digest).flatMap((row) => decodeRow(row) ?? []),
    insert: (payment) => {
      const { id, status, purchaseKey, requestDigest, resource, createdAt } = payment
      put.run(id, status, purchaseKey, requestDigest, resource.host, createdAt, encodePayment(payment))
    },
    replace: (payment) => {
      change.run(payment.status, payment.requestDigest, payment.createdAt, encodePayment(payment), payment.id)
    },
    list: (filter) => listBy(database, filter),
  }
}

function decodeRow(row: unknown): Payment | undefined {
  const payment = read(row, 'payment')
  return payment === undefined ? undefined : decodePayment(String(payment))
}

function listBy(database: SqliteDatabase, filter: PaymentFilter): readonly Payment[] {
  const conditions: readonly (readonly [string, string | number | undefined])[] = [
    ['status = ?', filter.status],
    ['host = ?', filter.host],
    ['purchase_key = ?', filter.purchaseKey],
    ['created_at >= ?', filter.since],
    ['created_at < ?', filter.until],
    ...Object.entries(filter.labels ?? {}).map(
      ([name, value]) =>
        [
          `EXISTS (SELECT 1 FROM json_each(payment, '$.labels') WHERE key = ${quote(name)} AND value = ?)`,
          value,
        ] as const,
    ),
  ]
  const given = conditions.filter((one): one is readonly [string, string | number] => one[1] !== undefined)
  const where = given.length > 0 ? `WHERE ${given.map(([condition]) => condition).join(' AND ')}` : ''
  const statement: SqliteStatement = database.prepare(`SELECT payment FROM payments ${where} ORDER BY seq DESC LIMIT ?`)
  return statement.all(...given.map(([, value]) => value), filter.limit ?? 100).flatMap((row) => decodeRow(row) ?? [])
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function secretOf(database: SqliteDatabase, name: string): Uint8Array {
  database.prepare('INSERT OR IGNORE INTO secrets VALUES (?, ?)').run(name, crypto.getRandomValues(new Uint8Array(32)))
  return Uint8Array.from(
    read(database.prepare('SELECT secret FROM secrets WHERE name = ?').get(name), 'secret') as Uint8Array,
  )
}

function unsupported(): never {
  throw new TypeError('this ledger does not keep it yet')
}

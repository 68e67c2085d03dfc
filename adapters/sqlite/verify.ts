import { read, type SqliteDatabase } from './database.js'
import { auditId } from './journal.js'

/** What each payment that counts adds to each of its counters, worked out anew from what is recorded of it. */
const folded = `
SELECT scopes.value AS scope, json_extract(record, '$.countsUntil') AS counts_until, p.id AS id,
  CAST(json_extract(record, '$.microUsd') AS INTEGER) AS micro_usd,
  json_extract(record, '$.status') IN ('authorized', 'unknown') AS open, json_extract(record, '$.status') = 'unknown' AS unknown
FROM payments p, json_each(p.record, '$.scopes') AS scopes
WHERE json_extract(record, '$.status') NOT IN ('released', 'expired', 'cancelled')`

/** Payments that a counter lacks or has otherwise. */
const wrongEntries = `
SELECT id, scope FROM (${folded}) f WHERE NOT EXISTS (
  SELECT 1 FROM entries e WHERE e.scope = f.scope AND e.counts_until = f.counts_until AND e.id = f.id
    AND e.micro_usd = f.micro_usd AND e.open = f.open AND e.unknown = f.unknown) LIMIT 1`

const surplusEntries = `SELECT (SELECT COUNT(*) FROM entries) <> (SELECT COUNT(*) FROM (${folded})) AS differs`

/** Sums that are not those of their entries. */
const wrongMeters = `
SELECT scope, span FROM meters m WHERE (micro_usd, count, open, unknown) <> (
  SELECT COALESCE(SUM(micro_usd), 0), COUNT(*), COALESCE(SUM(open), 0), COALESCE(SUM(unknown), 0)
  FROM entries e WHERE e.scope = m.scope AND e.open IN (0, 1) AND e.counts_until > m.horizon) LIMIT 1`

/** Payments that do not stand as their newest entries in the journal say, and newest entries of what is no payment. */
const wrongPayments = `
SELECT p.id FROM payments p LEFT JOIN journal j ON j.seq = p.entry AND j.id = p.id
  WHERE j.record IS NOT p.record OR json_extract(p.record, '$.status') <> p.status LIMIT 1`
const lostPayments = `
SELECT id FROM journal j WHERE id <> '${auditId}'
  GROUP BY id HAVING MAX(seq) IS NOT (SELECT p.entry FROM payments p WHERE p.id = j.id) LIMIT 1`

/**
 * Adds up what counts and answers the first sum that is another, in words. It reads numbers only: for a hundred thousand
 * payments that takes less than the check of the file's pages.
 */
export function findWrongSum(database: SqliteDatabase): string | undefined {
  const meter = database.prepare(wrongMeters).get()
  if (meter === undefined || meter === null) return undefined
  return `the sum of ${String(read(meter, 'scope'))} (${String(read(meter, 'span'))}) is not that of its payments`
}

/** Checks every page of the file; answers in words that one is damaged. */
export function findDamage(database: SqliteDatabase): string | undefined {
  const answer = read(database.prepare('PRAGMA quick_check(1)').get(), 'quick_check')
  return answer === 'ok' ? undefined : 'its file is damaged'
}

/** Works out anew, from what is recorded of each payment, what counts where; answers the first difference, in words. */
export function findDifference(database: SqliteDatabase): string | undefined {
  const entry = database.prepare(wrongEntries).get()
  if (entry)
    return `payment ${String(read(entry, 'id'))} does not count as it is recorded in ${String(read(entry, 'scope'))}`
  const { differs } = Object(database.prepare(surplusEntries).get())
  return Number(differs) === 0
    ? (findWrongSum(database) ?? findWrongPayment(database))
    : 'something counts that is no payment'
}

function findWrongPayment(database: SqliteDatabase): string | undefined {
  const wrong = read(database.prepare(wrongPayments).get(), 'id')
  if (wrong !== undefined) return `payment ${String(wrong)} does not stand as the journal says`
  const lost = read(database.prepare(lostPayments).get(), 'id')
  return lost === undefined ? undefined : `payment ${String(lost)} is not where the journal ends`
}

/** Runs queries that all see one and the same commit, and keep no writer waiting. */
export function inSnapshot<value>(database: SqliteDatabase, queries: () => value): value {
  database.exec('BEGIN')
  try {
    return queries()
  } finally {
    database.exec('END')
  }
}

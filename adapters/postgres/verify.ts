import { ConfigurationError } from 'stipend'
import { entriesPerSeal } from 'stipend/ledger'
import { answerOf, type CallFunction } from './call.js'
import { auditId } from './journal.js'
import { open, spent, unknown } from './statuses.js'

/** Compares all that is recorded with what counts, and freezes the ledger where they differ. */
export async function verify(call: CallFunction, schema: string): Promise<void> {
  const difference = answerOf(await call.readAll(differenceQuery(schema)))
  if (difference === null) return
  const now = answerOf(await call.read(`SELECT now AS answer FROM ${schema}.clock`))
  await call.ask('set_freeze', `it is not as it was written: ${String(difference)}`, Number(now))
  throw new ConfigurationError(`Failed to verify the ledger, which is frozen now: ${String(difference)}`)
}

/** Works out anew, from what is recorded of each payment, what counts where; answers the first difference, in words. */
function differenceQuery(schema: string): string {
  return `
WITH folded AS (
  SELECT s.scope, (p.payment->>'countsUntil')::bigint AS counts_until, p.id, (p.payment->>'microUsd')::numeric AS micro_usd,
    (p.payment->>'status' IN ${open})::integer AS open, (p.payment->>'status' IN ${unknown})::integer AS unknown
  FROM ${schema}.payments p, jsonb_array_elements_text(p.payment->'scopes') AS s(scope)
  WHERE p.payment->>'status' IN ${spent}
), entries AS (
  SELECT scope, counts_until, id, micro_usd, open::integer, unknown::integer FROM ${schema}.entries
), sums AS (
  SELECT m.scope, m.span FROM ${schema}.meters m WHERE (m.micro_usd, m.count, m.open, m.unknown) IS DISTINCT FROM (
    SELECT ROW(COALESCE(SUM(e.micro_usd), 0), COUNT(*)::numeric, COALESCE(SUM(e.open), 0)::numeric, COALESCE(SUM(e.unknown), 0)::numeric)
    FROM ${schema}.entries e WHERE e.scope = m.scope AND e.counts_until > m.horizon)
), ${journal(schema)}
SELECT COALESCE(
  (SELECT 'payment ' || id || ' does not count as it is recorded in ' || scope
    FROM (SELECT * FROM folded EXCEPT SELECT * FROM entries) AS missing LIMIT 1),
  (SELECT 'something counts that is no payment, in ' || scope
    FROM (SELECT * FROM entries EXCEPT SELECT * FROM folded) AS surplus LIMIT 1),
  (SELECT 'the sum of ' || scope || ' (' || span || ') is not that of its payments' FROM sums LIMIT 1),
  (SELECT 'payment ' || id || ' does not stand as the journal says' FROM standing_otherwise LIMIT 1),
  (SELECT 'payment ' || id || ' of the journal is missing' FROM lost LIMIT 1),
  (SELECT 'entry ' || place || ' of the journal is missing' FROM chain WHERE seq <> place ORDER BY place LIMIT 1),
  (SELECT 'entry ' || seq || ' of the journal is not as it was written' FROM chain
    WHERE number <> own_place OR previous <> before OR hash <> own_hash ORDER BY seq LIMIT 1),
  (SELECT 'seal ' || number || ' of the journal is not that of its entries' FROM broken_seals ORDER BY number LIMIT 1)
) AS answer`
}

function journal(schema: string): string {
  return `newest AS (
  SELECT DISTINCT ON (id) id, record FROM ${schema}.journal ORDER BY id, number DESC
), standing_otherwise AS (
  SELECT p.id FROM ${schema}.payments p LEFT JOIN newest n ON n.id = p.id
  WHERE n.record IS NULL OR n.record::jsonb <> p.payment
    OR (p.status, p.purchase_key, p.request_digest, p.host, p.created_at) IS DISTINCT FROM (p.payment->>'status',
      p.payment->>'purchaseKey', p.payment->>'requestDigest', p.payment->'resource'->>'host', (p.payment->>'createdAt')::bigint)
), lost AS (
  SELECT n.id FROM newest n LEFT JOIN ${schema}.payments p ON p.id = n.id WHERE p.id IS NULL AND n.id <> '${auditId}'
), chain AS (
  SELECT j.seq, j.number, j.previous, j.hash, row_number() OVER (ORDER BY j.seq) AS place,
    row_number() OVER own AS own_place, COALESCE(lag(j.hash) OVER own, '') AS before,
    ${schema}.entry_hash(j.id, j.number, j.at, j.record, j.previous) AS own_hash
  FROM ${schema}.journal j WINDOW own AS (PARTITION BY j.id ORDER BY j.number)
), broken_seals AS (
  SELECT COALESCE(s.number, n) AS number
  FROM generate_series(1, (SELECT MAX(j.seq) FROM ${schema}.journal j) / ${entriesPerSeal}) AS n
  FULL JOIN (SELECT number, first, last, previous, hash, COALESCE(lag(hash) OVER (ORDER BY number), '') AS before
    FROM ${schema}.seals) AS s ON s.number = n
  WHERE n IS NULL OR s.number IS NULL OR s.previous <> s.before
    OR s.first <> (n - 1) * ${entriesPerSeal} + 1 OR s.last <> n * ${entriesPerSeal}
    OR s.hash <> ${schema}.seal_hash(s.number, s.first, s.last, s.previous)
)`
}

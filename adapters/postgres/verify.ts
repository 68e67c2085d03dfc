/** Works out anew, from what is recorded of each payment, what counts where; answers the first difference, in words. */
export function differenceQuery(schema: string): string {
  return `
WITH folded AS (
  SELECT s.scope, (p.payment->>'countsUntil')::bigint AS counts_until, p.id, (p.payment->>'microUsd')::numeric AS micro_usd,
    (p.payment->>'status' IN ('authorized', 'unknown'))::integer AS open, (p.payment->>'status' = 'unknown')::integer AS unknown
  FROM ${schema}.payments p, jsonb_array_elements_text(p.payment->'scopes') AS s(scope)
  WHERE p.payment->>'status' NOT IN ('released', 'expired', 'cancelled')
), entries AS (
  SELECT scope, counts_until, id, micro_usd, open::integer, unknown::integer FROM ${schema}.entries
), sums AS (
  SELECT m.scope, m.span FROM ${schema}.meters m WHERE (m.micro_usd, m.count, m.open, m.unknown) IS DISTINCT FROM (
    SELECT ROW(COALESCE(SUM(e.micro_usd), 0), COUNT(*)::numeric, COALESCE(SUM(e.open), 0)::numeric, COALESCE(SUM(e.unknown), 0)::numeric)
    FROM ${schema}.entries e WHERE e.scope = m.scope AND e.counts_until > m.horizon)
)
SELECT COALESCE(
  (SELECT 'payment ' || id || ' does not count as it is recorded in ' || scope
    FROM (SELECT * FROM folded EXCEPT SELECT * FROM entries) AS missing LIMIT 1),
  (SELECT 'something counts that is no payment, in ' || scope
    FROM (SELECT * FROM entries EXCEPT SELECT * FROM folded) AS surplus LIMIT 1),
  (SELECT 'the sum of ' || scope || ' (' || span || ') is not that of its payments' FROM sums LIMIT 1)
) AS answer`
}

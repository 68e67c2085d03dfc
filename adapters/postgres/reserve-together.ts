import { open, spent, unknown, unresolved } from './statuses.js'

/** What records payments together, that nothing stands in the way of, by a few statements for all of them. */
export function reserveTogetherFunctions(schema: string): string {
  return `${read(schema)}${areFree(schema)}${areWithin(schema)}${together(schema)}`
}

/** Lookups by an index, for a plan that is kept while tables grow. */
const byIndex = 'SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off'

/** What is asked for, in its order: each payment as it is recorded, with the ledger's time that it brings about. */
function read(schema: string): string {
  return `
CREATE OR REPLACE FUNCTION ${schema}.read_wishes(wanted jsonb, ledger_now bigint) RETURNS ${schema}.wish[] LANGUAGE sql STABLE AS $$
  WITH given AS (
    SELECT e.place, e.one->0 AS pieces, e.one->1 AS sizes, e.one->2 AS limits, e.one->3 AS options,
      ${schema}.record_of(e.one->0, e.one->1)::jsonb AS payment
    FROM jsonb_array_elements(wanted) WITH ORDINALITY AS e(one, place)
  ), timed AS (
    SELECT g.*, (g.payment->>'createdAt')::bigint AS created_at,
      GREATEST(ledger_now, MAX((g.payment->>'createdAt')::bigint) OVER (ORDER BY g.place)) AS now
    FROM given g
  ), moved AS (
    -- As atLedgerTime says it.
    SELECT t.*, CASE WHEN t.now = t.created_at THEN '{}'::jsonb ELSE jsonb_build_object('sentAt', t.now,
      'countsUntil', (t.sizes->>'countsUntil')::bigint + t.now - t.created_at) END AS change
    FROM timed t
  )
  SELECT array_agg(ROW(m.place, m.payment->>'id', m.created_at, m.now, m.payment || m.change,
    ${schema}.record_of(m.pieces, m.sizes || m.change), m.limits, m.options)::${schema}.wish ORDER BY m.place) FROM moved m
$$;
`
}

/** Whether nothing but a limit can stand in the way of any of them, nor one of them in that of another. */
function areFree(schema: string): string {
  return `
CREATE OR REPLACE FUNCTION ${schema}.are_free(wishes ${schema}.wish[], kept ${schema}.clock) RETURNS boolean LANGUAGE sql STABLE ${byIndex} AS $$
  SELECT NOT EXISTS (SELECT 1 FROM ${schema}.freeze)
    AND (SELECT COUNT(*) = COUNT(DISTINCT w.id) AND (COUNT(*) = COUNT(DISTINCT w.payment->>'requestDigest')
      OR COUNT(w.options->>'unresolvedForMs') = 0) FROM unnest(wishes) w)
    AND NOT EXISTS (SELECT 1 FROM unnest(wishes) w
      WHERE ${schema}.apart(w.created_at, w.options->'clock', kept) IS NOT NULL
        OR w.now >= (w.options->>'notAfter')::bigint
        OR w.options->>'approval' IS NOT NULL
        OR jsonb_array_length(COALESCE(w.options->'newPins', '[]')) > 0
        OR EXISTS (SELECT 1 FROM ${schema}.payments p WHERE p.id = w.id AND p.status IN ${spent})
        OR EXISTS (SELECT 1 FROM jsonb_array_elements_text(w.options->'sessions') s(id)
          WHERE EXISTS (SELECT 1 FROM ${schema}.revoked r WHERE r.session = s.id))
        -- What is not remembered yet is compared one by one.
        OR EXISTS (SELECT 1 FROM jsonb_array_elements(w.options->'pins') s(pin) WHERE NOT COALESCE(
          (SELECT ${schema}.agrees(s.pin, r.value) FROM ${schema}.pins r WHERE r.key = s.pin->>'key'), false))
        OR (w.options->>'unresolvedForMs' IS NOT NULL AND EXISTS (SELECT 1 FROM ${schema}.payments p
          WHERE p.request_digest = w.payment->>'requestDigest' AND ${unresolved})))
$$;
`
}

/**
 * Whether all limits hold with all of them recorded: then each holds with those recorded that come before. Windows are moved
 * on as far as the first of them lets them.
 */
function areWithin(schema: string): string {
  return `
CREATE OR REPLACE FUNCTION ${schema}.are_within(wishes ${schema}.wish[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  one record;
  sum_row ${schema}.meters;
  used numeric;
BEGIN
  IF EXISTS (SELECT 1 FROM unnest(wishes) w, jsonb_array_elements(w.limits) AS l(item)
    WHERE l.item->>'span' = 'payment' AND (l.item->>'max')::numeric <
      CASE WHEN l.item->>'measure' = 'microUsd' THEN (w.payment->>'microUsd')::numeric ELSE 1 END) THEN RETURN false; END IF;
  FOR one IN
    WITH wanted AS (
      SELECT l.item->>'scope' AS scope, l.item->>'span' AS span, l.item->>'measure' AS measure,
        MIN((l.item->>'start')::bigint) AS start, MIN((l.item->>'max')::numeric) AS most
      FROM unnest(wishes) w, jsonb_array_elements(w.limits) AS l(item) WHERE l.item->>'span' <> 'payment' GROUP BY 1, 2, 3
    ), totals AS (
      SELECT s.scope, SUM((w.payment->>'microUsd')::numeric) AS micro_usd, COUNT(*) AS count
      FROM unnest(wishes) w, jsonb_array_elements_text(w.payment->'scopes') AS s(scope) GROUP BY 1
    )
    SELECT n.*, CASE WHEN n.measure = 'microUsd' THEN t.micro_usd ELSE t.count END AS asked
    FROM wanted n JOIN totals t ON t.scope = n.scope ORDER BY n.scope, n.span
  LOOP
    sum_row := ${schema}.meter(jsonb_build_object('scope', one.scope, 'span', one.span, 'start', one.start));
    used := ${schema}.measured(sum_row, one.measure);
    IF used + one.asked > one.most THEN RETURN false; END IF;
  END LOOP;
  RETURN true;
END $$;
`
}

function together(schema: string): string {
  return `
-- Records all, or answers false and records none: then each is to be looked at by itself.
CREATE OR REPLACE FUNCTION ${schema}.reserve_together(wanted jsonb) RETURNS boolean LANGUAGE plpgsql ${byIndex} AS $$
DECLARE
  kept ${schema}.clock;
  wishes ${schema}.wish[];
  last_seq bigint;
BEGIN
  SELECT * INTO kept FROM ${schema}.clock;
  wishes := ${schema}.read_wishes(wanted, kept.now);
  IF NOT ${schema}.are_free(wishes, kept) OR NOT ${schema}.are_within(wishes) THEN RETURN false; END IF;
  UPDATE ${schema}.clock c SET now = (SELECT MAX(w.now) FROM unnest(wishes) w);
  INSERT INTO ${schema}.payments (id, status, purchase_key, request_digest, host, created_at, payment)
    SELECT w.id, w.payment->>'status', w.payment->>'purchaseKey', w.payment->>'requestDigest', w.payment->'resource'->>'host',
      w.created_at, w.payment FROM unnest(wishes) w ORDER BY w.place
    ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, status = excluded.status, purchase_key = excluded.purchase_key,
      request_digest = excluded.request_digest, host = excluded.host, created_at = excluded.created_at, payment = excluded.payment;
  last_seq := COALESCE((SELECT j.seq FROM ${schema}.journal j ORDER BY j.seq DESC LIMIT 1), 0);
  INSERT INTO ${schema}.journal (seq, id, number, at, record, previous, hash)
    SELECT last_seq + n.place, n.id, n.number, n.now, n.body, n.previous, ${schema}.entry_hash(n.id, n.number, n.now, n.body, n.previous)
    FROM (
      SELECT w.place, w.id, w.now, w.body, COALESCE(b.number, 0) + 1 AS number, COALESCE(b.hash, '') AS previous
      FROM unnest(wishes) w LEFT JOIN LATERAL (SELECT j.number, j.hash FROM ${schema}.journal j
        WHERE j.id = w.id ORDER BY j.number DESC LIMIT 1) b ON true
    ) n ORDER BY n.place;
  PERFORM ${schema}.seal_up(last_seq, last_seq + cardinality(wishes));
  PERFORM ${schema}.tally_all(wishes);
  RETURN true;
END $$;

-- Adds payments to their counters.
CREATE OR REPLACE FUNCTION ${schema}.tally_all(wishes ${schema}.wish[]) RETURNS void LANGUAGE plpgsql ${byIndex} AS $$
BEGIN
  WITH added AS (
    SELECT s.scope, (w.payment->>'countsUntil')::bigint AS counts_until, w.id, (w.payment->>'microUsd')::numeric AS micro_usd,
      (w.payment->>'status' IN ${open})::integer AS open, (w.payment->>'status' IN ${unknown})::integer AS unknown
    FROM unnest(wishes) w, jsonb_array_elements_text(w.payment->'scopes') AS s(scope)
  ), kept AS (
    INSERT INTO ${schema}.entries (scope, counts_until, id, micro_usd, open, unknown) SELECT * FROM added
  ), sums AS (
    SELECT m.scope, m.span, SUM(a.micro_usd) AS micro_usd, COUNT(*) AS count, SUM(a.open) AS open, SUM(a.unknown) AS unknown
    FROM added a JOIN ${schema}.meters m ON m.scope = a.scope AND m.horizon < a.counts_until GROUP BY 1, 2
  )
  UPDATE ${schema}.meters m SET micro_usd = m.micro_usd + s.micro_usd, count = m.count + s.count,
      open = m.open + s.open, unknown = m.unknown + s.unknown
    FROM sums s WHERE m.scope = s.scope AND m.span = s.span;
END $$;
`
}

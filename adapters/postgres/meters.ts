import { open, unknown } from './statuses.js'

const sums = `COALESCE(SUM(e.micro_usd), 0) AS micro_usd, COUNT(*) AS count,
      COALESCE(SUM(e.open), 0) AS open, COALESCE(SUM(e.unknown), 0) AS unknown`

/** What adds payments up by scope and window, in the database, as payments come and go. */
export function meterFunctions(schema: string): string {
  return `
-- Adds a payment to its counters (sign 1), or takes it away (sign -1).
CREATE OR REPLACE FUNCTION ${schema}.tally(payment jsonb, sign integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  cost numeric := (payment->>'microUsd')::numeric;
  until bigint := (payment->>'countsUntil')::bigint;
  is_unknown integer := (payment->>'status' IN ${unknown})::integer;
  is_open integer := (payment->>'status' IN ${open})::integer;
  scopes text[] := ARRAY(SELECT jsonb_array_elements_text(payment->'scopes'));
BEGIN
  IF sign > 0 THEN
    INSERT INTO ${schema}.entries (scope, counts_until, id, micro_usd, open, unknown)
      SELECT one, until, payment->>'id', cost, is_open, is_unknown FROM unnest(scopes) AS one;
  ELSE
    DELETE FROM ${schema}.entries e WHERE e.scope = ANY(scopes) AND e.counts_until = until AND e.id = payment->>'id';
  END IF;
  UPDATE ${schema}.meters m SET micro_usd = m.micro_usd + sign * cost, count = m.count + sign,
      open = m.open + sign * is_open, unknown = m.unknown + sign * is_unknown
    WHERE m.scope = ANY(scopes) AND m.horizon < until;
END $$;

-- Notes that a payment that counts on stands elsewhere now.
CREATE OR REPLACE FUNCTION ${schema}.move(before jsonb, after jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  until bigint := (after->>'countsUntil')::bigint;
  was_unknown integer := (before->>'status' IN ${unknown})::integer;
  was_open integer := (before->>'status' IN ${open})::integer;
  is_unknown integer := (after->>'status' IN ${unknown})::integer;
  is_open integer := (after->>'status' IN ${open})::integer;
  scopes text[] := ARRAY(SELECT jsonb_array_elements_text(after->'scopes'));
BEGIN
  IF was_open = is_open AND was_unknown = is_unknown THEN RETURN; END IF;
  UPDATE ${schema}.entries e SET open = is_open, unknown = is_unknown
    WHERE e.scope = ANY(scopes) AND e.counts_until = until AND e.id = after->>'id';
  UPDATE ${schema}.meters m SET open = m.open + is_open - was_open, unknown = m.unknown + is_unknown - was_unknown
    WHERE m.scope = ANY(scopes) AND m.horizon < until;
END $$;

-- Answers the sum of a window at its start, which only moves forward, from what is kept of it, if anything is.
CREATE OR REPLACE FUNCTION ${schema}.sum_at(kept ${schema}.meters, wanted jsonb) RETURNS ${schema}.meters LANGUAGE plpgsql STABLE AS $$
DECLARE
  sum_row ${schema}.meters := kept;
  gone record;
  start bigint := (wanted->>'start')::bigint;
BEGIN
  IF kept.scope IS NULL THEN
    SELECT wanted->>'scope', wanted->>'span', start, ${sums} INTO sum_row
      FROM ${schema}.entries e WHERE e.scope = wanted->>'scope' AND e.counts_until > start;
  -- Where nothing has left, the sum is that of the new start as it stands.
  ELSIF start > kept.horizon AND EXISTS (SELECT 1 FROM ${schema}.entries e
      WHERE e.scope = kept.scope AND e.counts_until > kept.horizon AND e.counts_until <= start) THEN
    SELECT ${sums} INTO gone FROM ${schema}.entries e
      WHERE e.scope = kept.scope AND e.counts_until > kept.horizon AND e.counts_until <= start;
    sum_row.horizon := start;
    sum_row.micro_usd := kept.micro_usd - gone.micro_usd;
    sum_row.count := kept.count - gone.count;
    sum_row.open := kept.open - gone.open;
    sum_row.unknown := kept.unknown - gone.unknown;
  END IF;
  RETURN sum_row;
END $$;

-- Likewise, and keeps it.
CREATE OR REPLACE FUNCTION ${schema}.meter(wanted jsonb) RETURNS ${schema}.meters LANGUAGE plpgsql AS $$
DECLARE
  kept ${schema}.meters;
  sum_row ${schema}.meters;
BEGIN
  SELECT * INTO kept FROM ${schema}.meters m WHERE m.scope = wanted->>'scope' AND m.span = wanted->>'span';
  sum_row := ${schema}.sum_at(kept, wanted);
  IF kept.scope IS NULL THEN
    INSERT INTO ${schema}.meters (scope, span, horizon, micro_usd, count, open, unknown)
      SELECT (sum_row).scope, (sum_row).span, (sum_row).horizon, (sum_row).micro_usd, (sum_row).count, (sum_row).open, (sum_row).unknown;
  ELSIF kept.horizon < sum_row.horizon THEN
    UPDATE ${schema}.meters m SET horizon = sum_row.horizon, micro_usd = sum_row.micro_usd, count = sum_row.count,
        open = sum_row.open, unknown = sum_row.unknown
      WHERE m.scope = wanted->>'scope' AND m.span = wanted->>'span';
  END IF;
  RETURN sum_row;
END $$;

CREATE OR REPLACE FUNCTION ${schema}.measured(sum_row ${schema}.meters, measure text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE measure WHEN 'count' THEN sum_row.count WHEN 'open' THEN sum_row.open WHEN 'unknown' THEN sum_row.unknown
    ELSE sum_row.micro_usd END
$$;

-- Walks the entries in the order in which they leave, until enough of them has left; not for ever.
CREATE OR REPLACE FUNCTION ${schema}.leaves(wanted jsonb, horizon bigint, excess numeric) RETURNS bigint LANGUAGE plpgsql STABLE
  -- By the index, and no further than needed.
  SET enable_sort = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  entry record;
  gone numeric := 0;
BEGIN
  IF wanted->>'span' = 'lifetime' THEN RETURN NULL; END IF;
  IF wanted->>'measure' <> 'microUsd' AND excess > 10000 THEN RETURN NULL; END IF;
  IF wanted->>'measure' IN ('open', 'unknown') THEN
    RETURN (SELECT e.counts_until FROM ${schema}.entries e
      WHERE e.scope = wanted->>'scope' AND e.counts_until > horizon AND e.open = 1
        AND (wanted->>'measure' = 'open' OR e.unknown = 1)
      ORDER BY e.counts_until, e.id OFFSET (excess - 1)::bigint LIMIT 1);
  END IF;
  FOR entry IN SELECT e.counts_until, e.micro_usd FROM ${schema}.entries e
      WHERE e.scope = wanted->>'scope' AND e.counts_until > horizon ORDER BY e.counts_until, e.id LIMIT 10000 LOOP
    gone := gone + CASE WHEN wanted->>'measure' = 'count' THEN 1 ELSE entry.micro_usd END;
    IF gone >= excess THEN RETURN entry.counts_until; END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- Answers how a limit stands in the way of a payment, or nothing.
CREATE OR REPLACE FUNCTION ${schema}.exceeded(wanted jsonb, payment jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  sum_row ${schema}.meters;
  most numeric := (wanted->>'max')::numeric;
  asked numeric := CASE WHEN wanted->>'measure' = 'microUsd' THEN (payment->>'microUsd')::numeric ELSE 1 END;
  used numeric := 0;
  leaves bigint;
BEGIN
  IF wanted->>'span' <> 'payment' THEN
    sum_row := ${schema}.meter(wanted);
    used := ${schema}.measured(sum_row, wanted->>'measure');
  END IF;
  IF used + asked <= most THEN RETURN NULL; END IF;
  IF wanted->>'span' <> 'payment' AND asked <= most THEN
    leaves := ${schema}.leaves(wanted, GREATEST(sum_row.horizon, (wanted->>'start')::bigint), used + asked - most);
  END IF;
  RETURN jsonb_build_object('ok', false, 'reason', 'limit', 'index', wanted->'index', 'used', used::text, 'leaves', leaves);
END $$;

-- Answers how much of each limit is used, and what leaves first, or what time it is where that is later than was said or
-- else than what was said; it changes nothing.
CREATE OR REPLACE FUNCTION ${schema}.used(limits jsonb, told bigint, source jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  time_row ${schema}.clock;
  one jsonb;
  kept ${schema}.meters;
  sum_row ${schema}.meters;
  answers jsonb := '[]';
BEGIN
  SELECT * INTO time_row FROM ${schema}.clock;
  IF told < time_row.now OR ${schema}.apart(told, source, time_row) IS NOT NULL THEN RETURN to_jsonb(time_row.now); END IF;
  FOR one IN SELECT * FROM jsonb_array_elements(limits) LOOP
    IF one->>'span' = 'payment' THEN
      answers := answers || jsonb_build_object('used', '0');
      CONTINUE;
    END IF;
    SELECT * INTO kept FROM ${schema}.meters m WHERE m.scope = one->>'scope' AND m.span = one->>'span';
    sum_row := ${schema}.sum_at(kept, one);
    answers := answers || jsonb_build_object(
      'used', ${schema}.measured(sum_row, one->>'measure')::text,
      'leaves', ${schema}.leaves(one, GREATEST(sum_row.horizon, (one->>'start')::bigint), 1));
  END LOOP;
  RETURN answers;
END $$;
`
}

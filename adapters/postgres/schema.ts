/** The version of the tables and functions below. */
export const version = 1

/** Makes a ledger's tables and functions, unless another process has made them while this one waited for its turn. */
export function migration(schema: string): string {
  return `
SELECT pg_advisory_xact_lock(hashtext('stipend migration'), hashtext('${schema}'));
DO $migration$
BEGIN
  IF to_regclass('${schema}.version') IS NULL THEN
    EXECUTE $tables$ ${tables(schema)} ${functions(schema)} $tables$;
  END IF;
END $migration$;`
}

function tables(schema: string): string {
  return `
CREATE SCHEMA IF NOT EXISTS ${schema};
CREATE TABLE ${schema}.version (version integer PRIMARY KEY);
CREATE TABLE ${schema}.payments (
  seq bigserial PRIMARY KEY,
  id text NOT NULL UNIQUE,
  status text NOT NULL,
  purchase_key text NOT NULL,
  request_digest text NOT NULL,
  host text NOT NULL,
  created_at bigint NOT NULL,
  payment jsonb NOT NULL
);
CREATE INDEX payments_by_request ON ${schema}.payments (request_digest);
CREATE INDEX payments_by_purchase ON ${schema}.payments (purchase_key);
CREATE INDEX payments_by_status ON ${schema}.payments (status);
CREATE TABLE ${schema}.entries (
  scope text NOT NULL,
  counts_until bigint NOT NULL,
  id text NOT NULL,
  micro_usd numeric NOT NULL,
  PRIMARY KEY (scope, counts_until, id)
);
CREATE TABLE ${schema}.meters (
  scope text NOT NULL,
  span text NOT NULL,
  horizon bigint NOT NULL,
  micro_usd numeric NOT NULL CHECK (micro_usd >= 0),
  count numeric NOT NULL CHECK (count >= 0),
  PRIMARY KEY (scope, span)
);
CREATE TABLE ${schema}.secrets (name text PRIMARY KEY, secret text NOT NULL);
CREATE TABLE ${schema}.approvals (
  seq bigserial PRIMARY KEY,
  id text NOT NULL UNIQUE,
  expires_at bigint NOT NULL,
  approval jsonb NOT NULL
);
CREATE TABLE ${schema}.freeze (id integer PRIMARY KEY CHECK (id = 1), reason text NOT NULL, at bigint NOT NULL);
CREATE TABLE ${schema}.clock (id integer PRIMARY KEY CHECK (id = 1), now bigint NOT NULL);
INSERT INTO ${schema}.clock VALUES (1, 0);
INSERT INTO ${schema}.version VALUES (${version});`
}

function functions(schema: string): string {
  return `
-- Adds a payment to its counters (sign 1), or takes it away (sign -1).
CREATE FUNCTION ${schema}.tally(payment jsonb, sign integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  cost numeric := (payment->>'microUsd')::numeric;
  until bigint := (payment->>'countsUntil')::bigint;
  scopes text[] := ARRAY(SELECT jsonb_array_elements_text(payment->'scopes'));
BEGIN
  IF sign > 0 THEN
    INSERT INTO ${schema}.entries SELECT one, until, payment->>'id', cost FROM unnest(scopes) AS one;
  ELSE
    DELETE FROM ${schema}.entries e WHERE e.scope = ANY(scopes) AND e.counts_until = until AND e.id = payment->>'id';
  END IF;
  UPDATE ${schema}.meters m SET micro_usd = m.micro_usd + sign * cost, count = m.count + sign
    WHERE m.scope = ANY(scopes) AND m.horizon < until;
END $$;

-- Brings the sum of a window up to its start, which only moves forward, and answers it.
CREATE FUNCTION ${schema}.meter(wanted jsonb) RETURNS ${schema}.meters LANGUAGE plpgsql AS $$
DECLARE
  found_row ${schema}.meters;
  start bigint := (wanted->>'start')::bigint;
BEGIN
  SELECT * INTO found_row FROM ${schema}.meters m WHERE m.scope = wanted->>'scope' AND m.span = wanted->>'span' FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO ${schema}.meters
      SELECT wanted->>'scope', wanted->>'span', start, COALESCE(SUM(e.micro_usd), 0), COUNT(*)
      FROM ${schema}.entries e WHERE e.scope = wanted->>'scope' AND e.counts_until > start
      RETURNING * INTO found_row;
  ELSIF start > found_row.horizon THEN
    UPDATE ${schema}.meters m SET horizon = start, micro_usd = m.micro_usd - gone.micro_usd, count = m.count - gone.count
      FROM (SELECT COALESCE(SUM(e.micro_usd), 0) AS micro_usd, COUNT(*) AS count FROM ${schema}.entries e
            WHERE e.scope = wanted->>'scope' AND e.counts_until > found_row.horizon AND e.counts_until <= start) gone
      WHERE m.scope = wanted->>'scope' AND m.span = wanted->>'span'
      RETURNING m.* INTO found_row;
  END IF;
  RETURN found_row;
END $$;

-- Checks every limit and records the payment, or says which limit or which payment is in the way.
CREATE FUNCTION ${schema}.reserve(wanted jsonb, limits jsonb, options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  live jsonb;
  found_id text;
  one jsonb;
  sum_row ${schema}.meters;
  asked numeric;
  used numeric;
  leaves bigint;
  approved jsonb;
  now bigint;
BEGIN
  -- Whatever the server's default: what is answered is on disk.
  PERFORM set_config('synchronous_commit', 'on', true);
  PERFORM pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('${schema}'));
  -- The ledger's time never goes back, and what is spent counts by it.
  UPDATE ${schema}.clock c SET now = GREATEST(c.now, (wanted->>'createdAt')::bigint) RETURNING c.now INTO now;
  IF EXISTS (SELECT 1 FROM ${schema}.freeze) THEN
    RETURN (SELECT jsonb_build_object('ok', false, 'reason', 'frozen', 'freeze', jsonb_build_object('reason', f.reason, 'at', f.at))
            FROM ${schema}.freeze f);
  END IF;
  SELECT p.payment INTO live FROM ${schema}.payments p
    WHERE p.id = wanted->>'id' AND p.status NOT IN ('released', 'expired', 'cancelled');
  IF live IS NOT NULL AND NOT ((options->>'renew')::boolean AND live->>'status' IN ('authorized', 'unknown')
     AND (wanted->'terms'->>'validBefore')::bigint >= (live->'terms'->>'validBefore')::bigint) THEN
    found_id := wanted->>'id';
  ELSIF live IS NULL AND (options->>'sameRequest')::boolean THEN
    SELECT p.id INTO found_id FROM ${schema}.payments p
      WHERE p.request_digest = wanted->>'requestDigest' AND p.status = 'unknown'
        AND (p.payment->'terms'->>'validBefore')::bigint * 1000 - 10000 > now
      ORDER BY p.seq DESC LIMIT 1;
  END IF;
  IF found_id IS NOT NULL THEN
    UPDATE ${schema}.payments p
      SET payment = jsonb_set(p.payment, '{presentations}', to_jsonb((p.payment->>'presentations')::integer + 1))
      WHERE p.id = found_id RETURNING p.payment INTO live;
    RETURN jsonb_build_object('ok', false, 'reason', 'exists', 'payment', live);
  END IF;
  IF options->>'approval' IS NOT NULL THEN
    SELECT a.approval INTO approved FROM ${schema}.approvals a WHERE a.id = options->>'approval';
    IF approved IS NULL OR (approved->>'expiresAt')::bigint <= now OR NOT (approved->>'status' = 'approved' OR
       (approved->>'kind' = 'delay' AND approved->>'status' = 'pending' AND (approved->>'executableAt')::bigint <= now)) THEN
      RETURN jsonb_build_object('ok', false, 'reason', 'approval', 'approval', approved);
    END IF;
  END IF;
  IF live IS NOT NULL THEN PERFORM ${schema}.tally(live, -1); END IF;
  FOR one IN SELECT * FROM jsonb_array_elements(limits) LOOP
    asked := CASE WHEN one->>'measure' = 'count' THEN 1 ELSE (wanted->>'microUsd')::numeric END;
    leaves := NULL;
    IF one->>'span' = 'payment' THEN
      used := 0;
    ELSE
      sum_row := ${schema}.meter(one);
      used := CASE WHEN one->>'measure' = 'count' THEN sum_row.count ELSE sum_row.micro_usd END;
    END IF;
    CONTINUE WHEN used + asked <= (one->>'max')::numeric;
    IF one->>'span' <> 'payment' AND asked <= (one->>'max')::numeric THEN
      SELECT t.counts_until INTO leaves FROM (
        SELECT e.counts_until, SUM(CASE WHEN one->>'measure' = 'count' THEN 1 ELSE e.micro_usd END)
          OVER (ORDER BY e.counts_until, e.id) AS gone
        FROM ${schema}.entries e WHERE e.scope = one->>'scope' AND e.counts_until > sum_row.horizon) t
        WHERE t.gone >= used + asked - (one->>'max')::numeric ORDER BY t.counts_until LIMIT 1;
    END IF;
    IF live IS NOT NULL THEN PERFORM ${schema}.tally(live, 1); END IF;
    RETURN jsonb_build_object('ok', false, 'reason', 'limit', 'index', one->'index', 'used', used::text, 'leaves', leaves);
  END LOOP;
  wanted := jsonb_set(wanted, '{countsUntil}', to_jsonb((wanted->>'countsUntil')::bigint + now - (wanted->>'createdAt')::bigint));
  INSERT INTO ${schema}.payments (id, status, purchase_key, request_digest, host, created_at, payment)
    VALUES (wanted->>'id', wanted->>'status', wanted->>'purchaseKey', wanted->>'requestDigest', wanted->'resource'->>'host',
            (wanted->>'createdAt')::bigint, wanted)
    ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, status = excluded.status, request_digest = excluded.request_digest,
      created_at = excluded.created_at, payment = excluded.payment;
  PERFORM ${schema}.tally(wanted, 1);
  UPDATE ${schema}.approvals a SET approval = jsonb_set(a.approval, '{status}', '"used"') WHERE a.id = options->>'approval';
  RETURN jsonb_build_object('ok', true);
END $$;

-- Replaces a payment that is still as it was read, and takes it from its counters when it counts no more.
CREATE FUNCTION ${schema}.replace(before jsonb, after jsonb, is_over boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'on', true);
  PERFORM pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('${schema}'));
  UPDATE ${schema}.payments p SET status = after->>'status', payment = after WHERE p.id = before->>'id' AND p.payment = before;
  IF NOT FOUND THEN RETURN false; END IF;
  IF is_over THEN PERFORM ${schema}.tally(before, -1); END IF;
  RETURN true;
END $$;

-- Keeps a request for approval, or answers the one that stands.
CREATE FUNCTION ${schema}.request_approval(wanted jsonb, most integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  standing jsonb;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('${schema}'));
  SELECT a.approval INTO standing FROM ${schema}.approvals a
    WHERE a.id = wanted->>'id' AND a.approval->>'status' <> 'used' AND a.expires_at > (wanted->>'requestedAt')::bigint;
  IF FOUND THEN RETURN standing; END IF;
  DELETE FROM ${schema}.approvals a WHERE a.expires_at <= (wanted->>'requestedAt')::bigint OR a.id = wanted->>'id';
  INSERT INTO ${schema}.approvals (id, expires_at, approval) VALUES (wanted->>'id', (wanted->>'expiresAt')::bigint, wanted);
  DELETE FROM ${schema}.approvals a WHERE a.seq <= (SELECT MAX(b.seq) FROM ${schema}.approvals b) - most;
  RETURN wanted;
END $$;

-- Decides on a request; a denial is final.
CREATE FUNCTION ${schema}.decide_approval(wanted text, decision text, now bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  decided jsonb;
BEGIN
  PERFORM set_config('synchronous_commit', 'on', true);
  PERFORM pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('${schema}'));
  UPDATE ${schema}.approvals a SET approval = jsonb_set(a.approval, '{status}', to_jsonb(decision))
    WHERE a.id = wanted AND a.expires_at > now
      AND (a.approval->>'status' = 'pending' OR (a.approval->>'status' = 'approved' AND decision = 'denied'))
    RETURNING a.approval INTO decided;
  RETURN decided;
END $$;

-- Answers how much of each limit is used, and what leaves first.
CREATE FUNCTION ${schema}.usage(limits jsonb, at_time bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  sum_row ${schema}.meters;
  answers jsonb := '[]';
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('${schema}'));
  UPDATE ${schema}.clock c SET now = GREATEST(c.now, at_time);
  FOR one IN SELECT * FROM jsonb_array_elements(limits) LOOP
    IF one->>'span' = 'payment' THEN
      answers := answers || jsonb_build_object('used', '0');
      CONTINUE;
    END IF;
    sum_row := ${schema}.meter(one);
    answers := answers || jsonb_build_object(
      'used', (CASE WHEN one->>'measure' = 'count' THEN sum_row.count ELSE sum_row.micro_usd END)::text,
      'leaves', (SELECT MIN(e.counts_until) FROM ${schema}.entries e WHERE e.scope = one->>'scope' AND e.counts_until > sum_row.horizon));
  END LOOP;
  RETURN answers;
END $$;`
}

import { approvalFunctions } from './approvals.js'
import { meterFunctions } from './meters.js'

/** Names the locks of a ledger by its schema, without the quotes that let the schema be called like a keyword. */
export function lockName(schema: string): string {
  return schema.replaceAll('"', '')
}

/** How long a change of a ledger waits for those before it. */
export const lockTimeoutMs = 4000

/** How long a change of a ledger can take once it has its turn. */
const transactionTimeoutMs = 30_000

/** The functions of a ledger: each is one transaction, and answers in one round trip. */
export function functions(schema: string): string {
  return `${base(schema)}${meterFunctions(schema)}${approvalFunctions(schema)}${reserve(schema)}${changes(schema)}`
}

function base(schema: string): string {
  return `
-- Begins what changes the ledger: one at a time, and on disk when it is answered, whatever the server's default.
CREATE OR REPLACE FUNCTION ${schema}.enter() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- Under another isolation a statement that waited for its turn would go by what was there before.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'a ledger is changed under read committed' USING ERRCODE = '25004';
  END IF;
  PERFORM set_config('synchronous_commit', 'on', true);
  -- A client that has gone silent keeps the lock no longer than this, and who waits for it is told.
  PERFORM set_config('lock_timeout', '${lockTimeoutMs}', true);
  PERFORM set_config('idle_in_transaction_session_timeout', '${lockTimeoutMs}', true);
  IF version() LIKE '%linux%' THEN PERFORM set_config('tcp_user_timeout', '${lockTimeoutMs}', true); END IF;
  IF current_setting('server_version_num')::integer >= 170000 THEN
    PERFORM set_config('transaction_timeout', '${transactionTimeoutMs}', true);
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('${lockName(schema)}'));
END $$;

-- Moves the ledger's time on, never back, and answers it: what is spent counts by it.
CREATE OR REPLACE FUNCTION ${schema}.tick(at_time bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  ledger_now bigint;
BEGIN
  UPDATE ${schema}.clock c SET now = GREATEST(c.now, at_time) RETURNING c.now INTO ledger_now;
  RETURN ledger_now;
END $$;

-- Tells whether what a payment says agrees with what is remembered.
CREATE OR REPLACE FUNCTION ${schema}.agrees(pin jsonb, remembered text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN pin->>'maxRisePercent' IS NULL THEN pin->>'value' = remembered
    WHEN pin->>'value' ~ '^[0-9]+$' AND remembered ~ '^[0-9]+$' AND pin->>'maxRisePercent' ~ '^[0-9]+$'
      THEN (pin->>'value')::numeric * 100 <= remembered::numeric * (100 + (pin->>'maxRisePercent')::numeric)
    ELSE false
  END
$$;
`
}

function reserve(schema: string): string {
  return `
-- Checks everything and records the payment, or says what is in the way.
CREATE OR REPLACE FUNCTION ${schema}.reserve(wanted jsonb, limits jsonb, options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  live jsonb;
  found_id text;
  one jsonb;
  refusal jsonb;
  now bigint;
BEGIN
  PERFORM ${schema}.enter();
  now := ${schema}.tick((wanted->>'createdAt')::bigint);
  refusal := ${schema}.halted(options);
  IF refusal IS NOT NULL THEN RETURN refusal; END IF;
  IF now >= (options->>'notAfter')::bigint THEN RETURN jsonb_build_object('ok', false, 'reason', 'late'); END IF;
  SELECT p.payment INTO live FROM ${schema}.payments p
    WHERE p.id = wanted->>'id' AND p.status NOT IN ('released', 'expired', 'cancelled');
  IF live IS NOT NULL THEN
    IF NOT (COALESCE((options->>'renew')::boolean, false) AND live->>'status' IN ('authorized', 'unknown')
            AND (wanted->'terms'->>'validBefore')::bigint >= (live->'terms'->>'validBefore')::bigint) THEN
      found_id := wanted->>'id';
    END IF;
  ELSIF options->>'unresolvedForMs' IS NOT NULL THEN
    -- As bindsTwin says it.
    SELECT p.id INTO found_id FROM ${schema}.payments p
      WHERE p.request_digest = wanted->>'requestDigest'
        AND (p.status IN ('authorized', 'unknown') OR (p.status = 'confirmed' AND (p.payment->>'undelivered')::boolean))
        AND now < GREATEST((p.payment->>'countsUntil')::bigint, (options->>'unresolvedForMs')::bigint
          + COALESCE((p.payment->>'sentAt')::bigint, (p.payment->>'createdAt')::bigint))
      ORDER BY p.seq DESC LIMIT 1;
  END IF;
  IF found_id IS NOT NULL THEN
    UPDATE ${schema}.payments p
      SET payment = p.payment
        || jsonb_build_object('presentations', (p.payment->>'presentations')::integer + 1, 'sentAt', now)
      WHERE p.id = found_id RETURNING p.payment INTO live;
    RETURN jsonb_build_object('ok', false, 'reason', 'exists', 'payment', live);
  END IF;
  refusal := ${schema}.difference(options);
  IF refusal IS NOT NULL THEN RETURN refusal; END IF;
  IF live IS NOT NULL THEN PERFORM ${schema}.tally(live, -1); END IF;
  FOR one IN SELECT * FROM jsonb_array_elements(limits) LOOP
    refusal := ${schema}.exceeded(one, wanted);
    CONTINUE WHEN refusal IS NULL;
    IF live IS NOT NULL THEN PERFORM ${schema}.tally(live, 1); END IF;
    RETURN refusal;
  END LOOP;
  refusal := ${schema}.unapproved(options, now);
  IF refusal IS NOT NULL THEN
    IF live IS NOT NULL THEN PERFORM ${schema}.tally(live, 1); END IF;
    RETURN refusal;
  END IF;
  PERFORM ${schema}.use_up(options);
  IF now > (wanted->>'createdAt')::bigint THEN
    -- As atLedgerTime says it.
    wanted := wanted || jsonb_build_object('sentAt', now,
      'countsUntil', (wanted->>'countsUntil')::bigint + now - (wanted->>'createdAt')::bigint);
  END IF;
  INSERT INTO ${schema}.payments (id, status, purchase_key, request_digest, host, created_at, payment)
    VALUES (wanted->>'id', wanted->>'status', wanted->>'purchaseKey', wanted->>'requestDigest', wanted->'resource'->>'host',
            (wanted->>'createdAt')::bigint, wanted)
    ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, status = excluded.status, request_digest = excluded.request_digest,
      created_at = excluded.created_at, payment = excluded.payment;
  PERFORM ${schema}.tally(wanted, 1);
  RETURN jsonb_build_object('ok', true);
END $$;

-- Does so for several, one after the other; what one of them changes, the next one meets.
CREATE OR REPLACE FUNCTION ${schema}.reserve_all(wanted jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  answers jsonb := '[]';
BEGIN
  FOR one IN SELECT * FROM jsonb_array_elements(wanted) LOOP
    answers := answers || jsonb_build_array(${schema}.reserve(one->0, one->1, one->2));
  END LOOP;
  RETURN answers;
END $$;

-- Answers the freeze, or the first session that is revoked.
CREATE OR REPLACE FUNCTION ${schema}.halted(options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  answer jsonb;
BEGIN
  SELECT jsonb_build_object('ok', false, 'reason', 'frozen', 'freeze', jsonb_build_object('reason', f.reason, 'at', f.at))
    INTO answer FROM ${schema}.freeze f;
  IF answer IS NOT NULL OR options->'sessions' IS NULL THEN RETURN answer; END IF;
  SELECT jsonb_build_object('ok', false, 'reason', 'revoked', 'session', s.id) INTO answer
    FROM jsonb_array_elements_text(options->'sessions') WITH ORDINALITY AS s(id, place)
    WHERE EXISTS (SELECT 1 FROM ${schema}.revoked r WHERE r.session = s.id) ORDER BY s.place LIMIT 1;
  RETURN answer;
END $$;

-- Answers the first pin that the payment does not agree with.
CREATE OR REPLACE FUNCTION ${schema}.difference(options jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  answer jsonb;
BEGIN
  IF options->'pins' IS NULL THEN RETURN NULL; END IF;
  SELECT jsonb_build_object('ok', false, 'reason', 'pin', 'index', s.place - 1, 'remembered', p.value) INTO answer
    FROM jsonb_array_elements(options->'pins') WITH ORDINALITY AS s(pin, place)
    JOIN ${schema}.pins p ON p.key = s.pin->>'key'
    WHERE NOT ${schema}.agrees(s.pin, p.value) ORDER BY s.place LIMIT 1;
  RETURN answer;
END $$;

-- Answers an approval that does not let the payment through; asked for last, where no limit and no pin forbids it.
CREATE OR REPLACE FUNCTION ${schema}.unapproved(options jsonb, now bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  approved jsonb;
BEGIN
  IF options->>'approval' IS NULL THEN RETURN NULL; END IF;
  SELECT a.approval INTO approved FROM ${schema}.approvals a WHERE a.id = options->>'approval';
  IF approved IS NULL OR (approved->>'expiresAt')::bigint <= now OR NOT (approved->>'status' = 'approved' OR
     (approved->>'kind' = 'delay' AND approved->>'status' = 'pending'
      AND COALESCE((approved->>'executableAt')::bigint <= now, false))) THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'approval', 'approval', approved);
  END IF;
  RETURN NULL;
END $$;

-- Uses the approval up, and remembers pins where nothing is yet, and new ones whatever was before.
CREATE OR REPLACE FUNCTION ${schema}.use_up(options jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
BEGIN
  IF options->>'approval' IS NOT NULL THEN
    UPDATE ${schema}.approvals a SET approval = jsonb_set(a.approval, '{status}', '"used"') WHERE a.id = options->>'approval';
  END IF;
  IF options->'pins' IS NOT NULL THEN
    INSERT INTO ${schema}.pins SELECT p.pin->>'key', p.pin->>'value' FROM jsonb_array_elements(options->'pins') AS p(pin)
      ON CONFLICT DO NOTHING;
  END IF;
  FOR one IN SELECT * FROM jsonb_array_elements(options->'newPins') LOOP
    INSERT INTO ${schema}.pins VALUES (one->>'key', one->>'value') ON CONFLICT (key) DO UPDATE SET value = excluded.value;
  END LOOP;
END $$;
`
}

function changes(schema: string): string {
  return `
-- Replaces a payment that is still as it was read, and brings its counters in step.
CREATE OR REPLACE FUNCTION ${schema}.replace(before jsonb, after jsonb, is_over boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ${schema}.enter();
  UPDATE ${schema}.payments p SET status = after->>'status', payment = after WHERE p.id = before->>'id' AND p.payment = before;
  IF NOT FOUND THEN RETURN false; END IF;
  IF is_over THEN PERFORM ${schema}.tally(before, -1);
  ELSIF before->>'status' <> after->>'status' THEN PERFORM ${schema}.move(before, after); END IF;
  RETURN true;
END $$;

-- Lets no payment be recorded; without a reason, lets them again.
CREATE OR REPLACE FUNCTION ${schema}.set_freeze(why text, since bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ${schema}.enter();
  DELETE FROM ${schema}.freeze;
  IF why IS NOT NULL THEN INSERT INTO ${schema}.freeze VALUES (1, why, since); END IF;
END $$;

CREATE OR REPLACE FUNCTION ${schema}.revoke_session(id text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ${schema}.enter();
  INSERT INTO ${schema}.revoked VALUES (id) ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION ${schema}.remember(wanted text, kept text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ${schema}.enter();
  INSERT INTO ${schema}.notes VALUES (wanted, kept) ON CONFLICT (name) DO UPDATE SET text = excluded.text;
END $$;

-- Keeps a secret unless there is one, and answers the one that is kept.
CREATE OR REPLACE FUNCTION ${schema}.keep_secret(wanted text, fresh text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ${schema}.enter();
  INSERT INTO ${schema}.secrets VALUES (wanted, fresh) ON CONFLICT DO NOTHING;
  RETURN (SELECT s.secret FROM ${schema}.secrets s WHERE s.name = wanted);
END $$;
`
}

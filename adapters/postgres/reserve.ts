import { existingFunctions } from './existing.js'
import { spent } from './statuses.js'

/** What records payments, or says what is in the way. */
export function reserveFunctions(schema: string): string {
  return `${reserveAll(schema)}${reserveOne(schema)}${existingFunctions(schema)}${halted(schema)}${difference(schema)}${unapproved(schema)}${useUp(schema)}`
}

function reserveAll(schema: string): string {
  return `
-- Reserves several together; where something stands in the way of any, one after the other: what one of them changes, the
-- next one meets.
CREATE OR REPLACE FUNCTION ${schema}.reserve_all(wanted jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  answers jsonb[] := '{}';
BEGIN
  PERFORM ${schema}.enter();
  IF jsonb_array_length(wanted) > 1 AND ${schema}.reserve_together(wanted) THEN
    RETURN (SELECT jsonb_agg('{"ok": true}'::jsonb) FROM jsonb_array_elements(wanted));
  END IF;
  FOR place IN 0 .. jsonb_array_length(wanted) - 1 LOOP
    one := wanted->place;
    answers := answers || ${schema}.reserve_one(one->0, one->1, one->2, one->3);
  END LOOP;
  RETURN to_jsonb(answers);
END $$;
`
}

function reserveOne(schema: string): string {
  return `
-- Checks everything and records the payment, or says what is in the way.
CREATE OR REPLACE FUNCTION ${schema}.reserve_one(pieces jsonb, sizes jsonb, limits jsonb, options jsonb)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  body text := ${schema}.record_of(pieces, sizes);
  wanted jsonb := body;
  created_at bigint := (wanted->>'createdAt')::bigint;
  heard record := ${schema}.hear(created_at, options->'clock');
  live jsonb;
  refusal jsonb;
  now bigint := heard.ledger_now;
BEGIN
  IF heard.ahead IS NOT NULL THEN
    RETURN jsonb_build_object('ok', false, 'reason', 'clock', 'aheadMs', heard.ahead);
  END IF;
  refusal := ${schema}.halted(options);
  IF refusal IS NOT NULL THEN RETURN refusal; END IF;
  IF now >= (options->>'notAfter')::bigint THEN RETURN jsonb_build_object('ok', false, 'reason', 'late'); END IF;
  SELECT p.payment INTO live FROM ${schema}.payments p WHERE p.id = wanted->>'id' AND p.status IN ${spent};
  refusal := COALESCE(${schema}.existing(wanted, live, options, now), ${schema}.difference(options));
  IF refusal IS NOT NULL THEN RETURN refusal; END IF;
  IF live IS NOT NULL THEN
    PERFORM ${schema}.tally(live, -1);
    -- As renewPayment says it.
    sizes := sizes || jsonb_build_object('presentations',
      GREATEST((sizes->>'presentations')::integer, (live->>'presentations')::integer));
    body := ${schema}.record_of(pieces, sizes);
    wanted := body;
  END IF;
  FOR place IN 0 .. jsonb_array_length(limits) - 1 LOOP
    refusal := ${schema}.exceeded(limits->place, wanted);
    EXIT WHEN refusal IS NOT NULL;
  END LOOP;
  refusal := COALESCE(refusal, ${schema}.unapproved(options, now));
  IF refusal IS NOT NULL THEN
    IF live IS NOT NULL THEN PERFORM ${schema}.tally(live, 1); END IF;
    RETURN refusal;
  END IF;
  IF options ?| ARRAY['approval', 'pins', 'newPins'] THEN PERFORM ${schema}.use_up(options); END IF;
  IF now > created_at THEN
    -- As atLedgerTime says it.
    sizes := sizes || jsonb_build_object('sentAt', now, 'countsUntil', (sizes->>'countsUntil')::bigint + now - created_at);
    body := ${schema}.record_of(pieces, sizes);
    wanted := body;
  END IF;
  INSERT INTO ${schema}.payments (id, status, purchase_key, request_digest, host, created_at, payment)
    VALUES (wanted->>'id', wanted->>'status', wanted->>'purchaseKey', wanted->>'requestDigest', wanted->'resource'->>'host',
            created_at, wanted)
    ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, status = excluded.status, purchase_key = excluded.purchase_key,
      request_digest = excluded.request_digest, host = excluded.host, created_at = excluded.created_at, payment = excluded.payment;
  PERFORM ${schema}.append(wanted->>'id', body, now);
  PERFORM ${schema}.tally(wanted, 1);
  RETURN jsonb_build_object('ok', true);
END $$;
`
}

function halted(schema: string): string {
  return `
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
`
}

function difference(schema: string): string {
  return `
-- Tells whether what a payment says agrees with what is remembered.
CREATE OR REPLACE FUNCTION ${schema}.agrees(pin jsonb, remembered text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN pin->>'maxRisePercent' IS NULL THEN pin->>'value' = remembered
    WHEN pin->>'value' ~ '^[0-9]+$' AND remembered ~ '^[0-9]+$' AND pin->>'maxRisePercent' ~ '^[0-9]+$'
      THEN (pin->>'value')::numeric * 100 <= remembered::numeric * (100 + (pin->>'maxRisePercent')::numeric)
    ELSE false
  END
$$;

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
`
}

function unapproved(schema: string): string {
  return `
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
`
}

function useUp(schema: string): string {
  return `
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

import { spent } from './statuses.js'

/** What changes a payment that is recorded, and what is kept beside payments. */
export function changeFunctions(schema: string): string {
  return `
-- Replaces a payment that is still as it was read, and brings its counters in step.
CREATE OR REPLACE FUNCTION ${schema}.replace(before jsonb, body text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  after jsonb := body;
BEGIN
  PERFORM ${schema}.enter();
  UPDATE ${schema}.payments p SET status = after->>'status', payment = after WHERE p.id = before->>'id' AND p.payment = before;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM ${schema}.append(after->>'id', body, (SELECT c.now FROM ${schema}.clock c));
  IF before->>'status' IN ${spent} AND after->>'status' NOT IN ${spent} THEN PERFORM ${schema}.tally(before, -1);
  ELSIF before->>'microUsd' <> after->>'microUsd' THEN
    PERFORM ${schema}.tally(before, -1);
    PERFORM ${schema}.tally(after, 1);
  ELSIF before->>'status' <> after->>'status' THEN PERFORM ${schema}.move(before, after); END IF;
  RETURN true;
END $$;

-- Lets no payment be recorded; without a reason, lets them again.
CREATE OR REPLACE FUNCTION ${schema}.set_freeze(why text, since bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before text;
BEGIN
  PERFORM ${schema}.enter();
  DELETE FROM ${schema}.freeze f RETURNING f.reason INTO before;
  IF why IS NOT NULL THEN INSERT INTO ${schema}.freeze VALUES (1, why, since); END IF;
  IF COALESCE(why, before) IS NOT NULL THEN
    PERFORM ${schema}.note(jsonb_build_object(
      'type', CASE WHEN why IS NULL THEN 'unfrozen' ELSE 'frozen' END, 'reason', COALESCE(why, before)));
  END IF;
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

/** What keeps requests for approval in the database. */
export function approvalFunctions(schema: string): string {
  return `
-- Keeps a request for approval, or answers the one that stands.
CREATE OR REPLACE FUNCTION ${schema}.ask_approval(wanted jsonb, most integer, source jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  standing jsonb;
  now bigint;
  behind bigint;
  heard record;
BEGIN
  PERFORM ${schema}.enter();
  heard := ${schema}.hear((wanted->>'requestedAt')::bigint, source);
  IF heard.ahead IS NOT NULL THEN RETURN jsonb_build_object('aheadMs', heard.ahead); END IF;
  now := heard.ledger_now;
  SELECT a.approval INTO standing FROM ${schema}.approvals a
    WHERE a.id = wanted->>'id' AND a.approval->>'status' <> 'used' AND a.expires_at > now;
  IF FOUND THEN RETURN standing; END IF;
  DELETE FROM ${schema}.approvals a WHERE a.expires_at <= now OR a.id = wanted->>'id';
  -- As approvalAtLedgerTime says it.
  behind := now - (wanted->>'requestedAt')::bigint;
  wanted := jsonb_set(wanted, '{expiresAt}', to_jsonb((wanted->>'expiresAt')::bigint + behind));
  IF wanted->'executableAt' IS NOT NULL THEN
    wanted := jsonb_set(wanted, '{executableAt}', to_jsonb((wanted->>'executableAt')::bigint + behind));
  END IF;
  INSERT INTO ${schema}.approvals (id, expires_at, approval) VALUES (wanted->>'id', (wanted->>'expiresAt')::bigint, wanted);
  DELETE FROM ${schema}.approvals a WHERE a.seq <= (SELECT MAX(b.seq) FROM ${schema}.approvals b) - most;
  RETURN wanted;
END $$;

-- Decides on a request; a denial is final.
CREATE OR REPLACE FUNCTION ${schema}.decide(wanted text, decision text, told bigint, source jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  decided jsonb;
  heard record;
BEGIN
  PERFORM ${schema}.enter();
  heard := ${schema}.hear(told, source);
  -- Whatever the time, a no is taken.
  IF heard.ahead IS NOT NULL AND decision <> 'denied' THEN RETURN jsonb_build_object('aheadMs', heard.ahead); END IF;
  UPDATE ${schema}.approvals a SET approval = jsonb_set(a.approval, '{status}', to_jsonb(decision))
    WHERE a.id = wanted AND a.expires_at > heard.ledger_now
      AND (a.approval->>'status' = 'pending' OR (a.approval->>'status' = 'approved' AND decision = 'denied'))
    RETURNING a.approval INTO decided;
  RETURN decided;
END $$;
`
}

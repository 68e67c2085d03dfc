import { maxClockGapMs } from 'stipend/ledger'

/** What keeps a ledger's time: `source` is JSON null for the database's clock, a number in its place, or false for none. */
export function timeFunctions(schema: string): string {
  return `
-- Answers what time it is by a clock that no client can set.
CREATE OR REPLACE FUNCTION ${schema}.own_time(source jsonb) RETURNS bigint LANGUAGE sql AS $$
  SELECT CASE jsonb_typeof(source) WHEN 'boolean' THEN NULL WHEN 'number' THEN source::bigint
    ELSE floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint END
$$;

-- Answers by how many milliseconds a client's clock is ahead, where that is too far to be believed. Where the ledger's time
-- is further than any client can have moved it, the clock that bounds it was put back: only its owner can say what is right.
CREATE OR REPLACE FUNCTION ${schema}.apart(told bigint, source jsonb, kept ${schema}.clock) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  right_now bigint := ${schema}.own_time(source) + kept.set_forward_by;
BEGIN
  RETURN CASE WHEN abs(told - right_now) > ${maxClockGapMs} THEN told - right_now
    WHEN kept.now > right_now + ${maxClockGapMs} THEN told - kept.now END;
END $$;

-- Moves the ledger's time on to what a client says, never back, and answers it: what is spent counts by it. Or answers how
-- far the client is apart, and moves nothing.
CREATE OR REPLACE FUNCTION ${schema}.hear(told bigint, source jsonb, OUT ledger_now bigint, OUT ahead bigint) LANGUAGE plpgsql AS $$
DECLARE
  kept ${schema}.clock;
BEGIN
  SELECT * INTO kept FROM ${schema}.clock;
  ledger_now := kept.now;
  ahead := ${schema}.apart(told, source, kept);
  IF ahead IS NULL AND told > ledger_now THEN
    UPDATE ${schema}.clock c SET now = told;
    ledger_now := told;
  END IF;
END $$;

-- Puts the ledger's time right, on its owner's word. What a window let go of too early counts in it again.
CREATE OR REPLACE FUNCTION ${schema}.set_time(wanted bigint, why text, source jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  ledger_now bigint;
BEGIN
  PERFORM ${schema}.enter();
  SELECT c.now INTO ledger_now FROM ${schema}.clock c;
  UPDATE ${schema}.clock c
    SET now = wanted, set_forward_by = COALESCE(wanted - ${schema}.own_time(source), c.set_forward_by);
  IF wanted < ledger_now THEN DELETE FROM ${schema}.meters; END IF;
  PERFORM ${schema}.note(jsonb_build_object('type', 'time-set', 'from', ledger_now, 'to', wanted, 'reason', why));
END $$;
`
}

import { entriesPerSeal } from 'stipend/ledger'

/** The journal's name for what is an entry of no payment, but of the ledger as a whole. */
export const auditId = 'ledger'

/** What keeps every change of a payment, chained by hash, as `src/ledger/journal.ts` says it. */
export function journalFunctions(schema: string): string {
  return `${canonical(schema)}${hashes(schema)}
-- Adds an entry, and seals those since the last seal when there are enough.
CREATE OR REPLACE FUNCTION ${schema}.append(entry_id text, body text, at_time bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  place bigint;
  last_number integer;
  last_hash text;
BEGIN
  SELECT j.seq INTO place FROM ${schema}.journal j ORDER BY j.seq DESC LIMIT 1;
  place := COALESCE(place, 0) + 1;
  SELECT j.number, j.hash INTO last_number, last_hash FROM ${schema}.journal j
    WHERE j.id = entry_id ORDER BY j.number DESC LIMIT 1;
  last_number := COALESCE(last_number, 0) + 1;
  last_hash := COALESCE(last_hash, '');
  INSERT INTO ${schema}.journal (seq, id, number, at, record, previous, hash) VALUES (place, entry_id, last_number, at_time,
    body, last_hash, ${schema}.entry_hash(entry_id, last_number, at_time, body, last_hash));
  IF place % ${entriesPerSeal} = 0 THEN PERFORM ${schema}.seal(place); END IF;
END $$;

-- Seals the entries up to a place.
CREATE OR REPLACE FUNCTION ${schema}.seal(last_place bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  place bigint := last_place / ${entriesPerSeal};
  before text := COALESCE((SELECT s.hash FROM ${schema}.seals s WHERE s.number = place - 1), '');
BEGIN
  INSERT INTO ${schema}.seals (number, first, last, previous, hash) VALUES (place, last_place - ${entriesPerSeal - 1}, last_place,
    before, ${schema}.seal_hash(place, last_place - ${entriesPerSeal - 1}, last_place, before));
END $$;

-- Seals what is full after entries were added behind a place.
CREATE OR REPLACE FUNCTION ${schema}.seal_up(after_place bigint, last_place bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR number IN after_place / ${entriesPerSeal} + 1 .. last_place / ${entriesPerSeal} LOOP
    PERFORM ${schema}.seal(number * ${entriesPerSeal});
  END LOOP;
END $$;

-- Adds what was done to the ledger as a whole.
CREATE OR REPLACE FUNCTION ${schema}.note(event jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ${schema}.append('${auditId}', ${schema}.canonical(event), (SELECT c.now FROM ${schema}.clock c));
END $$;

-- Begins the journal of each payment that was there before there was a journal, as it stands.
CREATE OR REPLACE FUNCTION ${schema}.begin_journal() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ${schema}.journal (seq, id, number, at, record, previous, hash)
    SELECT row_number() OVER (ORDER BY p.seq), p.id, 1, c.now, p.body, '', ${schema}.entry_hash(p.id, 1, c.now, p.body, '')
    FROM (SELECT seq, id, ${schema}.canonical(payment) AS body FROM ${schema}.payments) p, ${schema}.clock c;
  PERFORM ${schema}.seal(place)
    FROM generate_series(${entriesPerSeal}, (SELECT COUNT(*) FROM ${schema}.journal), ${entriesPerSeal}) AS place;
END $$;
`
}

function canonical(schema: string): string {
  const written = `CASE WHEN jsonb_typeof(value) IN ('object', 'array') THEN ${schema}.canonical(value) ELSE value::text END`
  return `
-- Writes a value as RFC 8785 has it. Clients do so faster: this is for what the database has changed.
CREATE OR REPLACE FUNCTION ${schema}.canonical(whole jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF jsonb_typeof(whole) = 'array' THEN
    RETURN '[' || COALESCE((SELECT string_agg(${written}, ',' ORDER BY place)
      FROM jsonb_array_elements(whole) WITH ORDINALITY AS e(value, place)), '') || ']';
  ELSIF jsonb_typeof(whole) = 'object' THEN
    RETURN '{' || COALESCE((SELECT string_agg(to_json(key)::text || ':' || ${written}, ',' ORDER BY ${schema}.utf16(key) COLLATE "C")
      FROM jsonb_each(whole)), '') || '}';
  END IF;
  RETURN whole::text;
END $$;

-- Answers what sorts by code points as a name does by units of UTF-16, in which the last of 16 bits follow all of 32.
CREATE OR REPLACE FUNCTION ${schema}.utf16(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN octet_length(name) = length(name) THEN name
    ELSE regexp_replace(name, '([\\uE000-\\uFFFF])', chr(1114111) || chr(92) || '1', 'g') END
$$;

-- Writes a payment as RFC 8785 has it, of the text around what the database may have changed, and of that.
CREATE OR REPLACE FUNCTION ${schema}.record_of(pieces jsonb, payment jsonb) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT '{' || concat_ws(',', NULLIF(pieces->>0, ''), '"countsUntil":' || (payment->>'countsUntil'), NULLIF(pieces->>1, ''),
    '"presentations":' || (payment->>'presentations'), NULLIF(pieces->>2, ''), '"sentAt":' || (payment->>'sentAt'),
    NULLIF(pieces->>3, '')) || '}'
$$;
`
}

function hashes(schema: string): string {
  return `
CREATE OR REPLACE FUNCTION ${schema}.entry_hash(entry_id text, number integer, at_time bigint, body text, before text)
RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to('{"at":' || at_time || CASE WHEN entry_id = '${auditId}'
      THEN ',"event":' || body || ',"number":' || number ELSE ',"number":' || number || ',"payment":' || body END
    || ',"previous":"' || before || '"}', 'UTF8')), 'hex')
$$;

CREATE OR REPLACE FUNCTION ${schema}.seal_hash(number bigint, first_place bigint, last_place bigint, before text)
RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to('{"entries":[' || COALESCE((SELECT string_agg('"' || j.hash || '"', ',' ORDER BY j.seq)
      FROM ${schema}.journal j WHERE j.seq BETWEEN first_place AND last_place), '')
    || '],"first":' || first_place || ',"last":' || last_place || ',"number":' || number
    || ',"previous":"' || before || '"}', 'UTF8')), 'hex')
$$;
`
}

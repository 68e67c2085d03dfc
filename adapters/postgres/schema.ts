import { functions } from './functions.js'
import { lockName, lockTimeoutMs } from './lock.js'

/**
 * What brings a ledger from one version to the next; a new one takes every step. The number of steps is the version. A
 * step that has been released is never changed.
 */
const steps: readonly ((schema: string) => string)[] = [
  (schema) => `
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
INSERT INTO ${schema}.version VALUES (1);`,
  (schema) => `
-- Of each payment, whether its outcome is open (1 or 0), and whether it brought no answer.
ALTER TABLE ${schema}.entries ADD COLUMN open smallint NOT NULL DEFAULT 0, ADD COLUMN unknown smallint NOT NULL DEFAULT 0;
UPDATE ${schema}.entries e SET open = 1, unknown = (p.status = 'unknown')::integer
  FROM ${schema}.payments p WHERE p.id = e.id AND p.status IN ('authorized', 'unknown');
CREATE INDEX entries_open ON ${schema}.entries (scope, counts_until, id) WHERE open = 1;
ALTER TABLE ${schema}.meters
  ADD COLUMN open numeric NOT NULL DEFAULT 0 CHECK (open >= 0), ADD COLUMN unknown numeric NOT NULL DEFAULT 0 CHECK (unknown >= 0);
UPDATE ${schema}.meters m SET (open, unknown) = (SELECT COALESCE(SUM(e.open), 0), COALESCE(SUM(e.unknown), 0)
  FROM ${schema}.entries e WHERE e.scope = m.scope AND e.counts_until > m.horizon);
CREATE TABLE ${schema}.revoked (session text PRIMARY KEY);
CREATE TABLE ${schema}.pins (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE ${schema}.notes (name text PRIMARY KEY, text text NOT NULL);
INSERT INTO ${schema}.version VALUES (2);`,
  (schema) => `
CREATE INDEX payments_unresolved ON ${schema}.payments (request_digest, seq)
  WHERE (status IN ('authorized', 'unknown') OR (status IN ('confirmed') AND (payment->>'undelivered')::boolean));
INSERT INTO ${schema}.version VALUES (3);`,
  (schema) => `
DROP INDEX ${schema}.payments_by_request;
-- A payment that was made anew is of the purchase and host that it has now.
UPDATE ${schema}.payments SET purchase_key = payment->>'purchaseKey', host = payment->'resource'->>'host'
  WHERE (purchase_key, host) IS DISTINCT FROM (payment->>'purchaseKey', payment->'resource'->>'host');
ALTER TABLE ${schema}.clock ADD COLUMN set_forward_by bigint NOT NULL DEFAULT 0;
CREATE TABLE ${schema}.journal (
  seq bigint PRIMARY KEY,
  id text NOT NULL,
  number integer NOT NULL,
  at bigint NOT NULL,
  record text NOT NULL,
  previous text NOT NULL,
  hash text NOT NULL,
  UNIQUE (id, number)
);
CREATE TABLE ${schema}.seals (
  number bigint PRIMARY KEY,
  first bigint NOT NULL,
  last bigint NOT NULL,
  previous text NOT NULL,
  hash text NOT NULL
);
CREATE FUNCTION ${schema}.append_only() RETURNS trigger LANGUAGE plpgsql AS $trigger$
BEGIN
  RAISE EXCEPTION 'the % of a ledger is only ever added to', TG_TABLE_NAME;
END $trigger$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${schema}.journal
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${schema}.seals
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.append_only();
-- A process that does not know of the journal, nor of the database's clock, records nothing from here on.
DROP FUNCTION IF EXISTS ${schema}.reserve(jsonb, jsonb, jsonb), ${schema}.reserve_all(jsonb),
  ${schema}.replace(jsonb, jsonb, boolean), ${schema}.usage(jsonb, bigint), ${schema}.request_approval(jsonb, integer),
  ${schema}.decide_approval(text, text, bigint), ${schema}.tick(bigint);
INSERT INTO ${schema}.version VALUES (4);`,
  (schema) => `
-- A payment that is to be recorded, with the ledger's time that it brings about.
CREATE TYPE ${schema}.wish AS (
  place bigint, id text, created_at bigint, now bigint, payment jsonb, body text, limits jsonb, options jsonb
);
INSERT INTO ${schema}.version VALUES (5);`,
  // A renewal names all that was signed with its nonce: a new function.
  (schema) => `
INSERT INTO ${schema}.version VALUES (6);`,
  // A payment can bind for longer than it was last sent: a new function.
  (schema) => `
INSERT INTO ${schema}.version VALUES (7);`,
  // Only a payment that is to be sent counts as sent again: a new function.
  (schema) => `
INSERT INTO ${schema}.version VALUES (8);`,
]

/**
 * The version of the tables and functions that this library reads and writes. Functions are made anew with a new version
 * only: whoever changes one adds a step, if an empty one, so that ledgers that are there get it.
 */
export const version: number = steps.length

/**
 * Makes a ledger's tables and functions, or brings them up to date, unless another process has done so while this one
 * waited for its turn. All of it is one transaction, and no payment is recorded meanwhile.
 */
export function migration(schema: string): string {
  const pending = steps.map((step, index) => `IF found <= ${index} THEN EXECUTE $step$ ${step(schema)} $step$; END IF;`)
  return `
SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE;
SET LOCAL lock_timeout = ${lockTimeoutMs};
SELECT pg_advisory_xact_lock(hashtext('stipend migration'), hashtext('${lockName(schema)}'));
SELECT pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('${lockName(schema)}'));
DO $migration$
DECLARE
  found integer := 0;
BEGIN
  PERFORM set_config('synchronous_commit', 'on', true);
  -- Who may not make a schema may have been given one.
  IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = '${lockName(schema)}') THEN
    EXECUTE 'CREATE SCHEMA ${schema}';
  END IF;
  -- By what is committed now: to_regclass would answer from what this session has seen before it waited.
  IF EXISTS (SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = '${lockName(schema)}' AND tablename = 'version') THEN
    EXECUTE 'SELECT MAX(version) FROM ${schema}.version' INTO found;
  END IF;
  ${pending.join('\n  ')}
  IF found < ${version} THEN EXECUTE $functions$ ${functions(schema)} $functions$; END IF;
  IF found < 4 THEN EXECUTE 'SELECT ${schema}.begin_journal()'; END IF;
END $migration$;`
}

/** Payments that nobody has resolved, as isUnresolved says it; an index is over them, and is used by no other words. */
export const unresolved =
  "(status = 'authorized' OR status = 'unknown' OR (status = 'confirmed' AND json_extract(record, '$.undelivered')))"

/** The same in the words of before, for which SQLite made a table of two values at each payment. */
const unresolvedBefore =
  "(status IN ('authorized', 'unknown') OR (status = 'confirmed' AND json_extract(record, '$.undelivered')))"

/** Payments that are found by their status: no reservation writes to this index. */
export const notAuthorized = "status <> 'authorized'"

/**
 * What brings a database from one version to the next; a new one takes every step. The last one's number is the version.
 * A step that has been released is never changed.
 */
export const steps: readonly string[] = [
  `
CREATE TABLE payments (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,
  purchase_key TEXT NOT NULL,
  request_digest TEXT NOT NULL,
  host TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  payment TEXT NOT NULL
) STRICT;
CREATE INDEX payments_by_request ON payments (request_digest);
CREATE INDEX payments_by_purchase ON payments (purchase_key);
CREATE INDEX payments_by_status ON payments (status);

-- One row a payment and counter it is added to; rows of payments that count no more are deleted.
CREATE TABLE entries (
  scope TEXT NOT NULL,
  counts_until INTEGER NOT NULL,
  id TEXT NOT NULL,
  micro_usd INTEGER NOT NULL,
  PRIMARY KEY (scope, counts_until, id)
) STRICT, WITHOUT ROWID;

-- The sum of a counter's entries after a horizon, for each window that is limited; horizons only move forward.
CREATE TABLE meters (
  scope TEXT NOT NULL,
  span TEXT NOT NULL,
  horizon INTEGER NOT NULL,
  micro_usd INTEGER NOT NULL CHECK (micro_usd >= 0),
  count INTEGER NOT NULL CHECK (count >= 0),
  PRIMARY KEY (scope, span)
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (name TEXT PRIMARY KEY, secret BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE approvals (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  expires_at INTEGER NOT NULL,
  approval TEXT NOT NULL
) STRICT;
CREATE TABLE freeze (id INTEGER PRIMARY KEY CHECK (id = 1), reason TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), now INTEGER NOT NULL) STRICT;
INSERT INTO clock VALUES (1, 0);
`,
  `
-- A process of the version before, which still runs, finds its column gone: it fails, and counts nothing wrong.
ALTER TABLE payments RENAME COLUMN payment TO record;

-- Of each payment, whether its outcome is open (1 or 0), and whether it brought no answer.
ALTER TABLE entries ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;
UPDATE entries SET open = 1, unknown = p.status = 'unknown'
  FROM payments p WHERE p.id = entries.id AND p.status IN ('authorized', 'unknown');
CREATE INDEX entries_open ON entries (scope, counts_until) WHERE open = 1;

ALTER TABLE meters ADD COLUMN open INTEGER NOT NULL DEFAULT 0 CHECK (open >= 0);
ALTER TABLE meters ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0 CHECK (unknown >= 0);
UPDATE meters SET (open, unknown) = (SELECT COALESCE(SUM(e.open), 0), COALESCE(SUM(e.unknown), 0)
  FROM entries e WHERE e.scope = meters.scope AND e.counts_until > meters.horizon);

CREATE TABLE revoked (session TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE pins (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
`,
  `
CREATE INDEX payments_unresolved ON payments (request_digest, seq) WHERE ${unresolvedBefore};

-- How much time had passed in which run of the machine when what was believed first in it, and how often the owner put it
-- right; and where the newest entry about the ledger as a whole is. A process of the version before, which still runs, finds nothing to write to.
ALTER TABLE clock RENAME TO clock_before;
CREATE TABLE clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  now INTEGER NOT NULL,
  settings INTEGER NOT NULL,
  run TEXT,
  elapsed INTEGER,
  base INTEGER,
  audit INTEGER
) STRICT;
INSERT INTO clock SELECT id, now, 0, NULL, NULL, NULL, NULL FROM clock_before;
DROP TABLE clock_before;

-- Every change of every payment, in the order in which they were made; rows are added, and that is all.
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  -- Where the entry before of the same id is.
  before INTEGER,
  record TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
-- Where the newest entry of each payment is: an index over all entries would be one more page to write for each.
ALTER TABLE payments ADD COLUMN entry INTEGER;
CREATE TABLE seals (
  number INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
${['journal', 'seals'].map(appendOnly).join('')}`,
  `
-- Those that nobody has resolved are found by another index.
DROP INDEX payments_by_request;
-- What payments are listed by: counters, labels and hosts. It is written for many at once, up to the payment that the clock
-- names: a page of it for each payment would make each commit longer.
CREATE TABLE listed (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (kind, name, value, seq)
) STRICT, WITHOUT ROWID;
ALTER TABLE clock ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
`,
  `
-- Entries whose outcome is open stand apart from the others of their scope: an index over them was two more pages to write
-- for each payment.
CREATE TABLE entries_apart (
  scope TEXT NOT NULL,
  counts_until INTEGER NOT NULL,
  id TEXT NOT NULL,
  micro_usd INTEGER NOT NULL,
  open INTEGER NOT NULL CHECK (open IN (0, 1)),
  unknown INTEGER NOT NULL,
  PRIMARY KEY (scope, open, counts_until, id)
) STRICT, WITHOUT ROWID;
INSERT INTO entries_apart SELECT scope, counts_until, id, micro_usd, open, unknown FROM entries
  ORDER BY scope, open, counts_until, id;
DROP TABLE entries;
ALTER TABLE entries_apart RENAME TO entries;

-- Places are given in order without AUTOINCREMENT too, since the last one is never removed; that kept another page.
CREATE TABLE payments_apart (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,
  purchase_key TEXT NOT NULL,
  request_digest TEXT NOT NULL,
  host TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  record TEXT NOT NULL,
  entry INTEGER
) STRICT;
INSERT INTO payments_apart SELECT seq, id, status, purchase_key, request_digest, host, created_at, record, entry
  FROM payments ORDER BY seq;
DROP TABLE payments;
ALTER TABLE payments_apart RENAME TO payments;
CREATE INDEX payments_by_purchase ON payments (purchase_key);
CREATE INDEX payments_unresolved ON payments (request_digest, seq) WHERE ${unresolvedBefore};
-- Those that are authorized are found among the unresolved.
CREATE INDEX payments_by_status ON payments (status) WHERE ${notAuthorized};

-- An older copy shows by where its journal ends.
ALTER TABLE clock DROP COLUMN settings;
`,
  `
DROP INDEX payments_unresolved;
CREATE INDEX payments_unresolved ON payments (request_digest, seq) WHERE ${unresolved};
`,
]

/** Lets rows of a table be neither changed nor removed; to replace one would remove it without a trigger's knowing. */
function appendOnly(table: string): string {
  const refuse = `BEGIN SELECT RAISE(ABORT, 'the ${table} of a ledger is only ever added to'); END;`
  const key = table === 'journal' ? 'seq' : 'number'
  const isThere = `EXISTS (SELECT 1 FROM ${table} WHERE ${key} = NEW.${key})`
  return `
CREATE TRIGGER ${table}_update BEFORE UPDATE ON ${table} ${refuse}
CREATE TRIGGER ${table}_delete BEFORE DELETE ON ${table} ${refuse}
CREATE TRIGGER ${table}_replace BEFORE INSERT ON ${table} WHEN ${isThere} ${refuse}
`
}

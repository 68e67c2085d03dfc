import { approvalFunctions } from './approvals.js'
import { changeFunctions } from './changes.js'
import { journalFunctions } from './journal.js'
import { lockName, lockTimeoutMs, transactionTimeoutMs } from './lock.js'
import { meterFunctions } from './meters.js'
import { reserveFunctions } from './reserve.js'
import { reserveTogetherFunctions } from './reserve-together.js'
import { timeFunctions } from './time.js'

/** The functions of a ledger: each is one transaction, and answers in one round trip. */
export function functions(schema: string): string {
  const parts = [
    enter,
    timeFunctions,
    journalFunctions,
    meterFunctions,
    approvalFunctions,
    reserveFunctions,
    reserveTogetherFunctions,
    changeFunctions,
  ]
  return parts.map((part) => part(schema)).join('')
}

function enter(schema: string): string {
  return `
-- Begins what changes the ledger: one at a time, and on disk when it is answered, whatever the server's default.
CREATE OR REPLACE FUNCTION ${schema}.enter() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- Under another isolation a statement that waited for its turn would go by what was there before.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'a ledger is changed under read committed' USING ERRCODE = '25004';
  END IF;
  -- A client that has gone silent keeps the lock no longer than this, and who waits for it is told.
  PERFORM set_config('synchronous_commit', 'on', true), set_config('lock_timeout', '${lockTimeoutMs}', true),
    set_config('idle_in_transaction_session_timeout', '${lockTimeoutMs}', true),
    CASE WHEN version() LIKE '%linux%' THEN set_config('tcp_user_timeout', '${lockTimeoutMs}', true) END,
    CASE WHEN current_setting('server_version_num')::integer >= 170000
      THEN set_config('transaction_timeout', '${transactionTimeoutMs}', true) END;
  PERFORM pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('${lockName(schema)}'));
END $$;
`
}

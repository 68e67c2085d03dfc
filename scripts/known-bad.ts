import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One way to break a promise of this library, and the tests that have to notice. */
type KnownBad = {
  readonly breaks: string
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly tests: readonly string[]
}

const patches: readonly KnownBad[] = [
  {
    breaks: 'a limit is checked, and the payment written later',
    file: 'src/ledger/memory.ts',
    find: '      const recorded = deepFreeze(',
    replace: '      await new Promise((resolve) => setImmediate(resolve))\n      const recorded = deepFreeze(',
    tests: ['test/wallet.test.ts'],
  },
  {
    breaks: 'a retry signs a fresh nonce',
    file: 'src/purchase.ts',
    find: '  const purchase = `nonce',
    replace: '  const purchase = `${crypto.randomUUID()}nonce',
    tests: ['test/fetch/hostile.test.ts'],
  },
  {
    breaks: 'the key is used before the payment is recorded',
    file: 'src/authorize.ts',
    find: '  const recorded = await record(payment, allowed, ask, parts)\n  const authorization = await sign(recorded, allowed, ask, parts)\n',
    replace:
      '  const authorization = await sign(payment, allowed, ask, parts)\n  await record(payment, allowed, ask, parts)\n',
    tests: ['test/wallet.test.ts'],
  },
  {
    breaks: "a server's word confirms a payment",
    file: 'src/fetch.ts',
    find: "isClaimed ? 'claimed'",
    replace: "isClaimed ? 'confirmed'",
    tests: ['test/fetch/hostile.test.ts'],
  },
  {
    breaks: "a server's word releases budget",
    file: 'src/fetch.ts',
    find: "isClaimed ? 'claimed' : 'unknown'",
    replace: "isClaimed ? 'claimed' : 'expired'",
    tests: ['test/fetch/hostile.test.ts'],
  },
  {
    breaks: 'a payment is released by the head of the chain, which can be undone',
    file: 'src/chains/evm.ts',
    find: "readBlock(client, 'finalized')",
    replace: "readBlock(client, 'latest' as 'finalized')",
    tests: ['test/chains/'],
  },
  {
    breaks: 'a payment is released a second too early',
    file: 'src/chains/evm.ts',
    find: 'final.timestamp >= payment.terms.validBefore',
    replace: 'final.timestamp >= payment.terms.validBefore - 1',
    tests: ['test/chains/'],
  },
  {
    breaks: 'a payment is released by our own clock',
    file: 'src/chains/evm.ts',
    find: 'final.timestamp >= payment.terms.validBefore',
    replace: 'Date.now() / 1000 + 31_536_000 >= payment.terms.validBefore',
    tests: ['test/chains/'],
  },
  {
    breaks: 'one lying node releases a payment',
    file: 'src/chains/evm-quorum.ts',
    find: 'hashes.filter((other) => other === hash).length >= quorum',
    replace: 'hashes.length >= 1',
    tests: ['test/chains/'],
  },
  {
    breaks: 'time of the ledger runs back',
    file: 'src/ledger/memory.ts',
    find: 'ledgerNow = Math.max(ledgerNow, payment.createdAt)',
    replace: 'ledgerNow = payment.createdAt',
    tests: ['test/ledger/model.test.ts', 'test/approvals.test.ts'],
  },
  {
    breaks: 'a released payment still counts in the sums',
    file: 'src/ledger/memory.ts',
    find: 'if (countsAsSpent(payment) && !countsAsSpent(moved)) counters.remove(payment)',
    replace: '',
    tests: ['test/ledger/model.test.ts'],
  },
  {
    breaks: 'what is signed is not what was recorded',
    file: 'src/schemes/exact-evm.ts',
    find: 'value: amount,',
    replace: 'value: amount + 1n,',
    tests: ['test/fetch/offers.test.ts'],
  },
  {
    breaks: 'a policy that throws allows',
    file: 'src/policy/engine.ts',
    find: "    const isLate = cause instanceof DOMException && cause.name === 'TimeoutError'\n",
    replace:
      "    if (cause) return { type: 'allow', limits: [] }\n    const isLate = cause instanceof DOMException && cause.name === 'TimeoutError'\n",
    tests: ['test/wallet.test.ts'],
  },
  {
    breaks: 'an approval is used twice',
    file: 'src/ledger/memory.ts',
    find: "Object.freeze({ ...approval, status: 'used' })",
    replace: 'approval',
    tests: ['test/approvals.test.ts'],
  },
  {
    breaks: "a delay that has passed is taken for a person's word",
    file: 'src/approval.ts',
    find: '    kind,\n    isNamed',
    replace: "    'approval',\n    isNamed",
    tests: ['test/approvals.test.ts'],
  },
  {
    breaks: 'the paid request follows redirects',
    file: 'src/fetch.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    tests: ['test/fetch/hostile.test.ts'],
  },
  {
    breaks: 'a SQLite commit can be lost with the power',
    file: 'adapters/sqlite/schema.ts',
    find: 'PRAGMA synchronous = FULL',
    replace: 'PRAGMA synchronous = NORMAL',
    tests: ['test/sqlite/'],
  },
  {
    breaks: 'a pin is not checked',
    file: 'src/ledger/memory.ts',
    find: '!agreesWithPin(pin, remembered)',
    replace: 'false',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'a revoked session pays',
    file: 'src/ledger/memory.ts',
    find: "    if (session) return { ok: false, reason: 'revoked', session }\n",
    replace: '',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the SQLite ledger checks no limit',
    file: 'adapters/sqlite/meters.ts',
    find: 'if (used + asked <= limit.max) return undefined',
    replace: 'if (used >= 0n) return undefined',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the SQLite ledger checks, and writes later',
    file: 'adapters/sqlite/index.ts',
    find: '      change(() => reserve(payment, limits, options, books)),',
    replace: `{
      let answer
      const check = () => {
        answer = reserve(payment, limits, options, books)
        throw new TypeError('undo')
      }
      try {
        change(check)
      } catch {}
      await new Promise((resolve) => setImmediate(resolve))
      return answer.ok ? change(() => reserve(payment, [], options, books)) : answer
    },`,
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the SQLite ledger does not use approvals up',
    file: 'adapters/sqlite/reserve.ts',
    find: '  if (options.approval !== undefined) approvals.use(options.approval, now)\n',
    replace: '',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the SQLite ledger does not check pins',
    file: 'adapters/sqlite/reserve.ts',
    find: 'const difference = memory.differs(pins)',
    replace: 'const difference = memory.differs(pins.slice(0, 0))',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the SQLite ledger lets revoked sessions pay',
    file: 'adapters/sqlite/reserve.ts',
    find: 'halts.revoked(sessions)',
    replace: 'halts.revoked(sessions.slice(0, 0))',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the SQLite ledger forgets what is open',
    file: 'adapters/sqlite/index.ts',
    find: 'else meters.move(payment, moved)',
    replace: '',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the SQLite ledger opens with sums that are not those of its payments',
    file: 'adapters/sqlite/schema.ts',
    find: 'if (wrong === undefined) return',
    replace: 'if (wrong !== null) return',
    tests: ['test/ledger/verify.test.ts'],
  },
  {
    breaks: 'the SQLite ledger migrates outside of a transaction',
    file: 'adapters/sqlite/schema.ts',
    find: 'for (const step of steps.slice(found)) database.exec(step)',
    replace:
      "database.exec('COMMIT'); for (const step of steps.slice(found)) database.exec(step); database.exec('BEGIN')",
    tests: ['test/sqlite/migration.test.ts'],
  },
  {
    breaks: 'the SQLite ledger goes on after its disk has failed',
    file: 'adapters/sqlite/access.ts',
    find: 'if (isDiskFailure(error)) broken = error',
    replace: 'isDiskFailure(error)',
    tests: ['test/sqlite/damage.test.ts'],
  },
  {
    breaks: 'the PostgreSQL ledger checks no limit',
    file: 'adapters/postgres/meters.ts',
    find: 'IF used + asked <= most THEN RETURN NULL; END IF;',
    replace: 'RETURN NULL;',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the PostgreSQL ledger checks and writes without a lock',
    file: 'adapters/postgres/functions.ts',
    find: "  PERFORM pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('${lockName(schema)}'));\nEND $$;\n\n-- Moves the ledger's time on, never back, and answers it: what is spent counts by it.\nCREATE OR REPLACE FUNCTION ${schema}.tick(at_time bigint) RETURNS bigint LANGUAGE plpgsql AS $$\nDECLARE\n  ledger_now bigint;\nBEGIN\n  UPDATE ${schema}.clock c SET now = GREATEST(c.now, at_time) RETURNING c.now INTO ledger_now;\n",
    replace:
      "  -- no lock\nEND $$;\n\n-- Moves the ledger's time on, never back, and answers it: what is spent counts by it.\nCREATE OR REPLACE FUNCTION ${schema}.tick(at_time bigint) RETURNS bigint LANGUAGE plpgsql AS $$\nDECLARE\n  ledger_now bigint;\nBEGIN\n  SELECT at_time INTO ledger_now;\n",
    tests: ['test/ledger/contract.test.ts', 'test/processes/budget.test.ts'],
  },
  {
    breaks: 'the PostgreSQL ledger does not use approvals up',
    file: 'adapters/postgres/functions.ts',
    find: `'{status}', '"used"'`,
    replace: `'{status}', a.approval->'status'`,
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the PostgreSQL ledger does not check pins',
    file: 'adapters/postgres/functions.ts',
    find: 'WHERE NOT ${schema}.agrees(s.pin, p.value)',
    replace: 'WHERE false',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the PostgreSQL ledger lets revoked sessions pay',
    file: 'adapters/postgres/functions.ts',
    find: 'WHERE EXISTS (SELECT 1 FROM ${schema}.revoked r WHERE r.session = s.id)',
    replace: 'WHERE false',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the PostgreSQL ledger forgets what is open',
    file: 'adapters/postgres/functions.ts',
    find: 'PERFORM ${schema}.move(before, after);',
    replace: 'NULL;',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    breaks: 'the PostgreSQL ledger answers before its commit is on disk',
    file: 'adapters/postgres/functions.ts',
    find: "PERFORM set_config('synchronous_commit', 'on', true);",
    replace: '',
    tests: ['test/postgres/'],
  },
  {
    breaks: 'the sums of a ledger are never compared with its payments',
    file: 'adapters/postgres/index.ts',
    find: 'if (difference === null) return',
    replace: "if (difference !== '') return",
    tests: ['test/ledger/verify.test.ts'],
  },
]

const root = fileURLToPath(new URL('../', import.meta.url))
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const wanted = process.argv[2]

/** Copies the sources, breaks the copy, and tells whether the tests that guard the promise noticed. */
function isNoticed({ file, find, replace, tests }: KnownBad): boolean {
  const copy = mkdtempSync(join(tmpdir(), 'stipend-known-bad-'))
  try {
    for (const name of ['src', 'adapters', 'test', 'scripts', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
      cpSync(join(root, name), join(copy, name), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    const sound = readFileSync(join(copy, file), 'utf8')
    if (!sound.includes(find)) throw new Error(`${file} no longer has what this patch breaks: ${find}`)
    writeFileSync(
      join(copy, file),
      sound.replace(find, () => replace),
    )
    const run = spawnSync(process.execPath, [vitest, 'run', '--project', 'unit', ...tests], {
      cwd: copy,
      encoding: 'utf8',
    })
    if (!/Tests\s/.test(run.stdout)) throw new Error(`no test ran: ${run.stdout}${run.stderr}`)
    return run.status !== 0
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

let [noticed, missed] = [0, 0]
for (const patch of patches) {
  if (wanted !== undefined && !patch.breaks.includes(wanted)) continue
  const isRed = isNoticed(patch)
  if (isRed) noticed += 1
  else missed += 1
  process.stdout.write(`${isRed ? 'noticed' : 'MISSED '}  ${patch.breaks}\n`)
}
process.stdout.write(`${noticed} passed, ${missed} failed\n`)
process.exitCode = missed === 0 ? 0 : 1

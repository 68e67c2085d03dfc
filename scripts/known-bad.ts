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
    breaks: 'over HTTP, a name that was made to resolve here is answered',
    file: 'adapters/http/guard.ts',
    find: 'if (!asked || !(allowed',
    replace: 'if (!asked && !(allowed',
    tests: ['test/http/handler.test.ts', '-t', 'misdirected'],
  },
  {
    breaks: "over HTTP, a session does what is the owner's",
    file: 'adapters/http/identify.ts',
    find: "if (callers.includes('session')) return",
    replace: 'if (token) return',
    tests: ['test/http/handler.test.ts', '-t', 'alone'],
  },
  {
    breaks: 'over HTTP, wrong passwords are not counted',
    file: 'adapters/http/password.ts',
    find: 'attempts.failures += 1',
    replace: 'attempts.failures += 0',
    tests: ['test/http/handler.test.ts', '-t', 'password'],
  },
  {
    breaks: 'over HTTP, another process does not see new policies',
    file: 'adapters/http/route-fetch.ts',
    find: 'await service.policies?.refresh()',
    replace: '',
    tests: ['test/http/policies.test.ts'],
  },
  {
    breaks: 'over HTTP, a key that comes twice is read once',
    file: 'adapters/http/strict-json.ts',
    find: 'if (keys.has(key)) return',
    replace: 'if (keys.has(key) && !key) return',
    tests: ['test/http/handler.test.ts', '-t', 'a body'],
  },
  {
    breaks: 'over HTTP, the network around the service is fetched',
    file: 'adapters/http/destination.ts',
    find: 'if (isPublic(url) ||',
    replace: 'if (isPublic(url) || url.hostname ||',
    tests: ['test/http/handler.test.ts', '-t', 'never sent'],
  },
  {
    breaks: 'over HTTP, a fetch follows redirects',
    file: 'adapters/http/route-fetch.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    tests: ['test/http/handler.test.ts', '-t', 'redirect'],
  },
  {
    breaks: 'over HTTP, a payment whose answer is lost is said not to have moved',
    file: 'src/client/index.ts',
    find: "method === 'GET' ? 'no' : 'maybe'",
    replace: "'no'",
    tests: ['test/client/'],
  },
  {
    breaks: 'a webhook takes its signed notice wherever it is sent',
    file: 'adapters/http/webhook.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    tests: ['test/http/notify.test.ts'],
  },
  {
    breaks: 'an old delivery of a webhook is taken for a new one',
    file: 'adapters/http/webhook.ts',
    find: '> toleranceSeconds) return undefined',
    replace: '> toleranceSeconds * 1000) return undefined',
    tests: ['test/http/notify.test.ts'],
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

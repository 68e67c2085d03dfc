import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What has to hold whatever crashes, races or lies. */
const invariants = {
  I1: 'what is spent, held and asked never exceeds a limit, decided and written in one step',
  I2: 'at most one authorization of a purchase is executed',
  I3: 'no signature exists without an earlier durable record of its terms',
  I4: 'what is confirmed is in a final block',
  I5: 'what is released can never be executed',
  I6: 'what leaves our accounts is explained by one payment, or the wallet is frozen',
  I7: 'totals are the sum of the payments',
  I8: 'time of the ledger never runs back, nor forward faster than time passes',
  I9: 'what a server says releases and confirms nothing',
  I10: 'what was judged, recorded, signed and sent is one and the same',
  I11: 'an error in a policy, a ledger or a clock uses no key',
  I12: 'an approval is used once, in the step that records the payment',
} as const

/** One way to break a promise of this library, and the tests that have to notice. */
type KnownBad = {
  /** Which of the invariants below it breaks. */
  readonly invariant: keyof typeof invariants
  readonly breaks: string
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly tests: readonly string[]
}

const patches: readonly KnownBad[] = [
  {
    invariant: 'I1',
    breaks: 'a limit is checked, and the payment written later',
    file: 'src/ledger/memory.ts',
    find: '      const recorded = deepFreeze(',
    replace: '      await new Promise((resolve) => setImmediate(resolve))\n      const recorded = deepFreeze(',
    tests: ['test/wallet.test.ts'],
  },
  {
    invariant: 'I2',
    breaks: 'a retry signs a fresh nonce',
    file: 'src/purchase.ts',
    find: '  const purchase = `nonce',
    replace: '  const purchase = `${crypto.randomUUID()}nonce',
    tests: ['test/fetch/hostile.test.ts'],
  },
  {
    invariant: 'I3',
    breaks: 'the key is used before the payment is recorded',
    file: 'src/authorize.ts',
    find: '  const recorded = await record(payment, allowed, ask, parts)\n  const signature = await sign(recorded, allowed, ask, parts)\n',
    replace:
      "  const { admit } = await import('./gate.js')\n  const signature = await sign(admit(payment), allowed, ask, parts)\n  const recorded = await record(payment, allowed, ask, parts)\n",
    tests: ['test/wallet.test.ts'],
  },
  {
    invariant: 'I4',
    breaks: "a server's word confirms a payment",
    file: 'src/fetch.ts',
    find: "isClaimed ? 'claimed'",
    replace: "isClaimed ? 'confirmed'",
    tests: ['test/fetch/hostile.test.ts'],
  },
  {
    invariant: 'I9',
    breaks: "a server's word releases budget",
    file: 'src/fetch.ts',
    find: "isClaimed ? 'claimed' : 'unknown'",
    replace: "isClaimed ? 'claimed' : 'expired'",
    tests: ['test/fetch/hostile.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'a payment is released by the head of the chain, which can be undone',
    file: 'src/chains/evm-rpc.ts',
    find: "? readBlock(client, 'finalized')",
    replace: "? readBlock(client, 'latest' as 'finalized')",
    tests: ['test/chains/'],
  },
  {
    invariant: 'I5',
    breaks: 'a payment is released a second too early',
    file: 'src/chains/evm.ts',
    find: 'final.timestamp >= payment.terms.validBefore',
    replace: 'final.timestamp >= payment.terms.validBefore - 1',
    tests: ['test/chains/'],
  },
  {
    invariant: 'I5',
    breaks: 'a payment is released by our own clock',
    file: 'src/chains/evm.ts',
    find: 'final.timestamp >= payment.terms.validBefore',
    replace: 'Date.now() / 1000 + 31_536_000 >= payment.terms.validBefore',
    tests: ['test/chains/'],
  },
  {
    invariant: 'I5',
    breaks: 'one lying node releases a payment',
    file: 'src/chains/evm-quorum.ts',
    find: 'hashes.filter((other) => other === hash).length >= quorum',
    replace: 'hashes.length >= 1',
    tests: ['test/chains/'],
  },
  {
    invariant: 'I8',
    breaks: 'time of the ledger runs back',
    file: 'src/ledger/memory.ts',
    find: 'ledgerNow = Math.max(ledgerNow, payment.createdAt)',
    replace: 'ledgerNow = payment.createdAt',
    tests: ['test/ledger/model.test.ts', 'test/approvals.test.ts'],
  },
  {
    invariant: 'I7',
    breaks: 'a released payment still counts in the sums',
    file: 'src/ledger/memory.ts',
    find: 'if (countsAsSpent(payment) && !countsAsSpent(moved)) counters.remove(payment)\n      else counters.move(moved)',
    replace: 'counters.move(moved)',
    tests: ['test/ledger/model.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'what is signed is not what was recorded',
    file: 'src/schemes/exact-evm.ts',
    find: 'value: amount,',
    replace: 'value: amount + 1n,',
    tests: ['test/fetch/offers.test.ts'],
  },
  {
    invariant: 'I11',
    breaks: 'a policy that throws allows',
    file: 'src/policy/engine.ts',
    find: "    const isLate = cause instanceof DOMException && cause.name === 'TimeoutError'\n",
    replace:
      "    if (cause) return { type: 'allow', limits: [] }\n    const isLate = cause instanceof DOMException && cause.name === 'TimeoutError'\n",
    tests: ['test/wallet.test.ts'],
  },
  {
    invariant: 'I12',
    breaks: 'an approval is used twice',
    file: 'src/ledger/memory.ts',
    find: "Object.freeze({ ...approval, status: 'used' })",
    replace: 'approval',
    tests: ['test/approvals.test.ts'],
  },
  {
    invariant: 'I12',
    breaks: "a delay that has passed is taken for a person's word",
    file: 'src/approval.ts',
    find: '    kind,\n    isNamed',
    replace: "    'approval',\n    isNamed",
    tests: ['test/approvals.test.ts'],
  },
  {
    invariant: 'I9',
    breaks: 'the paid request follows redirects',
    file: 'src/fetch.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    tests: ['test/fetch/hostile.test.ts'],
  },
  {
    invariant: 'I3',
    breaks: 'a SQLite commit can be lost with the power',
    file: 'adapters/sqlite/schema.ts',
    find: 'PRAGMA synchronous = FULL',
    replace: 'PRAGMA synchronous = NORMAL',
    tests: ['test/sqlite/'],
  },
  {
    invariant: 'I4',
    breaks: 'a payment is confirmed by a block that is not final',
    file: 'src/chains/evm.ts',
    find: 'const isUsed = await readNonce(client, payment, final.hash)',
    replace:
      "const isUsed = await readNonce(client, payment, (await readFinal({ request: (call) => client.request(call.method === 'eth_getBlockByNumber' ? { ...call, params: ['latest', false] } : call) }, BigInt(payment.asset.network.slice(7))))?.hash ?? final.hash)\n  if (isUsed) return { type: 'executed', transaction: '0x', amount: payment.amount }",
    tests: ['test/chains/evm.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'what was recorded and not known to be sent is released after a restart',
    file: 'src/reconcile.ts',
    find: '  const chain = chains.find(',
    replace: "  if (payment.status === 'authorized') return { type: 'expired' }\n  const chain = chains.find(",
    tests: ['test/chains/reconcile.test.ts'],
  },
  {
    invariant: 'I6',
    breaks: 'money that no payment explains freezes nothing',
    file: 'src/watch.ts',
    find: 'if (!known) await ledger.freeze(freeze)',
    replace: '',
    tests: ['test/watch.test.ts'],
  },
  {
    invariant: 'I6',
    breaks: 'a transaction that only a server named explains money that left',
    file: 'src/watch.ts',
    find: "receipt?.status === 'confirmed' ? [receipt.transaction] : []",
    replace: 'receipt ? [receipt.transaction] : []',
    tests: ['test/watch.test.ts'],
  },
  {
    invariant: 'I6',
    breaks: 'one node of two hides what left an account',
    file: 'src/chains/evm-outgoing.ts',
    find: 'if (all.some(({ count }) => count < quorum && heard.length - count < quorum)) return undefined',
    replace: '',
    tests: ['test/chains/outgoing.test.ts'],
  },
  {
    invariant: 'I8',
    breaks: 'a clock that is set forward moves windows on',
    file: 'src/clock.ts',
    find: 'ahead > largestJumpMs ? ahead : undefined',
    replace: 'ahead > Number.POSITIVE_INFINITY ? ahead : undefined',
    tests: ['test/clock.test.ts'],
  },
  {
    invariant: 'I8',
    breaks: 'a clock creeps forward by steps that are each small enough',
    file: 'src/clock.ts',
    find: '    wasAhead = aheadMs !== undefined\n',
    replace:
      '    wasAhead = aheadMs !== undefined\n    if (!wasAhead) believed = { wall, at: passedNow() }\n    if (!wasAhead) passed = 0\n',
    tests: ['test/clock.test.ts'],
  },
  {
    invariant: 'I2',
    breaks: 'whether a payment can still be sent is judged by another clock than the one it was recorded by',
    file: 'src/ledger/lifecycle.ts',
    find: "payment.status === 'unknown' && now < payment.countsUntil - clockMarginMs - shortestLifeMs",
    replace: "payment.status === 'unknown' && isLivePayment(payment, now)",
    tests: ['test/clock.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'payments whose end nobody has told do not count as under way',
    file: 'src/ledger/counters.ts',
    find: "(measure === 'open' && status === 'authorized')",
    replace: 'false',
    tests: ['test/policy/breaker.test.ts'],
  },
  {
    invariant: 'I11',
    breaks: 'a clock that answers no number is believed',
    file: 'src/clock.ts',
    find: "typeof now === 'number' && Number.isFinite(now)",
    replace: "typeof now === 'number'",
    tests: ['test/clock.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'what a signer signed is sent unread',
    file: 'src/gate.ts',
    find: '  const problem = scheme.check(payment, signature)\n',
    replace: '  const problem = undefined as string | undefined\n',
    tests: ['test/wallet.test.ts'],
  },
]

const root = fileURLToPath(new URL('../', import.meta.url))
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const simulation = 'test/simulation/'
/** With `--simulate`, the simulation alone looks; what it cannot see is listed, and is no failure. */
const isSimulated = process.argv.includes('--simulate')
const wanted = process.argv.slice(2).find((one) => !one.startsWith('--'))

/** Copies the sources, breaks the copy, and tells whether the tests that guard the promise noticed. */
function isNoticed({ file, find, replace, tests }: KnownBad): boolean {
  const copy = mkdtempSync(join(tmpdir(), 'stipend-known-bad-'))
  try {
    for (const name of ['src', 'adapters', 'test', 'scripts', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
      cpSync(join(root, name), join(copy, name), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    const sound = readFileSync(join(copy, file), 'utf8')
    writeFileSync(
      join(copy, file),
      sound.replace(find, () => replace),
    )
    const wantedTests = isSimulated ? [simulation] : tests
    const run = spawnSync(process.execPath, [vitest, 'run', '--project', 'unit', ...wantedTests], {
      cwd: copy,
      encoding: 'utf8',
    })
    const said = /Tests\s.*(passed|failed)/.exec(run.stdout)?.[0]
    // A copy that does not even load has been noticed by nobody.
    if (said === undefined) throw new Error(`no test ran: ${run.stdout}${run.stderr}`)
    return run.status !== 0 && said.includes('failed')
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** A patch that no longer applies would break nothing. */
const stale = patches.filter(({ file, find }) => !readFileSync(join(root, file), 'utf8').includes(find))
if (stale.length > 0)
  throw new TypeError(`no longer there to be broken: ${stale.map(({ breaks }) => breaks).join('; ')}`)

let [noticed, missed] = [0, 0]
for (const patch of patches) {
  if (wanted !== undefined && patch.invariant !== wanted && !patch.breaks.includes(wanted)) continue
  const isRed = isNoticed(patch)
  if (isRed) noticed += 1
  else missed += 1
  process.stdout.write(`${isRed ? 'noticed' : 'MISSED '}  ${patch.invariant.padEnd(3)} ${patch.breaks}\n`)
}
for (const [invariant, sentence] of Object.entries(invariants)) {
  const known = patches.filter((patch) => patch.invariant === invariant)
  process.stdout.write(`${invariant.padEnd(3)} ${known.length} ways to break it: ${sentence}\n`)
  if (known.length === 0) missed += 1
}
process.stdout.write(`${noticed} passed, ${missed} failed\n`)
process.exitCode = missed === 0 || isSimulated ? 0 : 1

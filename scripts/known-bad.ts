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
  I13: 'over HTTP only the owner widens, only a session pays, and nobody else is answered',
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
    invariant: 'I13',
    breaks: 'over HTTP, a name that was made to resolve here is answered',
    file: 'adapters/http/guard.ts',
    find: 'if (!asked || !(allowed',
    replace: 'if (!asked && !(allowed',
    tests: ['test/http/handler.test.ts', '-t', 'misdirected'],
  },
  {
    invariant: 'I13',
    breaks: "over HTTP, a session does what is the owner's",
    file: 'adapters/http/identify.ts',
    find: "if (callers.includes('session')) return",
    replace: 'if (token) return',
    tests: ['test/http/handler.test.ts', '-t', 'alone'],
  },
  {
    invariant: 'I13',
    breaks: 'over HTTP, wrong passwords are not counted',
    file: 'adapters/http/password.ts',
    find: 'attempts.failures += 1',
    replace: 'attempts.failures += 0',
    tests: ['test/http/handler.test.ts', '-t', 'password'],
  },
  {
    invariant: 'I13',
    breaks: 'over HTTP, another process does not see new policies',
    file: 'adapters/http/route-fetch.ts',
    find: 'await service.policies?.refresh()',
    replace: '',
    tests: ['test/http/policies.test.ts'],
  },
  {
    invariant: 'I13',
    breaks: 'over HTTP, a key that comes twice is read once',
    file: 'adapters/http/strict-json.ts',
    find: 'if (keys.has(key)) return',
    replace: 'if (keys.has(key) && !key) return',
    tests: ['test/http/handler.test.ts', '-t', 'a body'],
  },
  {
    invariant: 'I13',
    breaks: 'over HTTP, the network around the service is fetched',
    file: 'adapters/http/destination.ts',
    find: 'if (isPublic(url) ||',
    replace: 'if (isPublic(url) || url.hostname ||',
    tests: ['test/http/handler.test.ts', '-t', 'never sent'],
  },
  {
    invariant: 'I13',
    breaks: 'over HTTP, a fetch follows redirects',
    file: 'adapters/http/route-fetch.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    tests: ['test/http/handler.test.ts', '-t', 'redirect'],
  },
  {
    invariant: 'I13',
    breaks: 'over HTTP, a payment whose answer is lost is said not to have moved',
    file: 'src/client/index.ts',
    find: "method === 'GET' ? 'no' : 'maybe'",
    replace: "'no'",
    tests: ['test/client/'],
  },
  {
    invariant: 'I13',
    breaks: 'a webhook takes its signed notice wherever it is sent',
    file: 'adapters/http/webhook.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    tests: ['test/http/notify.test.ts'],
  },
  {
    invariant: 'I13',
    breaks: 'an old delivery of a webhook is taken for a new one',
    file: 'adapters/http/webhook.ts',
    find: '> toleranceSeconds) return undefined',
    replace: '> toleranceSeconds * 1000) return undefined',
    tests: ['test/http/notify.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'a limit is checked, and the payment written later',
    file: 'src/ledger/memory.ts',
    find: '      useUp(options)\n',
    replace: '      await new Promise((resolve) => setImmediate(resolve))\n      useUp(options)\n',
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
    find: '  const recorded = await record({ allowed, payment, again }, ask, parts)\n  const signature = await sign(recorded, allowed, ask, parts)\n',
    replace:
      "  const { admit } = await import('./gate.js')\n  const signature = await sign(admit(payment), allowed, ask, parts)\n  const recorded = await record({ allowed, payment, again }, ask, parts)\n",
    tests: ['test/wallet.test.ts'],
  },
  {
    invariant: 'I4',
    breaks: "a server's word confirms a payment",
    file: 'src/create-payer.ts',
    find: 'const update = { status, receipt, note }',
    replace: "const update = { status: status === 'claimed' ? ('confirmed' as 'claimed') : status, receipt, note }",
    tests: ['test/fetch/hostile.test.ts'],
  },
  {
    invariant: 'I9',
    breaks: "a server's word releases budget",
    file: 'src/create-payer.ts',
    find: 'const update = { status, receipt, note }',
    replace: "const update = { status: status === 'unknown' ? ('expired' as 'unknown') : status, receipt, note }",
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
    invariant: 'I5',
    breaks: 'one node of two is believed when it says that a payment is over',
    file: 'src/chains/evm-quorum.ts',
    find: 'if (alike[0] && (await areOnOneChain(alike, agreement)))',
    replace: 'if (alike[0])',
    tests: ['test/chains/evm.test.ts'],
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
    file: 'src/ledger/share.ts',
    find: "isUnknown || status === 'authorized'",
    replace: 'isUnknown',
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
  {
    invariant: 'I5',
    breaks: 'a payment on Solana is released while a block can still have it',
    file: 'src/chains/solana.ts',
    find: 'const lifeBlocks = 150 + 32',
    replace: 'const lifeBlocks = 150 + 31',
    tests: ['test/chains/solana.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'a payment on Solana is released by blocks that can be undone',
    file: 'src/chains/solana-history.ts',
    find: "[{ commitment: 'finalized' }], epoch",
    replace: "[{ commitment: 'confirmed' }], epoch",
    tests: ['test/chains/solana.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'a payment on Solana is released without a look at the history',
    file: 'src/chains/solana.ts',
    find: 'const found = await findTransaction(node, question, final)',
    replace: 'const found = final.height < 0 ? await findTransaction(node, question, final) : undefined',
    tests: ['test/chains/solana.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'a payment on Solana is released by a node that has forgotten it',
    file: 'src/chains/solana.ts',
    find: 'if (found || (await reaches(node, question)))',
    replace: 'if (found || (await reaches(node, question)) || final.height > 0)',
    tests: ['test/chains/solana.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'one lying node releases a payment on Solana',
    file: 'src/chains/solana.ts',
    find: 'expired.length >= quorum',
    replace: 'expired.length >= Math.min(1, quorum)',
    tests: ['test/chains/solana.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'a payment on Solana is released moments after it was signed',
    file: 'src/chains/solana.ts',
    find: 'const shortestWaitMs = 120_000',
    replace: 'const shortestWaitMs = 0',
    tests: ['test/chains/solana.test.ts'],
  },
  {
    invariant: 'I2',
    breaks: 'a purchase on Solana is signed anew while its first message lives',
    file: 'src/schemes/exact-solana.ts',
    find: 'atMostOnce: false',
    replace: 'atMostOnce: true',
    tests: ['test/chains/solana-reconcile.test.ts'],
  },
  {
    invariant: 'I2',
    breaks: 'two purchases on Solana are the same message',
    file: 'src/schemes/solana-terms.ts',
    find: '!hasFixedMemo(offer) || ',
    replace: 'offer.amount > 0n || !hasFixedMemo(offer) || ',
    tests: ['test/schemes/solana-nodes.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'what a library compiled for Solana is signed without being read',
    file: 'src/schemes/solana-transfer.ts',
    find: 'return differentAccounts(message, transfer, accounts) ?? differentInstructions(message, transfer, accounts)',
    replace: 'return transfer.amount > 0n ? undefined : (differentAccounts(message, transfer, accounts) ?? undefined)',
    tests: ['test/schemes/exact-solana.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'a signature on Solana is sent without being verified',
    file: 'src/schemes/exact-solana.ts',
    find: 'return isSignedBy(message, ours, payment.terms.payer)',
    replace: 'return ours.length === 64 || isSignedBy(message, ours, payment.terms.payer)',
    tests: ['test/schemes/exact-solana.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'a fee payer on Solana is whoever the server names',
    file: 'src/schemes/solana-offer.ts',
    find: '    refuseFeePayer(offer, payer) ??\n',
    replace: '',
    tests: ['test/schemes/exact-solana.test.ts'],
  },
  {
    invariant: 'I2',
    breaks: 'a tool call that a framework makes again is another purchase',
    file: 'src/tools/pay-fetch.ts',
    find: 'key: input.key ?? call.key,',
    replace: 'key: input.key,',
    tests: ['test/ai-sdk/wallet-tools.test.ts', 'test/langchain/wallet-tools.test.ts'],
  },
  {
    invariant: 'I12',
    breaks: "a framework's yes to some terms asks for others",
    file: 'src/record.ts',
    find: '  checkConsent(payment, wanted, ask)\n',
    replace: '',
    tests: ['test/ai-sdk/wallet-tools.test.ts', 'test/openai-agents/wallet-tools.test.ts'],
  },
  {
    invariant: 'I2',
    breaks: "another purchase's payment that has ended is signed anew under a new nonce",
    file: 'src/record.ts',
    find: ' || again.id !== payment.id',
    replace: '',
    tests: ['test/record.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'a payment of less than nothing makes room in the budget',
    file: 'src/assets.ts',
    find: "typeof amount === 'bigint' && amount > 0n",
    replace: "typeof amount === 'bigint'",
    tests: ['test/session/asks.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'what asks is looked at once to judge, and once more to sign',
    file: 'src/assets.ts',
    find: 'microUsd: toMicroUsd(claim.amount, asset)',
    replace: 'microUsd: toMicroUsd(given.amount, asset)',
    tests: ['test/session/asks.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'a policy that is replaced while a person is asked does not hold for the answer',
    file: 'src/authorize.ts',
    find: 'const anew = await judge([allowed], ask, parts)',
    replace: 'const anew = allowed',
    tests: ['test/session/session.test.ts'],
  },
  {
    invariant: 'I12',
    breaks: 'an approval is named by words that run into each other',
    file: 'src/approval.ts',
    find: 'JSON.stringify(words)',
    replace: "words.join('\\n')",
    tests: ['test/session/asks.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'a signer that fails late releases what was signed anew',
    file: 'src/gate.ts',
    find: ', ifTerms: payment.terms } as const',
    replace: ' } as const',
    tests: ['test/gate.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'a pin is not checked',
    file: 'src/ledger/memory.ts',
    find: '!agreesWithPin(pin, remembered)',
    replace: 'false',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I11',
    breaks: 'a revoked session pays',
    file: 'src/ledger/memory.ts',
    find: "    if (session) return { ok: false, reason: 'revoked', session }\n",
    replace: '',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'the SQLite ledger checks no limit',
    file: 'adapters/sqlite/meters.ts',
    find: 'if (used + asked <= limit.max) return undefined',
    replace: 'if (used >= 0n) return undefined',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I1',
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
    invariant: 'I12',
    breaks: 'the SQLite ledger does not use approvals up',
    file: 'adapters/sqlite/reserve.ts',
    find: '  if (options.approval !== undefined) approvals.use(options.approval, now)\n',
    replace: '',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'the SQLite ledger does not check pins',
    file: 'adapters/sqlite/reserve.ts',
    find: 'const difference = memory.differs(pins)',
    replace: 'const difference = memory.differs(pins.slice(0, 0))',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I11',
    breaks: 'the SQLite ledger lets revoked sessions pay',
    file: 'adapters/sqlite/reserve.ts',
    find: 'halts.revoked(sessions)',
    replace: 'halts.revoked(sessions.slice(0, 0))',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'the SQLite ledger forgets what is open',
    file: 'adapters/sqlite/index.ts',
    find: 'else meters.move(payment, moved)',
    replace: '',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I7',
    breaks: 'the SQLite ledger opens with sums that are not those of its payments',
    file: 'adapters/sqlite/schema.ts',
    find: 'if (wrong === undefined) return',
    replace: 'if (wrong !== null) return',
    tests: ['test/ledger/verify.test.ts'],
  },
  {
    invariant: 'I7',
    breaks: 'the SQLite ledger migrates outside of a transaction',
    file: 'adapters/sqlite/schema.ts',
    find: 'for (const step of steps.slice(found)) database.exec(step)',
    replace:
      "database.exec('COMMIT'); for (const step of steps.slice(found)) database.exec(step); database.exec('BEGIN')",
    tests: ['test/sqlite/migration.test.ts'],
  },
  {
    invariant: 'I3',
    breaks: 'the SQLite ledger goes on after its disk has failed',
    file: 'adapters/sqlite/access.ts',
    find: 'if (isDiskFailure(error)) broken = error',
    replace: 'isDiskFailure(error)',
    tests: ['test/sqlite/damage.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'the PostgreSQL ledger checks no limit',
    file: 'adapters/postgres/meters.ts',
    find: 'IF used + asked <= most THEN RETURN NULL; END IF;',
    replace: 'RETURN NULL;',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'the PostgreSQL ledger checks and writes without a lock',
    file: 'adapters/postgres/functions.ts',
    find: "  PERFORM pg_advisory_xact_lock(hashtext('stipend ledger'), hashtext('${lockName(schema)}'));\nEND $$;\n\n-- Moves the ledger's time on, never back, and answers it: what is spent counts by it.\nCREATE OR REPLACE FUNCTION ${schema}.tick(at_time bigint) RETURNS bigint LANGUAGE plpgsql AS $$\nDECLARE\n  ledger_now bigint;\nBEGIN\n  UPDATE ${schema}.clock c SET now = GREATEST(c.now, at_time) RETURNING c.now INTO ledger_now;\n",
    replace:
      "  -- no lock\nEND $$;\n\n-- Moves the ledger's time on, never back, and answers it: what is spent counts by it.\nCREATE OR REPLACE FUNCTION ${schema}.tick(at_time bigint) RETURNS bigint LANGUAGE plpgsql AS $$\nDECLARE\n  ledger_now bigint;\nBEGIN\n  SELECT at_time INTO ledger_now;\n",
    tests: ['test/ledger/contract.test.ts', 'test/processes/budget.test.ts'],
  },
  {
    invariant: 'I12',
    breaks: 'the PostgreSQL ledger does not use approvals up',
    file: 'adapters/postgres/functions.ts',
    find: `'{status}', '"used"'`,
    replace: `'{status}', a.approval->'status'`,
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'the PostgreSQL ledger does not check pins',
    file: 'adapters/postgres/functions.ts',
    find: 'WHERE NOT ${schema}.agrees(s.pin, p.value)',
    replace: 'WHERE false',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I11',
    breaks: 'the PostgreSQL ledger lets revoked sessions pay',
    file: 'adapters/postgres/functions.ts',
    find: 'WHERE EXISTS (SELECT 1 FROM ${schema}.revoked r WHERE r.session = s.id)',
    replace: 'WHERE false',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'the PostgreSQL ledger forgets what is open',
    file: 'adapters/postgres/functions.ts',
    find: 'PERFORM ${schema}.move(before, after);',
    replace: 'NULL;',
    tests: ['test/ledger/contract.test.ts'],
  },
  {
    invariant: 'I3',
    breaks: 'the PostgreSQL ledger answers before its commit is on disk',
    file: 'adapters/postgres/functions.ts',
    find: "PERFORM set_config('synchronous_commit', 'on', true);",
    replace: '',
    tests: ['test/postgres/'],
  },
  {
    invariant: 'I7',
    breaks: 'the sums of a ledger are never compared with its payments',
    file: 'adapters/postgres/index.ts',
    find: 'if (difference === null) return',
    replace: "if (difference !== '') return",
    tests: ['test/ledger/verify.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'a paid MCP tool may ask one thing in its data and another in its text',
    file: 'adapters/mcp/offer.ts',
    find: 'if (stated === undefined || orderedJson(stated) !== structured) {',
    replace: 'if (stated === structured) {',
    tests: ['test/mcp/hostile-tools.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'an MCP tool that was changed after it was approved is paid as if it were the same',
    file: 'adapters/mcp/with-payments.ts',
    find: 'params.arguments ?? {}, digest])',
    replace: 'params.arguments ?? {}])',
    tests: ['test/mcp/hostile-tools.test.ts'],
  },
  {
    invariant: 'I12',
    breaks: 'an answer of an MCP host that is sent again is another purchase',
    file: 'adapters/mcp/ask-first.ts',
    find: 'executeApproved(input, { key, signal }, kit.approvals)',
    replace: 'executeApproved(input, { key: keyOf(input, kit), signal }, kit.approvals)',
    tests: ['test/mcp/server.test.ts'],
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

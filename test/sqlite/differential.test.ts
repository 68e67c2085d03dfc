import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Ledger, type Limit, memoryLedger, type Payment, type PaymentFilter, type PaymentUpdate } from 'stipend'
import { type SqliteLedger, sqliteLedger } from 'stipend/sqlite'
import { noon, sampleId, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { type Chance, createChance } from '../simulation/chance.ts'
import { temporaryFolder } from '../support/folder.ts'

const directory = temporaryFolder()
const hour = 3_600_000
const scopes = ['wallet', 'host:a', 'label:task=1', 'payee:b']
const measures = ['microUsd', 'count', 'open', 'unknown'] as const
const statuses = ['claimed', 'unknown', 'unknown', 'released', 'confirmed', 'expired', 'cancelled'] as const
const windows = [
  { type: 'rolling', seconds: 60 },
  { type: 'rolling', seconds: 86_400 },
  { type: 'lifetime' },
  { type: 'calendar', period: 'day', timeZone: 'UTC' },
  { type: 'calendar', period: 'month', timeZone: 'America/New_York' },
] as const

/** Puts tables back to how version 4 had them. */
const toVersion4 = `BEGIN;
DROP INDEX payments_by_status;
CREATE INDEX payments_by_status ON payments (status);
CREATE TABLE entries_before (scope TEXT NOT NULL, counts_until INTEGER NOT NULL, id TEXT NOT NULL, micro_usd INTEGER NOT NULL,
  open INTEGER NOT NULL DEFAULT 0, unknown INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (scope, counts_until, id)) STRICT, WITHOUT ROWID;
INSERT INTO entries_before SELECT scope, counts_until, id, micro_usd, open, unknown FROM entries;
DROP TABLE entries;
ALTER TABLE entries_before RENAME TO entries;
CREATE INDEX entries_open ON entries (scope, counts_until) WHERE open = 1;
ALTER TABLE clock ADD COLUMN settings INTEGER NOT NULL DEFAULT 0;
UPDATE clock SET now = MAX(now, COALESCE((SELECT at FROM journal ORDER BY seq DESC LIMIT 1), 0));
PRAGMA user_version = 4;
COMMIT`

type Scene = { readonly chance: Chance; now: number; made: number }

function limitOf({ chance }: Scene): Limit {
  const max = BigInt(chance.below(chance.is(0.2) ? 40 : 3000))
  return {
    name: 'limit',
    scope: chance.pick(scopes),
    window: chance.pick(windows),
    measure: chance.pick(measures),
    max,
  }
}

function paymentOf({ chance, now }: Scene, number: number): Payment {
  const createdAt = now + chance.pick([0, 0, 7, -5000])
  const base = samplePayment(number, { createdAt })
  const validBefore = Math.floor(createdAt / 1000) + chance.pick([10, 120, 900])
  return {
    ...base,
    microUsd: BigInt(1 + chance.below(20)),
    requestDigest: `0x${String(chance.below(4)).repeat(64)}`,
    labels: chance.is(0.5) ? { task: chance.pick(['1', '2']), 'an "odd.one': 'x' } : {},
    resource: { ...base.resource, host: chance.pick(['a', 'b']) },
    terms: { ...base.terms, validBefore, ...(chance.is(0.2) && { isMaximum: true }) },
    scopes: ['wallet', ...scopes.slice(1).filter(() => chance.is(0.5))],
    countsUntil: (validBefore + 120) * 1000,
  }
}

type Step = (ledger: Ledger) => Promise<unknown>

function reserve(scene: Scene): Step {
  const { chance } = scene
  const isKnown = scene.made > 0 && chance.is(0.35)
  if (!isKnown) scene.made += 1
  const payment = paymentOf(scene, isKnown ? Math.max(1, scene.made - chance.below(12)) : scene.made)
  const limits = Array.from({ length: chance.below(3) }, () => limitOf(scene))
  const held = limits.filter(({ scope }) => payment.scopes.includes(scope))
  const unresolvedForMs = chance.pick([undefined, undefined, 0, 60_000, hour])
  return async (ledger) => ledger.reserve(payment, held, { renew: isKnown, unresolvedForMs })
}

/** Under the same nonce for another price, as one that knows of all that was signed with it. */
function reprice(scene: Scene, known: Payment | undefined): Step {
  if (!known) return reserve(scene)
  const { id, earlier = [], amount, payTo } = known
  const anew = paymentOf(scene, Number.parseInt(id.slice(-8), 16))
  const microUsd = known.microUsd > anew.microUsd ? known.microUsd : anew.microUsd
  const all = { earlier: [...earlier, { amount, payTo }], scopes: [...new Set([...known.scopes, ...anew.scopes])] }
  const payment = { ...anew, ...all, amount: amount + 1n, microUsd }
  return async (ledger) => ledger.reserve(payment, [], { renew: true })
}

function update({ chance }: Scene, known: Payment | undefined): Step {
  const status = chance.pick(statuses)
  const paid = {
    transaction: '0x1',
    network: 'eip155:84532',
    payer: 'payer',
    amount: BigInt(chance.below(12)),
  } as const
  const change: PaymentUpdate = {
    status,
    undelivered: chance.is(0.3) ? true : undefined,
    resolution: chance.is(0.1) ? { by: 'owner', as: 'paid', reason: 'it was looked at' } : undefined,
    receipt: chance.is(0.4) ? { status: status === 'confirmed' ? 'confirmed' : 'claimed', ...paid } : undefined,
    ifTerms:
      known && chance.is(0.2) ? { ...known.terms, validBefore: known.terms.validBefore + chance.below(2) } : undefined,
  }
  return async (ledger) => ledger.update(known?.id ?? sampleId(1), change)
}

function list({ chance, now, made }: Scene): Step {
  const filter: PaymentFilter = {
    status: chance.pick([undefined, undefined, 'authorized', 'unknown', 'claimed']),
    host: chance.pick([undefined, 'a']),
    scope: chance.pick([undefined, ...scopes]),
    labels: chance.pick([undefined, { task: '1' }, { task: '2', 'an "odd.one': 'x' }]),
    since: chance.is(0.2) ? now - 60_000 : undefined,
    before: chance.is(0.3) && made > 0 ? sampleId(1 + chance.below(made)) : undefined,
    limit: chance.pick([undefined, 0, 1, 1000]),
  }
  return async (ledger) => ledger.list(filter)
}

function usage(scene: Scene): Step {
  const limits = Array.from({ length: 4 }, () => limitOf(scene))
  const at = scene.now + scene.chance.pick([0, -1000, 60_000, 24 * hour])
  return async (ledger) => ledger.usage(limits, at)
}

function setTime(scene: Scene): Step {
  scene.now += scene.chance.pick([-24 * hour, -hour, hour])
  return async (ledger) => ledger.setTime?.(scene.now, 'it was wrong')
}

/** More than leave a window at a time. */
function reserveMany(scene: Scene): Step {
  const all = Array.from({ length: 700 }, () => paymentOf(scene, (scene.made += 1)))
  return async (ledger) => Promise.all(all.map(async (payment) => ledger.reserve(payment, [])))
}

const steps = [reserve, reserve, reserve, reserve, reprice, update, update, update, usage, usage, list, list]

/** In a form that two ledgers have in common, whatever order they keep fields in. */
function written(answer: unknown): string {
  return JSON.stringify(answer, (_name, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
  })
}

async function answerOf(step: Step, ledger: Ledger): Promise<string> {
  return step(ledger).then(written, (error: unknown) => `thrown: ${String(error)}`)
}

/** Opens it anew, now and then as the version before would have left it. */
function openAnew(file: string, ledger: SqliteLedger, { chance }: Scene): SqliteLedger {
  ledger.close()
  if (chance.is(0.6)) {
    const database = new DatabaseSync(file)
    database.exec(toVersion4)
    database.close()
  }
  return sqliteLedger(file, { monotonic: false })
}

test.each([1, 2, 3])(
  'a SQLite ledger answers as one in memory, opened anew and brought up to date: %i',
  async (seed) => {
    const scene: Scene = { chance: createChance(seed), now: noon, made: 0 }
    const { chance } = scene
    const file = join(directory, `${seed}.db`)
    const memory = memoryLedger()
    let ledger = sqliteLedger(file, { monotonic: false })
    for (let count = 0; count < 150; count += 1) {
      if (chance.is(0.03)) ledger = openAnew(file, ledger, scene)
      if (chance.is(0.15)) scene.now += chance.pick([1, 1000, 60_000, 240_000, hour, 24 * hour, -5000])
      const known = await memory.get(sampleId(Math.max(1, scene.made - chance.below(12))))
      const make = chance.is(0.02) ? chance.pick([setTime, reserveMany]) : chance.pick(steps)
      const step = make(scene, known)
      expect(await answerOf(step, ledger), `step ${count}, ${make.name}`).toBe(await answerOf(step, memory))
    }
    await ledger.verify()
    ledger.close()
  },
)

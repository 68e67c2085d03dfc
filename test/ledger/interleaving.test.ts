import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ledger, Limit, Payment, Pin, SessionId } from '../../src/index.js'
import { noon, sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { type LedgerMaker, ledgerMakers } from '../support/ledgers.ts'

const limits: readonly Limit[] = [
  sampleLimit(30n),
  sampleLimit(3n, { name: 'open', measure: 'open' }),
  sampleLimit(2n, { name: 'unknown', measure: 'unknown' }),
]
const sessions = [1, 2].map((number): SessionId => `ses_${number.toString(16).padStart(32, '0')}`)
const approvalId = (number: number): `apr_${string}` => `apr_${number.toString(16).padStart(32, '0')}`

const buyer = fc.record({
  approval: fc.constantFrom(undefined, 0, 1),
  session: fc.constantFrom(0, 1),
  payee: fc.constantFrom('alice', 'alice', 'bob'),
  microUsd: fc.bigInt({ min: 1n, max: 20n }),
  outcome: fc.constantFrom('claimed' as const, 'unknown' as const, 'released' as const),
})
type Buyer = typeof buyer extends fc.Arbitrary<infer one> ? one : never

/** What has been answered to whoever forbids something: what starts later has to heed it. */
type Forbidden = { readonly denied: Set<number>; readonly revoked: Set<number>; isFrozen: boolean }
type Recorded = { readonly payment: Payment; readonly buyer: Buyer }
type Scene = {
  readonly ledger: Ledger & { readonly verify?: () => Promise<void> }
  readonly turn: () => Promise<unknown>
  readonly forbidden: Forbidden
  readonly recorded: Recorded[]
  /** Every yes that was given. */
  readonly approved: number[]
}

/** Asks for leave if it must, pays, and says what became of it; heeds nothing by itself. */
async function buy(number: number, buyer: Buyer, { ledger, turn, forbidden, recorded }: Scene): Promise<void> {
  const payment = samplePayment(number, { microUsd: buyer.microUsd, requestDigest: `0x${'0'.repeat(64)}` })
  const pin: Pin = { name: 'payee', key: 'payee', value: buyer.payee, onDiffer: 'deny' }
  for (let attempt = 0; attempt < 4; attempt += 1) {
    await turn()
    const approval = buyer.approval === undefined ? undefined : approvalId(buyer.approval)
    const isForbidden =
      forbidden.isFrozen ||
      forbidden.revoked.has(buyer.session) ||
      (buyer.approval !== undefined && forbidden.denied.has(buyer.approval))
    const session = sessions[buyer.session] as SessionId
    const answer = await ledger.reserve(payment, limits, { approval, sessions: [session], pins: [pin] })
    if (answer.ok) {
      expect(isForbidden).toBe(false)
      recorded.push({ payment, buyer })
      await turn()
      await ledger.update(payment.id, { status: buyer.outcome })
      return
    }
    if (answer.reason !== 'approval' || approval === undefined) return
    await turn()
    const { resource, asset, amount, microUsd, payTo, labels } = payment
    const terms = { resource, asset, amount, microUsd, payTo, labels, requestedAt: noon, expiresAt: noon + 60_000 }
    await ledger.requestApproval({ id: approval, kind: 'approval', status: 'pending', reason: 'dear', ...terms })
  }
}

async function decide(status: 'approved' | 'denied', number: number, scene: Scene): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await scene.turn()
    const decided = await scene.ledger.decideApproval(approvalId(number), status, noon)
    if (decided?.status === 'denied') scene.forbidden.denied.add(number)
    if (decided?.status === 'approved') scene.approved.push(number)
  }
}

async function forbid(what: 'freeze' | 'revoke' | 'nothing', { ledger, turn, forbidden }: Scene): Promise<void> {
  await turn()
  await turn()
  if (what === 'freeze') await ledger.freeze({ reason: 'enough', at: noon })
  if (what === 'freeze') forbidden.isFrozen = true
  if (what === 'revoke') await ledger.revokeSession(sessions[0] as SessionId)
  if (what === 'revoke') forbidden.revoked.add(0)
}

async function checkInvariants({ ledger, recorded, approved }: Scene): Promise<void> {
  const payments = await ledger.list({ limit: 1000 })
  expect(payments.map(({ id }) => id).toSorted()).toEqual(recorded.map(({ payment }) => payment.id).toSorted())
  const counting = payments.filter(({ status }) => status !== 'released')
  const [money, open, unknown] = (await ledger.usage(limits, noon)).map(({ used }) => used)
  expect(money).toBe(counting.reduce((sum, { microUsd }) => sum + microUsd, 0n))
  expect(money).toBeLessThanOrEqual(30n)
  const isUnknown = counting.filter(({ status }) => status === 'unknown').length
  expect([open, unknown]).toEqual([BigInt(isUnknown), BigInt(isUnknown)])
  expect(open).toBeLessThanOrEqual(3n)
  for (const number of [0, 1]) {
    const yeses = approved.filter((one) => one === number).length
    expect(recorded.filter(({ buyer }) => buyer.approval === number).length).toBeLessThanOrEqual(yeses)
  }
  expect(new Set(recorded.map(({ buyer }) => buyer.payee)).size).toBeLessThanOrEqual(1)
  await ledger.verify?.()
}

describe.each(Object.keys(ledgerMakers))('a ledger in %s, with buyers, humans and guards at once', (kind) => {
  let maker: LedgerMaker
  beforeAll(async () => {
    maker = (await ledgerMakers[kind]?.()) as LedgerMaker
  }, 60_000)
  afterAll(() => maker?.stop())

  test('keeps its limits, uses each approval once and heeds every no, in any order', { timeout: 120_000 }, async () => {
    const numRuns = { memory: 300, SQLite: 40, PostgreSQL: 12 }[kind] ?? 20
    const stops = fc.constantFrom('freeze' as const, 'revoke' as const, 'nothing' as const, 'nothing' as const)
    const buyers = fc.array(buyer, { minLength: 4, maxLength: 8 })
    const property = fc.asyncProperty(
      fc.scheduler(),
      buyers,
      stops,
      fc.boolean(),
      async (scheduler, all, stop, isNo) => {
        const turn = () => scheduler.schedule(Promise.resolve())
        const forbidden = { denied: new Set<number>(), revoked: new Set<number>(), isFrozen: false }
        const scene: Scene = { ledger: maker.create(), turn, forbidden, recorded: [], approved: [] }
        const actors = [
          ...all.map((one, index) => buy(index, one, scene)),
          decide('approved', 0, scene),
          decide('approved', 1, scene),
          ...(isNo ? [decide('denied', 0, scene)] : []),
          forbid(stop, scene),
        ]
        await scheduler.waitFor(Promise.all(actors))
        await checkInvariants(scene)
      },
    )
    await fc.assert(property, { numRuns })
  })
})

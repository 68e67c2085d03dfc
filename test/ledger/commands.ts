import fc from 'fast-check'
import { expect } from 'vitest'
import type {
  Approval,
  Ledger,
  Limit,
  Payment,
  PaymentId,
  Pin,
  Reservation,
  SessionId,
  Window,
} from '../../src/index.js'
import { createPayment } from '../support/payments.ts'
import type { Model } from './model.ts'

type Command = fc.AsyncCommand<Model, Ledger>

const hex = (number: number): string => number.toString(16).padStart(32, '0')
const idOf = (number: number): PaymentId => `pay_${hex(number)}`
const approvalOf = (number: number): Approval['id'] => `apr_${hex(number)}`
const sessionOf = (number: number): SessionId => `ses_${hex(number)}`
const day = 86_400_000

/** Creates a step that is done to both, whose answers have to be the same. */
function command(name: string, run: (model: Model, ledger: Ledger) => Promise<readonly [unknown, unknown]>): Command {
  return {
    check: () => true,
    run: async (model, ledger) => {
      const [said, expected] = await run(model, ledger)
      expect(said, name).toEqual(expected)
    },
    toString: () => name,
  }
}

const limit: fc.Arbitrary<Limit> = fc.record({
  name: fc.constant('limit'),
  scope: fc.constantFrom('wallet', 'host:a', 'host:b'),
  measure: fc.constantFrom('microUsd' as const, 'count' as const, 'open' as const, 'unknown' as const),
  window: fc.constantFrom<Window>(
    { type: 'payment' },
    { type: 'rolling', seconds: 3600 },
    { type: 'rolling', seconds: 86_400 },
    { type: 'lifetime' },
    { type: 'calendar', period: 'day', timeZone: 'UTC' },
    { type: 'calendar', period: 'month', timeZone: 'UTC' },
  ),
  max: fc.bigInt({ min: 0n, max: 40n }),
})
const pin: fc.Arbitrary<Pin> = fc
  .record({
    key: fc.constantFrom('payee', 'price'),
    value: fc.bigInt({ min: 1n, max: 4n }),
    percent: fc.constantFrom(undefined, 0, 50, 100),
    onDiffer: fc.constantFrom('deny' as const, 'approve' as const),
  })
  .map(({ key, value, percent, onDiffer }) => ({
    name: key,
    key,
    value: value.toString(),
    onDiffer,
    ...(key === 'price' && percent !== undefined ? { maxRisePercent: percent } : {}),
  }))
const sessions = fc.subarray([1, 2, 3].map(sessionOf))
const options = fc.record({
  renew: fc.constantFrom(undefined, false, true),
  unresolvedForMs: fc.constantFrom(undefined, 0, 60_000, 3_600_000),
  approval: fc.option(fc.integer({ min: 0, max: 3 }).map(approvalOf), { nil: undefined, freq: 2 }),
  sessions: fc.option(sessions, { nil: undefined }),
  pins: fc.option(fc.array(pin, { maxLength: 2 }), { nil: undefined, freq: 2 }),
  newPins: fc.option(fc.array(pin, { maxLength: 1 }), { nil: undefined, freq: 1 }),
})
const asked = fc.record({
  number: fc.integer({ min: 0, max: 20 }),
  digest: fc.integer({ min: 0, max: 2 }),
  host: fc.constantFrom('a', 'b'),
  microUsd: fc.bigInt({ min: 1n, max: 15n }),
  life: fc.constantFrom(120, 900),
  limits: fc.array(limit, { maxLength: 4 }),
  options,
})

const reserve = asked.map(({ number, digest, host, microUsd, life, limits: all, options }) =>
  command(`reserve ${number} ${show({ digest, host, microUsd, life, all, options })}`, async (model, ledger) => {
    const createdAt = model.state.wall
    const base = createPayment()
    const validBefore = Math.floor(createdAt / 1000) + life
    const payment: Payment = {
      ...base,
      id: idOf(number),
      purchaseKey: hex(number),
      requestDigest: `0x${hex(digest)}`,
      microUsd,
      terms: { ...base.terms, validBefore },
      scopes: ['wallet', `host:${host}`, ...(options.sessions ?? [])],
      createdAt,
      countsUntil: (validBefore + 120) * 1000,
    }
    const limits = all.filter(({ scope }) => payment.scopes.includes(scope))
    const answer = await ledger.reserve(payment, limits, options)
    return [summary(answer, limits), model.reserve(payment, limits, options)]
  }),
)

function summary(answer: Reservation, limits: readonly Limit[]): unknown {
  if (answer.ok) return 'recorded'
  const { reason } = answer
  if (reason === 'exists') return { reason, id: answer.payment.id, presentations: answer.payment.presentations }
  if (reason === 'approval') return { reason, status: answer.approval?.status }
  if (reason === 'pin') return { reason, key: answer.pin.key, remembered: answer.remembered }
  if (reason === 'frozen') return { reason, freeze: answer.freeze }
  if (reason === 'revoked') return { reason, session: answer.session }
  if (reason === 'late' || reason === 'clock') return { reason }
  return { reason, index: limits.indexOf(answer.limit), used: answer.used, fitsAt: answer.fitsAt }
}

const update = fc
  .record({
    number: fc.integer({ min: 0, max: 20 }),
    status: fc.constantFrom(...(['claimed', 'unknown', 'unknown', 'released', 'expired', 'confirmed'] as const)),
    undelivered: fc.constantFrom(undefined, true),
  })
  .map(({ number, status, undelivered }) =>
    command(`update ${number} to ${status}${undelivered ? ' undelivered' : ''}`, async (model, ledger) => {
      const moved = await ledger.update(idOf(number), { status, undelivered }).catch(() => undefined)
      return [moved?.status ?? 'refused', model.update(idOf(number), { status, undelivered })]
    }),
  )

const usage = fc.array(limit, { minLength: 1, maxLength: 4 }).map((limits) =>
  command(`usage ${show(limits)}`, async (model, ledger) => {
    const answers = await ledger.usage(limits, model.state.wall)
    return [answers.map(({ used, freesAt }) => ({ used, freesAt })), model.usage(limits)]
  }),
)

const request = fc
  .record({
    number: fc.integer({ min: 0, max: 3 }),
    kind: fc.constantFrom('approval' as const, 'delay' as const),
    delay: fc.constantFrom(0, 60_000),
    life: fc.constantFrom(30_000, 600_000),
  })
  .map(({ number, kind, delay, life }) =>
    command(`request ${kind} ${number} due in ${delay} for ${life}`, async (model, ledger) => {
      const { resource, asset, amount, microUsd, payTo, labels } = createPayment()
      const requestedAt = model.state.wall
      const terms = { resource, asset, amount, microUsd, payTo, labels, reason: 'above $10.00' }
      const wanted: Approval = {
        id: approvalOf(number),
        kind,
        status: 'pending',
        ...terms,
        requestedAt,
        expiresAt: requestedAt + life,
        ...(kind === 'delay' ? { executableAt: requestedAt + delay } : {}),
      }
      return [(await ledger.requestApproval(wanted)).status, model.request(wanted)]
    }),
  )

const decide = fc
  .record({ number: fc.integer({ min: 0, max: 3 }), status: fc.constantFrom('approved' as const, 'denied' as const) })
  .map(({ number, status }) =>
    command(`decide ${number} ${status}`, async (model, ledger) => {
      const decided = await ledger.decideApproval(approvalOf(number), status, model.state.wall)
      return [decided?.status, model.decide(approvalOf(number), status)]
    }),
  )

const list = fc.constant(
  command('list approvals', async (model, ledger) => {
    const listed = await ledger.listApprovals(model.state.wall)
    return [listed.map(({ id, status }) => `${id} ${status}`), model.listed()]
  }),
)

const freeze = fc.boolean().map((isFrozen) =>
  command(isFrozen ? 'freeze' : 'unfreeze', async (model, ledger) => {
    model.state.frozen = isFrozen ? { reason: 'the owner said so', at: model.state.wall } : undefined
    await ledger.freeze(model.state.frozen)
    return [await ledger.frozen(), model.state.frozen]
  }),
)

const revoke = fc.record({ number: fc.integer({ min: 1, max: 3 }), looked: sessions }).map(({ number, looked }) =>
  command(`revoke session ${number}`, async (model, ledger) => {
    model.revoked.add(sessionOf(number))
    await ledger.revokeSession(sessionOf(number))
    return [await ledger.revoked(looked), looked.find((id) => model.revoked.has(id))]
  }),
)

const wait = (steps: readonly number[]) =>
  fc.constantFrom(...steps).map((milliseconds) =>
    command(`wait ${milliseconds}`, async (model) => {
      model.state.wall += milliseconds
      return [0, 0]
    }),
  )

/** The steps that can be done to a ledger; clocks that are set back are for those ledgers that have one clock. */
export function commandsOf(isMonotonic: boolean): fc.Arbitrary<Iterable<Command>> {
  const pass = [0, 1000, 60_000, 600_000, 3_000_000, day, ...(isMonotonic ? [] : [-5000, -3 * day])]
  const often = [reserve, reserve, reserve, reserve, update, update, wait(pass), request, decide, usage]
  return fc.commands([...often, ...often, list, freeze, freeze, revoke], { maxCommands: 80, size: 'max' })
}

function show(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner))
}

import type { Payment } from 'stipend'
import { contracts } from './permit2.ts'
import { checkPermits } from './permit-invariants.ts'
import { idOf, isFree, type Settlement, settlementsOf, type SignedPayment } from './rails.ts'
import { require } from './require.ts'
import { checkSessions } from './sessions.ts'
import type { Signed, World } from './world.ts'
import { limits } from './world.ts'

/**
 * How much of an hour the limit of an hour surely covers: the wallet's clock may be believed although it is five minutes
 * ahead, or half an hour when its process began.
 */
const surelyCoveredMs = 1_500_000
/** How far behind a clock may be and still counts payments in the hour in which they are made. */
const surelyRightMs = 300_000

/** Checks what has to hold whatever happens, by looking at the chains, the shop and the ledger from outside. */
export async function check(world: World): Promise<void> {
  const payments = await world.payments()
  const standing = await standingOf(payments, world)
  const settlements = new Map(settlementsOf(world).map((one) => [one.id, one]))
  checkLimits(world, settlements)
  checkPurchases(world, settlements)
  checkSessions(world, settlements)
  await checkTotal(payments, world)
  for (const payment of standing.values()) checkStatus(payment, world, settlements.get(idOf(payment)))
  for (const one of world.signed) checkSigned(one)
  checkPermits([...standing.values()], world)
  checkSent(standing, world)
  for (const { mostInFlight } of world.processes) {
    const most = world.maxInFlight ?? mostInFlight
    require('places', mostInFlight <= most, `${mostInFlight} payments of ${most} were under way at once`)
  }
}

/** I3 and I10: what was sent is recorded, and what was signed. */
function checkSent(standing: ReadonlyMap<string, Payment>, { shop, signed: all, wires }: World): void {
  const signed = new Set(all.map(({ wire }) => wire))
  for (const { id, wire, signature, hasFailed } of shop.sightings) {
    const recorded = standing.get(id)
    const isRecorded = recorded !== undefined && (recorded.status !== 'released' || hasFailed?.())
    require('I3', isRecorded === true, 'a payment left that is not recorded')
    const isSigned = signature === undefined ? signed.has(wire) : wires.get(signature) === wire
    require('I10', isSigned, 'what was sent is not what was signed')
  }
}

/** All that was ever recorded, as it stood last: a payment that is over can have been made again as another. */
async function standingOf(payments: readonly Payment[], { history }: World): Promise<ReadonlyMap<string, Payment>> {
  const standing = new Map<string, Payment>()
  for (const { id } of payments) {
    for (const payment of await history(id)) standing.set(idOf(payment), payment)
  }
  return standing
}

type Settlements = ReadonlyMap<string, Settlement>

/** I1: what is gone, and what whoever has seen it can still take, stays within the limits. */
function checkLimits({ shop, time, judged, signed, state }: World, settlements: Settlements): void {
  const gone = [...new Set(signed.map(({ id }) => id))].flatMap((id) => settlements.get(id) ?? [])
  const covered = time.now() - surelyCoveredMs
  const takeable = shop.sightings.filter(({ canExecute }) => canExecute())
  const open = sumOnce(takeable)
  const total = sum(gone.map(({ value }) => value)) + open
  require('I1', total <= limits.total, `${total} of ${limits.total} in total`)
  // A message of Solana is executed whatever time its wallet thinks it is, and is counted at that time.
  const late = new Set(signed.flatMap(({ id, wrongBy }) => (wrongBy < -surelyRightMs ? [id] : [])))
  const recent = gone.filter(({ id, at }) => at > covered && !late.has(id))
  const hourly =
    sum(recent.map(({ value }) => value)) +
    sumOnce(takeable.filter(({ id, countsUntil }) => countsUntil > covered && !late.has(id)))
  require('I1', hourly <= limits.hourly, `${hourly} of ${limits.hourly} within half an hour`)
  const large = new Set(signed.flatMap(({ id, value }) => (value > limits.withoutApproval ? [id] : [])))
  require('I12', large.size <= state.approvals, `${large.size} large payments by ${state.approvals} approvals`)
  require('I10', signed.every(({ to, value }) => judged.has(`${to}/${value}`)), 'no rule has judged it')
}

/** I2: the path of a request names its purchase, no two contracts take its nonce, and no invoice is paid again that has not failed. */
function checkPurchases(world: World, settlements: Settlements): void {
  const { shop, lightning } = world
  require('I2', settlements.size === settlementsOf(world).length, 'two contracts have executed one nonce')
  for (const { id, askedAgain } of lightning.asked())
    require('I2', askedAgain === 0, `${id} was asked to be paid again, and had not failed`)
  const paid = new Map<string, Set<string>>()
  for (const { path, id } of shop.sightings) {
    if (settlements.has(id)) paid.set(path, (paid.get(path) ?? new Set()).add(id))
  }
  for (const [path, ids] of paid) require('I2', ids.size <= 1, `${path} was paid ${ids.size} times`)
}

/** I4 and I5: what a ledger says is final is what final blocks show, and what it has let go can never be executed. */
function checkStatus(payment: Payment, { shop, state }: World, settled: Settlement | undefined): void {
  const { id, status, earlier = [] } = payment
  // One node is believed when it says that a payment counts, so one that lies can say so too early.
  if (status === 'confirmed' && !state.hasLiar) {
    const isOurs = [payment, ...earlier].some(
      ({ payTo, amount }) =>
        settled?.to === payTo && (payment.terms.isMaximum ? settled.value <= amount : settled.value === amount),
    )
    require('I4', isOurs && settled?.isFinal === true, `${id} is confirmed and not in a final block`)
  }
  if (!isFree(status)) return
  const live = shop.sightings.find((one) => one.id === idOf(payment) && one.canExecute())
  require('I5', settled === undefined, `${id} is ${status}, and was executed`)
  require('I5', live === undefined, `${id} is ${status}, and can still be executed`)
}

/** I7: what the ledger says is used is the sum of its payments. */
async function checkTotal(payments: readonly Payment[], { ledger, time }: World): Promise<void> {
  const limit = { name: 'all', scope: 'wallet', window: { type: 'lifetime' }, measure: 'microUsd', max: 1n } as const
  const [usage] = await ledger.usage([limit], time.now())
  const total = sum(payments.flatMap(({ status, microUsd }) => (isFree(status) ? [] : [microUsd])))
  require('I7', usage?.used === total, `${usage?.used} is used, and ${total} were paid`)
}

/** I4 and I5, at the end: of all that was recorded the ledger says what the final blocks show. */
export async function checkEnd(world: World): Promise<void> {
  const executed = new Set(settlementsOf(world).map(({ id }) => id))
  for (const payment of (await standingOf(await world.payments(), world)).values()) {
    const { id, status } = payment
    // What was claimed can be let go of before a chain has said so: it counts on.
    if (status === 'claimed' && (await world.ledger.get(id)) === undefined) continue
    if (executed.has(idOf(payment))) require('end', status === 'confirmed', `${id} was executed, and is ${status}`)
    // What a node that lied had confirmed too early can have been undone since.
    else if (!world.state.hasLiar && !isNeverAsked(payment, world))
      require('end', isFree(status), `${id} was never executed, and is ${status}`)
  }
}

/** A Lightning wallet that was never asked to pay says nothing: its owner has to. */
function isNeverAsked({ scheme, terms }: Payment, { lightning }: World): boolean {
  return scheme === 'bolt11' && lightning.findById(terms.nonce)?.state === 'new'
}

/** I3 and I10: before it was signed, the ledger had just this payment. */
function checkSigned({ to, value, validBefore, spender, isGivenUp, recorded }: Signed): void {
  const last = recorded.at(-1)
  const isOnRecord = last !== undefined && (last.status !== 'released' || isGivenUp)
  require('I3', isOnRecord, 'the key was used before the record')
  const isRecorded = recorded.some(
    ({ amount, payTo, terms }) =>
      amount === value &&
      payTo === to &&
      (validBefore ?? terms.validBefore) === terms.validBefore &&
      (terms.method === 'permit2' ? contracts.proxy : undefined) === spender,
  )
  require('I10', isRecorded, 'what was signed is not what was recorded')
}

/** Adds up what can be executed once each, the most of it where there is a choice. */
function sumOnce(payments: readonly SignedPayment[]): bigint {
  const values = new Map<string, bigint>()
  for (const { id, value } of payments) if (value > (values.get(id) ?? 0n)) values.set(id, value)
  return sum([...values.values()])
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n)
}

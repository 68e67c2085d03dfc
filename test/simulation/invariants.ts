import type { Payment } from 'stipend'
import type { Movement } from './chain.ts'
import type { Signed, World } from './world.ts'
import { limits } from './world.ts'

/** A promise that was broken. */
export class Broken extends Error {
  constructor(invariant: string, what: string) {
    super(`${invariant} is broken: ${what}`)
  }
}

/**
 * How much of an hour the limit of an hour surely covers: the wallet's clock may be believed although it is five minutes
 * ahead, or half an hour when its process began.
 */
const surelyCoveredMs = 1_500_000

/** Checks what has to hold whatever happens, by looking at the chain, the shop and the ledger from outside. */
export async function check(world: World): Promise<void> {
  const payments = await world.payments()
  const byNonce = new Map(payments.map((payment) => [payment.terms.nonce as string, payment]))
  checkLimits(world)
  checkPurchases(world)
  await checkTotal(payments, world)
  for (const payment of payments) checkStatus(payment, world)
  for (const one of world.signed) checkSigned(one)
  const signed = new Set(world.signed.map(({ message }) => wireOf(message)))
  for (const { transfer } of world.shop.sightings) {
    const recorded = byNonce.get(transfer.nonce)
    require('I3', recorded !== undefined && recorded.status !== 'released', 'a payment left that is not recorded')
    require('I10', signed.has(wireOf(transfer)), 'what was sent is not what was signed')
  }
}

/** I1: what is gone, and what whoever has seen it can still take, stays within the limits. */
function checkLimits({ chain, shop, time, judged, signed, state }: World): void {
  const gone = chain.movements.filter(({ nonce }) => signed.some(({ message }) => message['nonce'] === nonce))
  const executed = new Set(gone.map(({ nonce }) => nonce))
  const takeable = new Map<string, bigint>()
  for (const { transfer } of shop.sightings) {
    const isOver = time.now() / 1000 >= Number(transfer.validBefore)
    if (isOver || executed.has(transfer.nonce)) continue
    const known = takeable.get(transfer.nonce) ?? 0n
    const value = BigInt(transfer.value)
    takeable.set(transfer.nonce, value > known ? value : known)
  }
  const open = sum([...takeable.values()])
  const total = sum(gone.map(({ value }) => value)) + open
  require('I1', total <= limits.total, `${total} of ${limits.total} in total`)
  const recent = gone.filter(({ at }) => at > time.now() - surelyCoveredMs)
  const hourly = sum(recent.map(({ value }) => value)) + open
  require('I1', hourly <= limits.hourly, `${hourly} of ${limits.hourly} within half an hour`)
  const large = new Set(
    signed.flatMap(({ message }) =>
      BigInt(String(message['value'])) > limits.withoutApproval ? [message['nonce']] : [],
    ),
  )
  require('I12', large.size <= state.approvals, `${large.size} large payments by ${state.approvals} approvals`)
  require('I10', signed.every(({ message }) =>
    judged.has(`${message['to']}/${message['value']}`),
  ), 'no rule has judged it')
}

/** I2: the path of a request names its purchase. */
function checkPurchases({ chain, shop }: World): void {
  const paid = new Map<string, Set<string>>()
  const executed = new Set(chain.movements.map(({ nonce }) => nonce))
  for (const { path, transfer } of shop.sightings) {
    if (!executed.has(transfer.nonce)) continue
    paid.set(path, (paid.get(path) ?? new Set()).add(transfer.nonce))
  }
  for (const [path, nonces] of paid) require('I2', nonces.size <= 1, `${path} was paid ${nonces.size} times`)
}

/** I4 and I5: what a ledger says is final is what final blocks show, and what it has let go can never be executed. */
function checkStatus({ id, status, terms, payTo, amount }: Payment, { chain, shop, time, state }: World): void {
  const moved = chain.movements.find(({ nonce }) => nonce === terms.nonce)
  // One node is believed when it says that a payment counts, so one that lies can say so too early.
  if (status === 'confirmed' && !state.hasLiar) {
    const isOurs = moved && isTransferOf(moved, payTo, amount) && chain.isFinal(moved)
    require('I4', isOurs === true, `${id} is confirmed and not in a final block`)
  }
  if (!isFree(status)) return
  const live = shop.sightings.find(
    ({ transfer }) => transfer.nonce === terms.nonce && Number(transfer.validBefore) > time.now() / 1000,
  )
  require('I5', moved === undefined, `${id} is ${status}, and was executed`)
  require('I5', live === undefined, `${id} is ${status}, and can still be executed`)
}

/** I7: what the ledger says is used is the sum of its payments. */
async function checkTotal(payments: readonly Payment[], { ledger, time }: World): Promise<void> {
  const limit = { name: 'all', scope: 'wallet', window: { type: 'lifetime' }, measure: 'microUsd', max: 1n } as const
  const [usage] = await ledger.usage([limit], time.now())
  const total = sum(payments.flatMap(({ status, microUsd }) => (isFree(status) ? [] : [microUsd])))
  require('I7', usage?.used === total, `${usage?.used} is used, and ${total} were paid`)
}

/** I4 and I5, at the end: of each payment the ledger says what the final blocks show. */
export async function checkEnd(world: World): Promise<void> {
  const { chain, state } = world
  for (const { id, status, terms } of await world.payments()) {
    const isExecuted = chain.movements.some(({ nonce }) => nonce === terms.nonce)
    if (isExecuted) require('end', status === 'confirmed', `${id} was executed, and is ${status}`)
    // What a node that lied had confirmed too early can have been undone since.
    else if (!state.hasLiar) require('end', isFree(status), `${id} was never executed, and is ${status}`)
  }
}

function isFree(status: Payment['status']): boolean {
  return status === 'released' || status === 'expired' || status === 'cancelled'
}

/** I3 and I10: before it was signed, the ledger had just this payment. */
function checkSigned({ message, recorded }: Signed): void {
  const last = recorded.at(-1)
  require('I3', last !== undefined && last.status !== 'released', 'the key was used before the record')
  const isRecorded = recorded.some(
    ({ amount, payTo, terms }) =>
      amount === message['value'] && payTo === message['to'] && BigInt(terms.validBefore) === message['validBefore'],
  )
  require('I10', isRecorded, 'what was signed is not what was recorded')
}

const fields = ['from', 'to', 'value', 'validAfter', 'validBefore', 'nonce'] as const

/** Writes what is signed, and what is sent, alike. */
function wireOf(transfer: Readonly<Record<string, unknown>>): string {
  return fields.map((field) => String(transfer[field])).join(' ')
}

function isTransferOf({ to, value }: Movement, payTo: string, amount: bigint): boolean {
  return to === payTo && value === amount
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n)
}

/** Throws when a promise does not hold. */
export function require(invariant: string, holds: boolean, what: string): void {
  if (!holds) throw new Broken(invariant, what)
}

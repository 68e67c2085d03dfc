import { deepFreeze } from '../lib/freeze.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { LimitExceededError, type Shortage } from '../errors.js'
import type { Chain } from '../ports/chain.js'
import type { Signer } from '../ports/key-store.js'
import type { Asset, Limit, Offer } from '../types.js'

/** What is asked: does an address hold this much of an asset. */
type Question = { readonly address: string; readonly asset: Asset; readonly needed: bigint }

/** Answers what an address holds too little of, as its chain says; nothing where it has enough, or no chain says. */
export type FindShortage = (question: Question) => Promise<Shortage | undefined>

/** What was answered last, and when that was asked for. */
type Known = { readonly at: number; readonly held: Promise<bigint | undefined> }

/** As long as an answer holds that it is enough: payments that follow one another cost one question. */
const enoughForMs = 5_000
/** As long as an answer holds that it is not: whoever has sent money calls again at once. */
const shortForMs = 500
/** As long as a chain that does not answer is not asked again, so that it holds up one payment and not each. */
const silentForMs = 30_000
const maxKnown = 256

/**
 * Makes what looks, before anything is signed, whether there is enough to pay. It only spares a payment that would fail: a
 * chain that is not configured, fails, or does not answer in time stops nothing.
 */
export function createFindShortage(chains: readonly Chain[], monotonic: () => number): FindShortage {
  const known = new Map<string, Known>()
  const ask = (chain: Chain, { address, asset }: Question): Promise<bigint | undefined> => {
    const read = async (): Promise<bigint | undefined> => (await chain.balances?.(address, [asset]))?.[0]
    return within(deadlines.balance, read(), 'the chain did not answer in time').catch(() => undefined)
  }
  return async (question) => {
    const { address, asset, needed } = question
    const chain = chains.find(({ network, balances }) => network === asset.network && balances)
    if (!chain) return undefined
    const key = `${asset.network} ${address} ${asset.address}`
    let found = known.get(key)
    if (!found || (await isStale(found, needed, monotonic()))) {
      found = { at: monotonic(), held: ask(chain, question) }
      if (known.size >= maxKnown) known.clear()
      known.set(key, found)
    }
    const held = await found.held
    if (typeof held !== 'bigint' || held >= needed) return undefined
    return { network: asset.network, address, asset, held, needed }
  }
}

async function isStale({ at, held }: Known, needed: bigint, now: number): Promise<boolean> {
  const amount = await held
  const ageMs = now - at
  if (amount === undefined) return ageMs >= silentForMs
  return ageMs >= (amount >= needed ? enoughForMs : shortForMs)
}

type Paid = { readonly offer: Offer; readonly signer: Signer }

/** Finds what the payer of an offer holds too little of. */
export function shortageOf({ offer, signer }: Paid, findShortage: FindShortage): ReturnType<FindShortage> {
  const { asset, amount: needed } = offer
  return findShortage({ address: signer.address, asset, needed })
}

/**
 * A limit under which nothing new is recorded. A payment that is there already is found all the same: its money may be what
 * is missing, and what it bought is still to be had.
 */
export const nothingNew: Limit = deepFreeze({
  name: 'balance of the wallet',
  scope: 'wallet',
  window: { type: 'payment' },
  measure: 'count',
  max: 0n,
})

/** Tells whether a reservation was refused for want of money alone. */
export function isForShortage(error: unknown): boolean {
  return error instanceof LimitExceededError && error.limit.name === nothingNew.name && error.limit.max === 0n
}

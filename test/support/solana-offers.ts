import { afterEach, beforeEach, expect } from 'vitest'
import { type AgentWalletOptions, isStipendError, type StipendError } from '../../src/index.js'
import { createSolanaAgent } from './solana-agent.ts'
import { type Answer, entryFor, type Json, type SolanaShop, startShop } from './solana-shop.ts'
import { createParties, type Parties, startSolana, type TestSolana } from './solana/index.ts'
import { rejection } from './wallets.ts'

export const system = '1'.repeat(32)
export let chain: TestSolana
export let parties: Parties
const shops: SolanaShop[] = []
export const open = async (accepts: readonly Json[], answer?: Answer): Promise<SolanaShop> => {
  const shop = await startShop(accepts, answer)
  shops.push(shop)
  return shop
}

/** Starts a chain, who pays on it, and the shops that a test opens. */
export function setUpOffers(): void {
  beforeEach(async () => {
    chain = await startSolana()
    parties = await createParties(chain)
  })
  afterEach(async () => {
    for (const shop of shops.splice(0)) await shop.close()
    await chain?.close()
  })
}

/** Asks for a payment by a changed entry, and expects that nothing at all is signed, recorded or sent. */
export async function refuses(different: Json, options: Partial<AgentWalletOptions> = {}): Promise<StipendError> {
  const shop = await open([entryFor(parties, different)])
  const wallet = createSolanaAgent(chain, parties.payer, options)
  const error = await rejection(wallet.fetch(shop.url))
  if (!isStipendError(error)) throw error
  expect(error.moved).toBe('no')
  expect(wallet.signed).toEqual([])
  expect(await wallet.payments.list()).toEqual([])
  expect(shop.transactions).toEqual([])
  return error
}

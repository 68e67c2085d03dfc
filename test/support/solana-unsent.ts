import { afterEach, beforeEach, expect } from 'vitest'
import type { Evidence } from '../../src/evm/index.js'
import { type AgentWallet, memoryLedger, type Payment } from '../../src/index.js'
import { solana, type SolanaOptions } from '../../src/solana/index.js'
import { createSolanaAgent, schemeFor } from './solana-agent.ts'
import { entryFor, type SolanaShop, startShop } from './solana-shop.ts'
import { createParties, type Parties, RpcError, solanaDevnet, startSolana, type TestSolana } from './solana/index.ts'

type Info = { readonly absoluteSlot: number; readonly blockHeight: number }
export type InContext = { readonly context: { readonly slot: number }; readonly value: unknown }
export const day = 86_400_000
export const expired = { type: 'expired' }
export const open = (reason: string): unknown => ({ type: 'open', reason: expect.stringContaining(reason) })
export const refuse = (): never => {
  throw new RpcError(-32005, 'Node is behind by 42 slots')
}
export let chain: TestSolana
export let parties: Parties
export let shop: SolanaShop
export let now: number
/** The height of the newest block when the payment was signed. */
let signedAt: number
const clock = (): number => now
/** Moves the clock of the wallet and the shop on. */
export const passTime = (ms: number): void => {
  now += ms
}
export const rpcs = (): readonly string[] => [`${chain.url}/one`, `${chain.url}/two`]
export const examine = (payment: Payment, options: Partial<SolanaOptions> = {}): Promise<Evidence> =>
  solana({ network: solanaDevnet, rpcs: rpcs(), clock, ...options }).examine(payment)
export const createAgent = (ledger = memoryLedger()): AgentWallet & { readonly signed: readonly Uint8Array[] } =>
  createSolanaAgent(chain, parties.payer, {
    clock,
    ledger,
    schemes: [schemeFor(chain, { clock })],
    chains: [solana({ network: solanaDevnet, rpcs: rpcs(), clock })],
  })
/** Makes blocks until the newest final one is so many above the one that was the newest at signing. */
export const finalize = (blocks: number): void => chain.tick(signedAt + blocks + 32 - chain.blockAt('processed').height)
/** Well over two minutes of blocks: far more than a message can live. */
export const outlive = (): void => finalize(400)

/** Starts a chain, and a shop that fails after it was paid, for each test of a file. */
export function setUpUnsent(): void {
  beforeEach(async () => {
    chain = await startSolana({ mining: 'manual' })
    parties = await createParties(chain)
    now = Date.now()
    shop = await startShop([entryFor(parties)], () => new Response('out of order', { status: 500 }), clock)
  })
  afterEach(async () => {
    await shop?.close()
    await chain?.close()
  })
}

/** Signs a payment that nobody sends. */
export async function pay(wallet = createAgent()): Promise<Payment> {
  await wallet.fetch(shop.url, { payment: { key: 'report' } })
  signedAt = chain.blockAt('processed').height
  const [payment] = await wallet.payments.list()
  if (!payment) throw new Error('nothing was paid')
  return payment
}

/** Has the node that the scheme signs by name a height and a slot that are so many too great. */
export function misplace(
  tag: string,
  { blocks = 0, slots = blocks }: { readonly blocks?: number; readonly slots?: number },
) {
  const ends = [
    chain.lie(
      'getEpochInfo',
      (truth) => {
        const { blockHeight, absoluteSlot } = truth as Info
        return { ...Object(truth), blockHeight: blockHeight + blocks, absoluteSlot: absoluteSlot + slots }
      },
      { tag },
    ),
    chain.lie(
      'getLatestBlockhash',
      (truth) => {
        const { context, value } = truth as InContext
        const { lastValidBlockHeight, ...rest } = value as { readonly lastValidBlockHeight: number }
        return {
          context: { slot: context.slot + slots },
          value: { ...rest, lastValidBlockHeight: lastValidBlockHeight + blocks },
        }
      },
      { tag },
    ),
  ]
  return () => ends.forEach((end) => end())
}

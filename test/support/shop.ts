import {
  type AgentWallet,
  type AgentWalletOptions,
  allowHosts,
  createAgentWallet,
  type Ledger,
  memoryLedger,
  spendingLimit,
} from '../../src/index.js'
import { paidResource, type TestKeyStore, testKeyStore } from '../../src/testing/index.js'

/** A shop at any address, its clock, and wallets that buy there over one ledger. */
export type Shop = {
  readonly scene: { now: number; price: bigint }
  readonly keyStore: TestKeyStore
  readonly ledger: Ledger
  /** What the shop has taken, in atomic units of six decimals: micro-USD. */
  readonly taken: () => bigint
  readonly fetch: typeof globalThis.fetch
  /** Another process, as far as the ledger can tell. */
  readonly open: (options?: Partial<AgentWalletOptions>) => AgentWallet
}

/** Opens a shop on which wallets may spend $100 a day. */
export function openShop({ price = 10_000n, ledger = memoryLedger() as Ledger } = {}): Shop {
  const scene = { now: Date.UTC(2026, 0, 1), price }
  const keyStore = testKeyStore()
  const clock = (): number => scene.now
  const shops = new Map<string, ReturnType<typeof paidResource>>()
  const fetch: typeof globalThis.fetch = (input, init) => {
    const request = new Request(input, init)
    const key = `${new URL(request.url).host} ${scene.price}`
    const shop = shops.get(key) ?? paidResource({ amount: scene.price, clock })
    shops.set(key, shop)
    return shop(request)
  }
  const policy = [
    allowHosts(['shop.example.com', '*.data.example']),
    spendingLimit({ perPaymentUsd: 50, dailyLimitUsd: 100 }),
  ]
  return {
    scene,
    keyStore,
    ledger,
    fetch,
    taken: () => [...shops.values()].reduce((sum, shop) => sum + shop.settled, 0n),
    open: (options) => createAgentWallet({ keyStore, policy, ledger, clock, fetch, ...options }),
  }
}

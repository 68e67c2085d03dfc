import { allowHosts, type AgentWalletOptions, createAgentWallet, memoryLedger, spendingLimit } from '../../src/index.js'
import { type PaidResourceOptions, paidResource, testKeyStore } from '../../src/testing/index.js'

export const url = 'https://shop.example.com/report'
export const price = 10_000n

/** A shop, and wallets of one key and one ledger that buy there, as processes that follow one another. */
export function setUp(options: PaidResourceOptions = {}) {
  const scene = { now: Date.UTC(2026, 5, 17, 12) }
  const clock = (): number => scene.now
  const shop = paidResource({ amount: price, clock, ...options })
  const keyStore = testKeyStore()
  const ledger = memoryLedger()
  const fetch: typeof globalThis.fetch = (input, init) => shop(new Request(input, init))
  const policy = [allowHosts(['shop.example.com']), spendingLimit({ dailyLimitUsd: 1 })]
  const open = (different: Partial<AgentWalletOptions> = {}) =>
    createAgentWallet({ keyStore, ledger, clock, fetch, policy, ...different })
  const nonces = (): number => new Set(keyStore.signed.map(({ message }) => message['nonce'])).size
  return { scene, shop, keyStore, ledger, fetch, open, nonces }
}

import type { Chain } from '../../src/evm/index.js'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowHosts,
  createAgentWallet,
  spendingLimit,
} from '../../src/index.js'
import { paidResource, testKeyStore } from '../../src/testing/index.js'

export const noon = Date.parse('2026-06-17T12:00:00Z')
export const hour = 3_600_000
export const day = 24 * hour
export const price = 600_000n
export const jumped = { code: 'clock_jumped', moved: 'no', retryable: true }

/** A wallet for one purchase an hour, at a shop that trusts the same wall clock; time passes as the test says. */
export function openWallet(options: Partial<AgentWalletOptions> = {}) {
  const time = { wall: noon, passed: 0, final: undefined as number | undefined }
  const keyStore = testKeyStore()
  const shop = paidResource({ amount: price, clock: () => time.wall })
  const chain: Chain = {
    network: 'eip155:84532',
    examine: async () => ({ type: 'open', reason: 'not yet' }),
    time: async () => time.final,
  }
  const wallet = createAgentWallet({
    keyStore,
    policy: [allowHosts(['api.example.com']), spendingLimit({ hourlyLimitUsd: 1, perPaymentUsd: 1 })],
    clock: () => time.wall,
    monotonic: () => time.passed,
    fetch: (input, init) => shop(new Request(input, init)),
    chains: [chain],
    ...options,
  })
  const pass = (milliseconds: number): void => {
    time.wall += milliseconds
    time.passed += milliseconds
  }
  const buy = (key: string) => wallet.fetch('https://api.example.com/report', { payment: { key } })
  return { wallet, keyStore, time, pass, buy }
}

export async function spent(wallet: AgentWallet): Promise<bigint> {
  return (await wallet.budget()).find(({ name }) => name === 'hourly limit')?.used ?? -1n
}

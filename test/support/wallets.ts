import { type AgentWallet, type AgentWalletOptions, allowHosts, createAgentWallet } from '../../src/index.js'
import { testKeyStore } from '../../src/testing/index.js'

/** Creates a wallet that may buy on loopback, and counts what its key signs. */
export function createTestWallet(
  options: Partial<AgentWalletOptions> = {},
): AgentWallet & { readonly signed: readonly unknown[]; readonly signedCharges: readonly unknown[] } {
  const keyStore = testKeyStore()
  const wallet = createAgentWallet({ keyStore, policy: [allowHosts(['http://127.0.0.1:*'])], ...options })
  const { signed, signedCharges } = keyStore
  return Object.assign(Object.create(null) as object, wallet, { signed, signedCharges })
}

/** Answers what a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const settled = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  if (!settled) throw new Error('expected a rejection')
  return settled.error
}

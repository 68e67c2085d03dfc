import { afterEach, beforeEach } from 'vitest'
import {
  ask,
  createParties,
  devnetUsdc,
  type Parties,
  sendPayment,
  signPayment,
  startSolana,
  type TestSolana,
} from './solana/index.ts'

export let chain: TestSolana
export let parties: Parties
export const sign = (payment: Parameters<typeof signPayment>[2] = {}) => signPayment(chain, parties, payment)
export const send = (transaction: string) => sendPayment(chain, transaction, parties.feePayer)
export const valueOf = async (method: string, params: readonly unknown[]): Promise<unknown> =>
  ((await ask(chain, method, params)).result as { readonly value: unknown }).value
export const simulate = async (transaction: string): Promise<unknown> => {
  const config = { encoding: 'base64', commitment: 'confirmed', sigVerify: false }
  return ((await valueOf('simulateTransaction', [transaction, config])) as { readonly err: unknown }).err
}
export const statusOf = async (signature: string, config: unknown = {}): Promise<unknown> =>
  ((await valueOf('getSignatureStatuses', [[signature], config])) as readonly unknown[])[0]
export const paid = () => chain.tokenBalance(parties.payTo, devnetUsdc)

/** Starts the local chain and who pays on it, for each test of a file. */
export function setUpLocalChain(): void {
  beforeEach(async () => {
    chain = await startSolana({ mining: 'manual' })
    parties = await createParties(chain)
  })
  afterEach(() => chain?.close())
}

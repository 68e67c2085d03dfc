import { mpp } from 'stipend/mpp'
import { chargeTempo, type ChargeTempoOptions } from 'stipend/tempo'
import { type AgentWalletOptions, exactEvm, x402 } from '../../src/index.js'
import { createTempoServer, type TempoServerOptions } from './tempo-server.ts'
import { createTestWallet } from './wallets.ts'

/** When these tests begin, in Unix milliseconds. */
export const start: number = Date.UTC(2026, 0, 15, 12)
export const url = 'http://127.0.0.1:8402/report'

/** A server that charges on Tempo, and a wallet that pays there; both at one time, which a test can move. */
export function openTempoShop(
  options: TempoServerOptions = {},
  settings: Partial<AgentWalletOptions> = {},
  scheme: ChargeTempoOptions = {},
) {
  const time = { now: start }
  const clock = () => time.now
  const server = createTempoServer({ clock, ...options })
  const fetch = async (...request: Parameters<typeof globalThis.fetch>) => server(new Request(...request))
  const schemes = [exactEvm(), chargeTempo(scheme)]
  const wallet = createTestWallet({ protocols: [x402(), mpp({ clock })], schemes, clock, fetch, ...settings })
  return { server, wallet, time }
}

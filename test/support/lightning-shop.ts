import { l402, type L402Options, type PaymentMethod } from 'stipend/l402'
import type { AgentWallet, AgentWalletOptions } from '../../src/index.js'
import { createL402Server, type L402Server, type L402ServerOptions } from './l402-server.ts'
import {
  createFakeWallet,
  createLightning,
  type FakeWallet,
  type LightningNode,
  type WalletFault,
} from './lightning.ts'
import { createTestWallet } from './wallets.ts'

export const start = Date.UTC(2026, 0, 15, 12)
export const url = 'http://127.0.0.1:8402/report'

type Shared = {
  readonly node: LightningNode
  readonly lightning: FakeWallet
  readonly server: L402Server
  readonly time: { now: number }
}

type Options = {
  readonly server?: Partial<L402ServerOptions> | undefined
  readonly wallet?: Partial<AgentWalletOptions> | undefined
  readonly method?: Partial<L402Options> | undefined
  readonly btcUsd?: L402Options['btcUsd'] | undefined
  readonly fault?: WalletFault | undefined
  /** A world that another wallet lives in already, such as the same one before it was started anew. */
  readonly shared?: Shared | undefined
}

/** A server that sells by L402, a Lightning wallet, and an agent's wallet with it; all at one time, which a test can move. */
export function openLightning(options: Options = {}): Shared & {
  readonly wallet: AgentWallet
  readonly method: PaymentMethod
} {
  const shared = options.shared ?? createShared(options)
  const { server, lightning, time } = shared
  const clock = (): number => time.now
  const btcUsd = options.btcUsd ?? '100000'
  const method = l402({ wallet: lightning, btcUsd, clock, ...options.method })
  const fetch = async (...request: Parameters<typeof globalThis.fetch>): Promise<Response> =>
    server(new Request(...request))
  const wallet = createTestWallet({ paymentMethods: [method], clock, fetch, ...options.wallet })
  return { ...shared, wallet, method }
}

function createShared({ server, fault }: Options): Shared {
  const time = { now: start }
  const node = createLightning()
  const lightning = createFakeWallet(node, fault)
  return { node, lightning, time, server: createL402Server({ lightning: node, clock: () => time.now, ...server }) }
}

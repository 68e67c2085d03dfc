import { randomBytes } from 'node:crypto'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowHosts,
  type Approval,
  createAgentWallet,
  type Session,
  spendingLimit,
} from 'stipend'
import { createHandler, type Handler } from 'stipend/http'
import { privateKey } from 'stipend/keys'
import { paidResource } from 'stipend/testing'

/** What the shops sell, and for how much. */
const shops: Readonly<Record<string, string>> = {
  'api.weather.example': '0.01',
  'prices.example': '0.002',
  'reports.example': '2.50',
}

/** A wallet with two agents, shops that exist in this process alone, and the service of the owner's page. */
export type Town = {
  readonly wallet: AgentWallet
  readonly handler: Handler
  readonly agents: Readonly<Record<'research' | 'trading', Session>>
}

/** Opens the town; an agent whose payment needs the owner's word waits for it. */
export function openTown(
  password: string,
  { clock = Date.now, chains = [] }: Pick<AgentWalletOptions, 'clock' | 'chains'> = {},
): Town {
  const servers = new Map(
    Object.entries(shops).map(([host, priceUsd]) => [host, paidResource({ priceUsd, clock })] as const),
  )
  const wallet: AgentWallet = createAgentWallet({
    keyStore: privateKey(`0x${randomBytes(32).toString('hex')}`),
    policy: [
      allowHosts(Object.keys(shops)),
      spendingLimit({ instantMaxUsd: 1, dailyLimitUsd: 8, monthlyLimitUsd: 60 }),
      spendingLimit({ hourlyLimitUsd: 6, scope: 'host' }),
    ],
    clock,
    chains,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      return servers.get(new URL(request.url).host)?.(request) ?? new Response(null, { status: 404 })
    },
    onApproval: (approval) => decisionOn(approval, wallet),
  })
  return {
    wallet,
    handler: createHandler({ wallet, masterPassword: password, console: true }),
    agents: {
      research: wallet.session({
        limits: { dailyLimitUsd: 6, totalLimitUsd: 20 },
        expiresAt: clock() + 7 * 86_400_000,
        labels: { agent: 'research' },
      }),
      trading: wallet.session({
        limits: { hourlyLimitUsd: 0.2, dailyLimitUsd: 1 },
        expiresAt: clock() + 86_400_000,
        labels: { agent: 'trading' },
      }),
    },
  }
}

/** Waits until the owner has decided, on the page or elsewhere in this process. */
function decisionOn({ id }: Approval, { on }: AgentWallet): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = on('approval.decided', ({ approval }) => {
      if (approval.id !== id) return
      stop()
      resolve(approval.status === 'approved')
    })
  })
}

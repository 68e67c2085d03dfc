import { http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll } from 'vitest'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowHosts,
  createAgentWallet,
  type Ledger,
  maxPayments,
  memoryLedger,
  spendingLimit,
} from '../../src/index.js'
import { type PaidResource, type PaidResourceOptions, paidResource, testKeyStore } from '../../src/testing/index.js'

/** Where the market is. */
export const url = 'https://shop.example.com/report'

/** A market behind msw, and wallets that buy there: $1 at once, a person beyond, $20 a day. */
export type Market = {
  /** Sells at a URL, from now on. */
  readonly sell: (options?: PaidResourceOptions, at?: string) => PaidResource
  /** Answers at a URL, from now on. */
  readonly serve: (answer: (request: Request) => Response | Promise<Response>, at?: string) => void
  /** Opens a wallet: another process, as far as the ledger can tell. */
  readonly open: (options?: Partial<AgentWalletOptions> & { readonly ledger?: Ledger }) => AgentWallet
  /** How often the key was used since the test began. */
  readonly signed: () => number
  /** What was taken by all that was sold since the test began, in micro-USD. */
  readonly taken: () => bigint
}

/** Sets a market up for the tests of a file; each begins with nothing sold and an empty ledger. */
export function setUpMarket(): Market {
  const network = setupServer()
  const state = { sold: [] as PaidResource[], ledger: memoryLedger(), before: 0 }
  const keyStore = testKeyStore()
  beforeAll(() => network.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => {
    network.resetHandlers()
    state.sold = []
    state.ledger = memoryLedger()
    state.before = keyStore.signed.length
  })
  afterAll(() => network.close())
  const serve: Market['serve'] = (answer, at = url) =>
    network.use(http.all(at, ({ request }) => answerOrFail(answer, request)))
  return {
    serve,
    signed: () => keyStore.signed.length - state.before,
    sell: (options = {}, at = url) => {
      const resource = paidResource(options)
      state.sold.push(resource)
      serve(resource, at)
      return resource
    },
    open: (options = {}) =>
      createAgentWallet({
        keyStore,
        policy: [
          allowHosts(['shop.example.com', '*.data.example']),
          spendingLimit({ instantMaxUsd: 1, dailyLimitUsd: 20 }),
          maxPayments({ count: 1000, per: 'day' }),
        ],
        ledger: state.ledger,
        ...options,
      }),
    taken: () => state.sold.reduce((sum, { settled }) => sum + settled, 0n),
  }
}

/** A connection that is lost: msw would answer a rejection with 500. */
async function answerOrFail(
  answer: (request: Request) => Response | Promise<Response>,
  request: Request,
): Promise<Response> {
  try {
    return await answer(request)
  } catch {
    return Response.error()
  }
}

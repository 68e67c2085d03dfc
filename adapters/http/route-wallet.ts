import type { AgentWallet, Balance, BudgetLine } from 'stipend'
import * as z from 'zod/mini'
import type { JsonObject } from './json.js'
import { writePayment } from './problem.js'
import { RefusedError, refuseInput } from './refused.js'
import { type Caller, checkWalletId, createRoute, type Route } from './route.js'
import { integer, network, nothing, payment, uuid } from './schema.js'

const line = z.strictObject({
  name: z.string(),
  scope: z.string(),
  measure: z.enum(['microUsd', 'count', 'open', 'unknown']),
  max: integer,
  used: integer,
  left: integer,
  freesAt: z.optional(z.number()),
})

const balance = z.strictObject({
  network: z.string(),
  address: z.string(),
  asset: z.string(),
  symbol: z.string(),
  decimals: z.int(),
  amount: integer,
  microUsd: integer,
})

const getAddress = createRoute({
  method: 'GET',
  path: '/v1/wallet/address',
  summary: "Answers the wallet's id, and its address on each network; to a session whose scope has `balances`.",
  callers: ['owner', 'session'],
  query: nothing,
  body: nothing,
  answer: z.strictObject({
    walletId: uuid,
    addresses: z.array(z.strictObject({ network: z.string(), address: z.string() })),
  }),
  run: async ({ caller }, { wallet, walletId }) => {
    const { addresses } = holdingsOf(caller, wallet)
    return { walletId, addresses: (await addresses()).map(writeAddress) }
  },
})

const getBalance = createRoute({
  method: 'GET',
  path: '/v1/wallet/balance',
  summary:
    'Answers what the wallet holds, as its chains say; without chains nothing is known. To a session whose scope has `balances`.',
  callers: ['owner', 'session'],
  query: nothing,
  body: nothing,
  answer: z.strictObject({ balances: z.array(balance) }),
  run: async ({ caller }, { wallet }) => {
    const { balances } = holdingsOf(caller, wallet)
    return { balances: (await balances()).map(writeBalance) }
  },
})

const getBudget = createRoute({
  method: 'GET',
  path: '/v1/wallet/budget',
  summary: 'Answers what is left under each limit, in micro-USD or payments; with a URL those of its host too.',
  callers: ['owner', 'session'],
  query: z.strictObject({ url: z.optional(z.string().check(z.maxLength(8192))) }),
  body: nothing,
  answer: z.strictObject({ limits: z.array(line) }),
  run: async ({ caller, query: { url } }, { wallet, policies }) => {
    if (url !== undefined && !URL.canParse(url)) throw refuseInput('query.url', 'it is not a URL')
    await policies?.refresh()
    const payer = caller.kind === 'session' ? caller.session : wallet
    return { limits: (await payer.budget(url)).map(writeLine) }
  },
})

const postTransfer = createRoute({
  method: 'POST',
  path: '/v1/transfers',
  summary: 'Sends tokens to an address, under the rules of the wallet.',
  callers: ['owner'],
  query: nothing,
  body: z.strictObject({
    walletId: z.optional(uuid),
    network,
    asset: z.string().check(z.minLength(1), z.maxLength(128)),
    to: z.string().check(z.minLength(1), z.maxLength(128)),
    amount: z.string().check(z.regex(/^(0|[1-9]\d{0,30})(\.\d{1,18})?$/)),
    key: z.string().check(z.minLength(1), z.maxLength(256)),
  }),
  answer: z.strictObject({ payment }),
  status: 201,
  run: async ({ body: { walletId, ...rest } }, service) => {
    checkWalletId(walletId, service)
    await service.policies?.refresh()
    return { payment: writePayment(await service.wallet.transfer(rest)) }
  },
})

const postFreeze = createRoute({
  method: 'POST',
  path: '/v1/freeze',
  summary: 'Lets nothing be signed, in every process that shares the ledger, until it is unfrozen.',
  callers: ['owner'],
  query: nothing,
  body: z.strictObject({
    walletId: z.optional(uuid),
    reason: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
  }),
  answer: z.strictObject({ frozen: z.literal(true) }),
  run: async ({ body: { walletId, reason = 'frozen over HTTP' } }, service) => {
    checkWalletId(walletId, service)
    await service.wallet.freeze(reason)
    return { frozen: true }
  },
})

const postUnfreeze = createRoute({
  method: 'POST',
  path: '/v1/unfreeze',
  summary: 'Lets payments be made again.',
  callers: ['owner'],
  query: nothing,
  body: z.strictObject({ walletId: z.optional(uuid) }),
  answer: z.strictObject({ frozen: z.literal(false) }),
  run: async ({ body: { walletId } }, service) => {
    checkWalletId(walletId, service)
    await service.wallet.unfreeze()
    return { frozen: false }
  },
})

/** The routes of the wallet as a whole. */
export const walletRoutes: readonly Route[] = [
  getAddress,
  getBalance,
  getBudget,
  postTransfer,
  postFreeze,
  postUnfreeze,
]

/** Where the money of a wallet is, as far as a caller may see it. */
function holdingsOf(caller: Caller, wallet: AgentWallet): Pick<AgentWallet, 'addresses' | 'balances'> {
  if (caller.kind !== 'session') return wallet
  const { addresses, balances } = caller.session
  if (addresses && balances) return { addresses, balances }
  throw new RefusedError('scope_exceeded', 'Session may not see where the money of the wallet is', {
    status: 403,
    details: ['The owner lets it with `balances` in its scope.'],
  })
}

/** Writes a line of a budget, its amounts in digits. */
export function writeLine({ name, scope, measure, max, used, left, freesAt }: BudgetLine): JsonObject {
  return { name, scope, measure, max: String(max), used: String(used), left: String(left), freesAt }
}

function writeAddress({ network, address }: { readonly network: string; readonly address: string }): JsonObject {
  return { network, address }
}

function writeBalance({ network, address, asset, amount, microUsd }: Balance): JsonObject {
  const { symbol, decimals } = asset
  const [held, worth] = [String(amount), String(microUsd)]
  return { network, address, asset: asset.address, symbol, decimals, amount: held, microUsd: worth }
}

import { parseAddressOn } from '../assets/families.js'
import { aavePools, spokePools, uniswap } from '../assets/pinned-contracts.js'
import { ConfigurationError } from '../errors.js'
import { encodeCall, functions } from '../evm/abi.js'
import { permit2, permit2Proxies } from '../evm/permit2.js'
import { listPages } from '../ledger/list-pages.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import type { ActionChain, ActionPlan, ChainView, PlanToken } from '../ports/action.js'
import type { Chain } from '../ports/chain.js'
import type { PayContext } from '../pay/context.js'
import type { Network, Payment } from '../types.js'
import { readNumber, tokenFinder } from './tokens.js'

/** Who may move how much of a token of the wallet's. */
export type Allowance = {
  readonly network: Network
  readonly token: PlanToken
  readonly spender: string
  /** Atomic units. */
  readonly amount: bigint
  /** Whether its approval was signed beside a payment, and the chain has not executed it yet; it still can. @default false */
  readonly isPending?: boolean | undefined
}

/** Which allowances are looked for, besides those that could come of actions. */
export type AllowancesOptions = {
  /** Spenders that are asked for too, by their addresses. */
  readonly spenders?: readonly string[] | undefined
}

const optionNames: OptionNames<AllowancesOptions> = { spenders: true }

type Means = { readonly context: PayContext; readonly chains: readonly Chain[] }

/**
 * Asks the chains who may move what of the wallet's: of every token of the table, and of what was ever acted with, for every
 * spender that is pinned, was ever let move something by an action, or is named.
 */
export async function findAllowances(
  options: AllowancesOptions,
  { context, chains }: Means,
): Promise<readonly Allowance[]> {
  refuseUnknown('allowances', options, optionNames)
  const plans = await plansIn(context, chains)
  const found = await Promise.all(
    chains.map(async ({ network, actions, openApprovals }) => {
      const signer = actions && (await context.keyStore.getSigner(network))
      if (!actions || !signer) return []
      const pending = openApprovals
        ? await openApprovals(await approvedIn(`account:${network}:${signer.address}`, context))
        : []
      const own = plans.filter((plan) => plan.network === network)
      const spenders = spendersOn(network, own, options.spenders ?? [])
      const known = await readAll(await actions.view(), {
        owner: signer.address,
        network,
        tokens: tokensOn(network, own, context),
        spenders,
      })
      return [...known, ...pending.map(pendingOf)]
    }),
  )
  return found.flat()
}

/** Payments beside which an approval was signed: they are counted with what the account does itself. */
async function approvedIn(scope: string, { ledger }: PayContext): Promise<readonly Payment[]> {
  const found: Payment[] = []
  for await (const page of listPages(ledger, { scope })) found.push(...page)
  return found
}

function pendingOf({ asset, amount }: Payment): Allowance {
  const { network, address, symbol, decimals } = asset
  const token: PlanToken = { kind: 'erc20', address, symbol, decimals }
  return Object.freeze({ network, token, spender: permit2, amount, isPending: true })
}

/** Reads what one spender may move; nothing where the token does not say. */
export async function readAllowance(
  view: ChainView,
  { owner, token, spender }: { readonly owner: string; readonly token: PlanToken; readonly spender: string },
): Promise<bigint> {
  return (await readNumber(view, token.address, encodeCall(functions.allowance, owner, spender))) ?? 0n
}

type Question = {
  readonly owner: string
  readonly network: Network
  readonly tokens: readonly PlanToken[]
  readonly spenders: readonly string[]
}

async function readAll(view: ChainView, { owner, network, tokens, spenders }: Question): Promise<readonly Allowance[]> {
  const pairs = tokens.flatMap((token) => spenders.map((spender) => ({ token, spender })))
  const amounts = await Promise.all(pairs.map((pair) => readAllowance(view, { owner, ...pair })))
  return pairs.flatMap((pair, index) => {
    const amount = amounts[index] ?? 0n
    return amount === 0n ? [] : [Object.freeze({ network, ...pair, amount })]
  })
}

/** What was ever acted with: its record says who was let move what. */
async function plansIn({ ledger }: PayContext, chains: readonly Chain[]): Promise<readonly ActionPlan[]> {
  const plans: ActionPlan[] = []
  const planners = new Map<Network, ActionChain | undefined>(chains.map(({ network, actions }) => [network, actions]))
  for await (const page of listPages(ledger, { host: 'action' })) {
    plans.push(...page.flatMap((payment) => planners.get(payment.asset.network)?.planOf(payment) ?? []))
  }
  return plans
}

function spendersOn(network: Network, plans: readonly ActionPlan[], named: readonly string[]): readonly string[] {
  const protocols = [uniswap[network]?.router, aavePools[network], spokePools[network]].filter(
    (one) => one !== undefined,
  )
  const pinned = [permit2, ...Object.values(permit2Proxies), ...protocols]
  const acted = plans.flatMap(({ approvals }) => approvals.map(({ spender }) => spender))
  const given = named.map((one) => {
    const address = parseAddressOn(network, one)
    if (address === undefined) throw new ConfigurationError('Failed to read spenders: one of them is not an address')
    return address
  })
  return [...new Set([...pinned, ...acted, ...given])]
}

function tokensOn(network: Network, plans: readonly ActionPlan[], { assets }: PayContext): readonly PlanToken[] {
  const find = tokenFinder(network, assets)
  const table = assets.list().filter((asset) => asset.network === network && asset.transfer !== 'native')
  const acted = plans.flatMap(({ outflows, inflows }) => [...outflows, ...inflows].map(({ token }) => token))
  const named = [...table.map(({ address }) => address), ...acted.map(({ address }) => address), 'WETH']
  const tokens = named.flatMap((one) => find(one) ?? [])
  return [...new Map(tokens.map((token) => [token.address, token])).values()]
}

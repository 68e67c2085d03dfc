import { jsonSafe } from '../lib/json-safe.js'
import type { PayContext } from './context.js'
import type { Measure, Resource } from '../types.js'

/** One limit, and what is left of it. */
export type BudgetLine = {
  /** What a person reads, such as `daily limit`. */
  readonly name: string
  /** The counter it applies to, such as `wallet` or `host:api.example.com`. */
  readonly scope: string
  /** What is added up. */
  readonly measure: Measure
  readonly max: bigint
  readonly used: bigint
  readonly left: bigint
  /** Unix milliseconds at which some of it is free again, where time frees it. */
  readonly freesAt?: number | undefined
}

/** Says what is left under each limit: those of the wallet, and given a URL those of its host. */
export async function budget(
  { policy, ledger, time }: Pick<PayContext, 'policy' | 'ledger' | 'time'>,
  url: string | URL | undefined,
): Promise<readonly BudgetLine[]> {
  const limits = policy.limits?.(url === undefined ? undefined : readResource(url)) ?? []
  const usage = await ledger.usage(limits, time().ledger)
  return usage.map(({ limit, used, freesAt }) => {
    const { name, scope, measure, max } = limit
    return jsonSafe({ name, scope, measure, max, used, left: used < max ? max - used : 0n, freesAt })
  })
}

function readResource(url: string | URL): Resource {
  const { href, origin, host } = new URL(url)
  return { url: href, method: 'GET', origin, host }
}

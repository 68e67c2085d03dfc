import { jsonSafe } from '../lib/json-safe.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import type { Ledger, PaymentFilter } from '../ports/ledger.js'
import type { Payment } from '../types.js'

const filterNames: OptionNames<PaymentFilter> = {
  status: true,
  host: true,
  purchaseKey: true,
  labels: true,
  scope: true,
  since: true,
  until: true,
  before: true,
  limit: true,
}

/** Refuses a filter that is none: a misspelt one would match everything. */
export function readFilter(filter: PaymentFilter | undefined): PaymentFilter {
  refuseUnknown('the filter of payments', filter, filterNames)
  return filter ?? {}
}

/** Lists payments of a ledger, newest first. */
export function listOf({ list }: Pick<Ledger, 'list'>): (filter?: PaymentFilter) => Promise<readonly Payment[]> {
  return async (filter) => (await list(readFilter(filter))).map(jsonSafe)
}

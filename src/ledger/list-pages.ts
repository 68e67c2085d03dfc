import { nextTurn } from '../lib/deadline.js'
import type { Ledger, PaymentFilter } from '../ports/ledger.js'
import type { Payment } from '../types.js'

const pageSize = 500

/** Lists all that match, newest first, in pages; between two of them, everything else that waits gets its turn. */
export async function* listPages(
  ledger: Pick<Ledger, 'list'>,
  filter: Omit<PaymentFilter, 'limit' | 'before'>,
): AsyncGenerator<readonly Payment[]> {
  let before: Payment | undefined
  for (;;) {
    const page = await ledger.list({ ...filter, limit: pageSize, before: before?.id })
    if (page.length > 0) yield page
    if (page.length < pageSize) return
    const last = page.at(-1)
    if (last?.id === before?.id) throw new TypeError('the ledger does not go on after the last payment of a page')
    before = last
    await nextTurn()
  }
}

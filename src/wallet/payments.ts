import { ConfigurationError } from '../errors.js'
import { jsonSafe } from '../lib/json-safe.js'
import { listOf } from '../pay/list-payments.js'
import type { Ledger, PaymentFilter } from '../ports/ledger.js'
import type { PaymentId } from '../types.js'
import { type ExportFormat, exportPayments } from './export.js'
import type { AgentWallet } from './wallet.js'

/** What a wallet's ledger has recorded, as its owner reads it. */
export function paymentsOf(ledger: Ledger): AgentWallet['payments'] {
  return Object.freeze({
    get: async (id: PaymentId) => {
      const payment = await ledger.get(id)
      return payment && jsonSafe(payment)
    },
    list: listOf(ledger),
    history: async (id: PaymentId) => {
      if (ledger.history) return ledger.history(id)
      throw new ConfigurationError('Failed to read the history: the ledger of this wallet keeps none')
    },
    export: (format: ExportFormat, filter?: PaymentFilter) => exportPayments(ledger, format, filter),
  })
}

import { ConfigurationError } from '../errors.js'
import { jsonSafe } from '../lib/json-safe.js'
import { listOf } from '../pay/list-payments.js'
import type { Ledger } from '../ports/ledger.js'
import type { PaymentId } from '../types.js'
import type { AgentWallet } from './wallet.js'

/** What a wallet's ledger has recorded, as its owner reads it. */
export function paymentsOf(ledger: Ledger): Omit<AgentWallet['payments'], 'export'> {
  return {
    get: async (id: PaymentId) => {
      const payment = await ledger.get(id)
      return payment && jsonSafe(payment)
    },
    list: listOf(ledger),
    history: async (id: PaymentId) => {
      if (ledger.history) return ledger.history(id)
      throw new ConfigurationError('Failed to read the history: the ledger of this wallet keeps none')
    },
  }
}

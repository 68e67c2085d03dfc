import type { PayContext } from '../pay/context.js'
import type { AgentWallet } from './wallet.js'

/** What stops a wallet from signing, and lets it sign again. */
export function freezerOf({ ledger, clock, emit }: PayContext): Pick<AgentWallet, 'freeze' | 'unfreeze' | 'frozen'> {
  return {
    freeze: async (reason) => {
      const freeze = { reason, at: clock() }
      await ledger.freeze(freeze)
      emit('wallet.frozen', { freeze })
    },
    unfreeze: async () => {
      await ledger.freeze(undefined)
      emit('wallet.unfrozen', {})
    },
    frozen: () => ledger.frozen(),
  }
}

import { exactEvm } from '../evm/exact.js'
import type { KeyStore } from '../ports/key-store.js'
import type { PaymentMethod } from '../ports/payment-method.js'
import type { Protocol } from '../ports/protocol.js'
import type { AgentWalletOptions } from './options.js'

/** Puts what a wallet's payment methods bring behind what it has itself. */
export function withPaymentMethods<options extends AgentWalletOptions>(
  options: options,
  defaults: { readonly protocols: () => readonly Protocol[] },
): options & { readonly protocols: readonly Protocol[] } {
  const { paymentMethods = [], protocols = defaults.protocols() } = options
  if (paymentMethods.length === 0) return { ...options, protocols }
  const { keyStore, schemes = [exactEvm()], assets = [], chains = [], signIn = [] } = options
  const signIns = [signIn, paymentMethods.map((method) => method.signIn ?? [])].flat(3)
  return {
    ...options,
    protocols: [...protocols, ...paymentMethods.flatMap((method) => method.protocols)],
    keyStore: keyStore && joinKeyStores(keyStore, paymentMethods),
    schemes: [...schemes, ...paymentMethods.flatMap((method) => method.schemes)],
    assets: [...assets, ...paymentMethods.flatMap((method) => method.assets)],
    chains: [...chains, ...paymentMethods.flatMap((method) => method.chains ?? [])],
    signIn: signIns.length > 0 ? signIns : undefined,
  }
}

/** A method pays on networks of its own; secrets are the wallet's. */
function joinKeyStores(keyStore: KeyStore, methods: readonly PaymentMethod[]): KeyStore {
  const { id, deriveSecret } = keyStore
  return {
    id,
    deriveSecret: deriveSecret && (async (purpose) => deriveSecret.call(keyStore, purpose)),
    getSigner: async (network) => {
      for (const method of methods) {
        const signer = await method.keyStore.getSigner(network)
        if (signer) return signer
      }
      return keyStore.getSigner(network)
    },
  }
}

import { ConfigurationError, isStipendError } from '../errors.js'
import { waitFor } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import type { KeyStore } from '../ports/key-store.js'

/** Puts a deadline on every call of a key store. Its signers have one of their own, in the step that signs. */
export function boundKeyStore(keyStore: KeyStore): KeyStore {
  const { id, deriveSecret } = keyStore
  return Object.freeze({
    id,
    getSigner: (network) => inTime(async () => keyStore.getSigner(network)),
    deriveSecret: deriveSecret && ((purpose) => inTime(async () => deriveSecret.call(keyStore, purpose))),
  } satisfies KeyStore)
}

async function inTime<value>(ask: () => Promise<value>): Promise<value> {
  try {
    return await waitFor(ask(), { ms: deadlines.keyStore, sentence: 'the key store did not answer in time' })
  } catch (cause) {
    if (isStipendError(cause)) throw cause
    throw new ConfigurationError('Failed to ask the key store; nothing was signed', { cause })
  }
}

import type { Signer } from '../ports/key-store.js'

/** A Solana address and the one way it signs. */
export type SolanaSigner = Signer & {
  readonly namespace: 'solana'
  readonly signMessage: (message: Uint8Array) => Promise<Uint8Array>
}

/** Tells whether a signer is one of Solana. */
export function isSolanaSigner(signer: Signer | undefined): signer is SolanaSigner {
  return signer?.namespace === 'solana'
}

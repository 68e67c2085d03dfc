export type { EvmSigner, KeyStore, Signer, SolanaSigner } from './key-store.js'
export { type LocalAccount, privateKey } from './private-key.js'

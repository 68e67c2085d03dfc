export {
  account,
  ethersSigner,
  type EthersSigner,
  type LocalAccount,
  walletClient,
  type WalletClient,
} from './account.js'
export { encryptedFile, type EncryptedFileKeyStore, type EncryptedFileOptions } from './file/encrypted-file.js'
export { changePassword, exportKey, importKeys, type KeyFileAccess, type KeySource } from './file/manage.js'
export type { KeyStore, Signer } from '../ports/key-store.js'
export type { KeyAddress, KnownSigner, SingleKeyStore } from './signers.js'
export type { SolanaSigner } from '../solana/signer.js'
export type { EvmSigner } from '../evm/signer.js'
export type { Secp256k1 } from '../evm/signature.js'
export {
  generate,
  generateMnemonic,
  type GenerateMnemonicOptions,
  mnemonic,
  type MnemonicKeyStore,
  type MnemonicOptions,
} from './mnemonic.js'
export type { Password } from './file/password.js'
export { evmKey, type PrivateKeyOptions } from './evm-key.js'
export { privateKey } from './private-key.js'
export type { PrivateKeyInput } from './read-secret.js'
export {
  type RemoteChargeRequest,
  remoteSigner,
  type RemoteSignerOptions,
  type RemoteSigningRequest,
} from './remote-signer.js'
export {
  type PublicKeyLike,
  type SignedTransaction,
  solanaSigner,
  type SolanaTransactionWallet,
  type SolanaWallet,
} from './solana-signer.js'
export type { Isolation } from './worker/link.js'
export { type WorkerKeyStore, workerSigner, type WorkerSignerOptions } from './worker/worker-signer.js'

export type { PaidResourceFault } from './server/faults.js'
export { type TestKeyStore, testKeyStore, type TestKeyStoreOptions } from './keys/key-store.js'
export {
  type CreateKeyStore,
  type KeyStoreContract,
  keyStoreContract,
  type KeyStoreSubject,
} from './keys/contract.js'
export type { CreateLedger, LedgerContract } from './ledger/checks.js'
export { ledgerContract } from './ledger/contract.js'
export { type PaidResource, paidResource, type PaidResourceOptions, type SeenRequest } from './server/paid-resource.js'
export type { VerifiedPayment } from './server/token.js'

export type { PaidResourceFault } from './faults.js'
export { type TestKeyStore, testKeyStore, type TestKeyStoreOptions } from './key-store.js'
export {
  type CreateKeyStore,
  type KeyStoreContract,
  keyStoreContract,
  type KeyStoreSubject,
} from './key-store-contract.js'
export type { CreateLedger, LedgerContract } from './ledger-checks.js'
export { ledgerContract } from './ledger-contract.js'
export { type PaidResource, paidResource, type PaidResourceOptions, type SeenRequest } from './paid-resource.js'
export type { VerifiedPayment } from './till.js'

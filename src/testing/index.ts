export { type TestKeyStore, testKeyStore } from './key-store.js'
export {
  type PaidResource,
  type PaidResourceFault,
  type PaidResourceOptions,
  paidResource,
  type SeenRequest,
} from './paid-resource.js'
export type { VerifiedPayment } from './verify.js'

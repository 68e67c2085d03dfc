export type { PaidResourceFault } from './server/answers.js'
export { type TestKeyStore, testKeyStore, type TestKeyStoreOptions } from './keys/key-store.js'
export {
  type CreateKeyStore,
  type KeyStoreContract,
  keyStoreContract,
  type KeyStoreSubject,
} from './keys/contract.js'
export type { CreateLedger, LedgerContract } from './ledger/checks.js'
export { ledgerContract } from './ledger/contract.js'
export { type PaidResource, paidResource, type PaidResourceOptions } from './server/paid-resource.js'
export type { SeenRequest } from './server/seen.js'
export { mock402, type Mock402 } from './mock/mock402.js'
export type { Mock402Options } from './mock/options.js'
export { type Mock402Fault, mock402Faults } from './mock/faults.js'
export type { Mock402Method, MockAuthorization, MockSettlement } from './mock/book.js'
export type { Mock402Protocol } from './mock/messages.js'
export type { Listening } from './mock/listen.js'
export { mockHandlers, type MswHttp } from './mock/handlers.js'
export { type ExpectedPayments, expectNothingPaid, expectPaid, type PaymentsHolder } from './expect-paid.js'
export { testClock, type TestClock } from './clock.js'
export { testRandom, type TestRandom } from './random.js'
export type { VerifiedPayment } from './server/token.js'
export { gauntlet, type GauntletResult } from './gauntlet/gauntlet.js'
export { dialectsGauntlet, type DialectsGauntletPayer, type PayerDialect } from './gauntlet/dialects-gauntlet.js'
export type { GauntletLightning } from './gauntlet/lightning.js'
export type { GauntletNode } from './gauntlet/permit-node.js'
export type { GauntletMethod, GauntletPayer, GauntletScene, PayerFeature } from './gauntlet/payer.js'
export {
  type McpAnswer,
  type McpCall,
  mcpGauntlet,
  type McpGauntletPayer,
  type McpSend,
} from './gauntlet/mcp-gauntlet.js'
export {
  type GauntletTools,
  toolsGauntlet,
  type ToolsGauntletOptions,
  type ToolsGauntletResult,
} from './gauntlet/tools-gauntlet.js'

export type { SdkCall } from './history.js'
export { type WalletTools, walletTools, type WalletToolsOptions } from './tools.js'
export { type ToolSettings, withWalletTools } from './with-wallet-tools.js'

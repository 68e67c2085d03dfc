export { solana, type SolanaOptions } from './chain.js'
export { exactSolana, type ExactSolanaOptions } from './exact.js'
export type { Web3 } from './build-message.js'

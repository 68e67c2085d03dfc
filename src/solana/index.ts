export { solana, type SolanaOptions } from '../chains/solana.js'
export { exactSolana, type ExactSolanaOptions } from '../schemes/exact-solana.js'
export type { Web3 } from '../schemes/solana-message.js'

/** The Solana of the examples, which says how it is used, and clients and servers that only tests need. */
export {
  createSolanaKeyPair,
  devnetUsdc,
  RpcError,
  type SolanaFacilitator,
  type SolanaKeyPair,
  type SolanaServer,
  solanaDevnet,
  startSolana,
  startSolanaFacilitator,
  startSolanaServer,
  type TestSolana,
  transferFee,
} from '../../../examples/support/solana/index.ts'
export { createOfficialClient, createOfficialClientV1, readReceipt } from './clients.ts'
export { startSolanaFacilitatorV1, startSolanaServerV1 } from './v1.ts'
export { createWeb3Client, web3Versions } from './web3-client.ts'
export { ask, cosign, createParties, type Parties, sendPayment, signAnew, signPayment } from './wire.ts'

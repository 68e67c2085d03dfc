export type {
  Chain,
  ContractPayers,
  ContractSignature,
  Evidence,
  Outgoing,
  OutgoingSearch,
  OutgoingTransfer,
  TransferRequest,
  Transfers,
} from '../ports/chain.js'
export { evm, type EvmOptions } from './chain.js'
export type { GasPayer } from './cancel.js'
export type { Rpc } from './blocks.js'

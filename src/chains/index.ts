export type {
  Chain,
  Evidence,
  Outgoing,
  OutgoingSearch,
  OutgoingTransfer,
  TransferRequest,
  Transfers,
} from './evidence.js'
export { evm, type EvmOptions } from './evm.js'
export type { GasPayer } from './evm-cancel.js'
export type { Rpc } from './evm-rpc.js'

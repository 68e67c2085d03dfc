import type { Family } from '../ports/family.js'
import { parseAddress } from './address.js'

/** EVM chains: addresses are the same in either case (EIP-55), and a chain id has one decimal form. */
export const evmFamily: Family = {
  namespace: 'eip155',
  isReference: (reference) => /^[1-9]\d*$/.test(reference),
  parseAddress,
  foldAddress: (text) => text.toLowerCase(),
  addressPrefix: '0x',
  tokenNamespace: 'erc20',
  transfer: 'eip3009',
  hints: {
    schemes: {
      exact: "exactEvm(), from 'stipend'",
      upto: "uptoEvm(), from 'stipend'",
      charge: "chargeTempo(), from 'stipend/tempo'",
    },
    chain: "evm({ network, clients }), from 'stipend/evm'",
    asset: ', eip712: { name, version }',
  },
}

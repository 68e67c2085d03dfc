import type { TypedData } from '../../src/evm/typed-data.js'

/** Typed data with structs within structs. */
export const permit2: TypedData = {
  domain: {
    name: 'Token ₮',
    version: '1',
    chainId: 14,
    verifyingContract: '0xe7cd86e13AC4309349F30B3435a9d337750fC82D',
  },
  types: {
    PermitWitnessTransferFrom: [
      { name: 'permitted', type: 'TokenPermissions' },
      { name: 'spender', type: 'address' },
      { name: 'nonce', type: 'uint256' },
      { name: 'witness', type: 'Witness' },
      { name: 'id', type: 'bytes32' },
      { name: 'memo', type: 'string' },
    ],
    Witness: [{ name: 'to', type: 'address' }],
    TokenPermissions: [
      { name: 'token', type: 'address' },
      { name: 'amount', type: 'uint128' },
    ],
  },
  primaryType: 'PermitWitnessTransferFrom',
  message: {
    permitted: { token: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913', amount: (1n << 128n) - 1n },
    spender: '0x402085c248EeA27D92E8b30b2C58ed07f9E20001',
    nonce: (1n << 256n) - 1n,
    witness: { to: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' },
    id: `0x${'ab'.repeat(32)}`,
    memo: 'héllo',
  },
}

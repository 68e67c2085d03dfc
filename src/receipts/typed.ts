import { keccak_256 } from '@noble/hashes/sha3'
import { concatBytes } from '@noble/hashes/utils'
import { parseSignature, recoverAddress } from '../evm/signature.js'
import { hashStruct, type TypedData } from '../evm/typed-data.js'
import type { AttestationProblem } from '../ports/attestations.js'
import type { Fields } from './fields.js'

const types: TypedData['types'] = {
  // In no contract's name, and on no chain in particular: what is signed here moves nothing anywhere.
  EIP712Domain: [
    { name: 'name', type: 'string' },
    { name: 'version', type: 'string' },
    { name: 'chainId', type: 'uint256' },
  ],
  offer: [
    { name: 'version', type: 'uint256' },
    { name: 'resourceUrl', type: 'string' },
    { name: 'scheme', type: 'string' },
    { name: 'network', type: 'string' },
    { name: 'asset', type: 'string' },
    { name: 'payTo', type: 'string' },
    { name: 'amount', type: 'string' },
    { name: 'validUntil', type: 'uint256' },
  ],
  receipt: [
    { name: 'version', type: 'uint256' },
    { name: 'network', type: 'string' },
    { name: 'resourceUrl', type: 'string' },
    { name: 'payer', type: 'string' },
    { name: 'issuedAt', type: 'uint256' },
    { name: 'transaction', type: 'string' },
  ],
}

/** What is signed for a field that is not there. */
const absent = { offer: { validUntil: 0 }, receipt: { transaction: '' } } as const

const names = { offer: 'Offer', receipt: 'Receipt' } as const

/** Answers the address whose key signed a document as typed data (EIP-712). */
export function recoverIssuer<kind extends keyof Fields>(
  kind: kind,
  fields: Fields[kind],
  signature: string,
): { readonly issuer: string } | AttestationProblem {
  const parsed = parseSignature(signature)
  const issuer = parsed && recoverAddress(hashDocument(kind, fields), parsed)
  return issuer === undefined ? { problem: 'has a signature that is none' } : { issuer }
}

function hashDocument<kind extends keyof Fields>(kind: kind, fields: Fields[kind]): Uint8Array {
  const separator = hashStruct('EIP712Domain', { name: `x402 ${kind}`, version: '1', chainId: 1 }, types)
  const own = { [names[kind]]: types[kind] ?? [] }
  return keccak_256(
    concatBytes(Uint8Array.of(0x19, 0x01), separator, hashStruct(names[kind], { ...absent[kind], ...fields }, own)),
  )
}

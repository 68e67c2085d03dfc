import { deepFreeze } from '../lib/freeze.js'
import type { SignInClaim } from '../ports/sign-in.js'
import type { Hex } from '../types.js'
import { type Field, typesOf } from './permit2.js'
import type { EvmSigner } from './signer.js'
import type { TypedData } from './typed-data.js'

/** In which domain of typed data proofs of MPP are signed: it has no contract, so that none takes what is signed in it. */
export const proofDomain = { name: 'MPP', version: '3' } as const

/** The fields of a proof of MPP: whose address it is, for which challenge of whom. */
export const proofFields: readonly Field[] = [
  ['address', 'account'],
  ['string', 'challengeId'],
  ['string', 'realm'],
]

/** What each text of a proof may be. */
export const proofTexts: Readonly<Record<'challengeId' | 'realm', RegExp>> = {
  challengeId: /^[\x21\x23-\x5b\x5d-\x7e]{1,512}$/,
  realm: /^[A-Za-z0-9.:[\]_-]{1,260}$/,
}

/** What is signed to show whose address it is, where no money is asked: built from the claim, and from nothing else. */
export function proofData({ network, address, domain, nonce }: SignInClaim): TypedData {
  return {
    domain: { ...proofDomain, chainId: Number(network.slice('eip155:'.length)) },
    types: typesOf({ Proof: proofFields }),
    primaryType: 'Proof',
    message: { account: address, challengeId: nonce, realm: domain },
  }
}

/** Asks a signer to prove that it is whose address a claim names. */
export async function askToProve(claim: SignInClaim, signer: EvmSigner): Promise<Hex> {
  return signer.signTypedData(deepFreeze(proofData(claim)))
}

import type { Offer, Payment, Hex } from '../types.js'
import { parseAddress } from './address.js'
import type { TypedData } from './typed-data.js'

/** Uniswap's Permit2, which has the same address on every chain. */
export const permit2: Hex = '0x000000000022D473030F116dDEE9F6B43aC78BA3'

/** The contracts of x402 that Permit2 moves money for, by scheme: each pays nobody but whom the payer's witness names. */
export const permit2Proxies: Readonly<Record<'exact' | 'upto', Hex>> = {
  exact: '0x402085c248EeA27D92E8b30b2C58ed07f9E20001',
  upto: '0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002',
}

/** A field of typed data: its type, then its name. */
export type Field = readonly [type: string, name: string]

/** The fields of what is signed for Permit2, but for those of the witness, which each scheme has its own of. */
export const permitFields: Readonly<Record<'PermitWitnessTransferFrom' | 'TokenPermissions', readonly Field[]>> = {
  PermitWitnessTransferFrom: [
    ['TokenPermissions', 'permitted'],
    ['address', 'spender'],
    ['uint256', 'nonce'],
    ['uint256', 'deadline'],
    ['Witness', 'witness'],
  ],
  TokenPermissions: [
    ['address', 'token'],
    ['uint256', 'amount'],
  ],
}

/** The fields of the witness of `exact`. */
export const exactWitness: readonly Field[] = [
  ['address', 'to'],
  ['uint256', 'validAfter'],
]

/** The fields of the witness of `upto`. */
export const uptoWitness: readonly Field[] = [
  ['address', 'to'],
  ['address', 'facilitator'],
  ['uint256', 'validAfter'],
]

/** Who may have the money, and whatever else the proxy of a scheme holds against it. */
export type Permit = {
  readonly spender: Hex
  readonly witnessFields: readonly Field[]
  readonly witness: Readonly<Record<string, string | bigint>>
}

/** Tells whether a payment moves by Permit2, whatever else its token could move by. */
export function isPermit({ terms }: Pick<Payment, 'terms'>): boolean {
  return terms.method === 'permit2'
}

/** Says why a token cannot move by Permit2 for this offer; its allowance is for the chain to say. */
export function refusePermit({ asset, extra }: Offer): string | undefined {
  if (asset.transfer !== 'permit2' && asset.transfer !== 'eip3009')
    return `${asset.symbol} on ${asset.network} cannot be moved by Permit2`
  // The token's name and version are no part of what is signed.
  if ((extra['decimals'] ?? asset.decimals) === asset.decimals) return undefined
  return `extra.decimals is not what it is for ${asset.symbol}: ${asset.decimals}`
}

/** What `exact` signs for Permit2. */
export function exactPermit({ payTo, terms }: Payment): Permit {
  const witness = { to: parseAddress(payTo) ?? payTo, validAfter: BigInt(terms.validAfter) }
  return { spender: permit2Proxies.exact, witnessFields: exactWitness, witness }
}

/** The last second in which Permit2 takes it: a payment ends in the next. */
export function deadlineOf({ terms }: Payment): bigint {
  return BigInt(terms.validBefore - 1)
}

/** What is signed for Permit2: built from the recorded payment and pinned addresses, and from nothing else. */
export function permitData(payment: Payment, { spender, witnessFields, witness }: Permit): TypedData {
  const { asset, amount, terms } = payment
  return {
    domain: { name: 'Permit2', chainId: Number(asset.network.slice('eip155:'.length)), verifyingContract: permit2 },
    types: typesOf({ ...permitFields, Witness: witnessFields }),
    primaryType: 'PermitWitnessTransferFrom',
    message: {
      permitted: { token: asset.address, amount },
      spender,
      nonce: BigInt(terms.nonce),
      deadline: deadlineOf(payment),
      witness,
    },
  }
}

/** Writes fields as typed data has them. */
export function typesOf(fields: Readonly<Record<string, readonly Field[]>>): TypedData['types'] {
  const write = (list: readonly Field[]) => list.map(([type, name]) => ({ name, type }))
  return Object.fromEntries(Object.entries(fields).map(([name, list]) => [name, write(list)]))
}

/** Writes a payment as servers take it. */
export function permitPayload(payment: Payment, { spender, witness }: Permit): Readonly<Record<string, unknown>> {
  const { asset, amount, terms } = payment
  return {
    from: terms.payer,
    permitted: { token: asset.address, amount: amount.toString() },
    spender,
    nonce: BigInt(terms.nonce).toString(),
    deadline: deadlineOf(payment).toString(),
    witness: Object.fromEntries(Object.entries(witness).map(([name, value]) => [name, value.toString()])),
  }
}

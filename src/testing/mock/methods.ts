import { pinnedAssets } from '../../assets/pinned.js'
import { parseAddress } from '../../evm/address.js'
import { parseSignature, recoverAddress } from '../../evm/signature.js'
import { hashTypedData, type TypedData } from '../../evm/typed-data.js'
import type { Hex } from '../../types.js'
import { isObject } from '../equal.js'
import type { Entry } from '../server/wire.js'
import type { Mock402Method, ReadPayload } from './book.js'
import { readSolana } from './read-solana.js'

const facilitator = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const feePayer = '7dHbWXmci3dT8UFYWYZweBLXgycu7Y3iL6trKn1Y7ARj'
const permit2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3'
const spenders: Readonly<Record<string, string>> = {
  exact: '0x402085c248EeA27D92E8b30b2C58ed07f9E20001',
  upto: '0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002',
}

/** What differs from method to method in an offer. */
export const offerFields: Readonly<Record<Mock402Method, Entry>> = {
  eip3009: { scheme: 'exact' },
  permit2: { scheme: 'exact', extra: { assetTransferMethod: 'permit2' } },
  upto: { scheme: 'upto', extra: { facilitatorAddress: facilitator } },
  solana: { scheme: 'exact', extra: { feePayer } },
}

/** Says by which method an offer is paid. */
export function methodOf({ scheme, network, extra }: Entry): Mock402Method {
  if (String(network).startsWith('solana:')) return 'solana'
  if (scheme === 'upto') return 'upto'
  return isObject(extra) && extra['assetTransferMethod'] === 'permit2' ? 'permit2' : 'eip3009'
}

/** Reads a payload that pays an offer, or answers `undefined` when it is none. */
export function readPayload(payload: unknown, offer: Entry, now: number): ReadPayload | undefined {
  if (!isObject(payload)) return undefined
  if (methodOf(offer) === 'solana') return readSolana(payload, offer, now)
  return isObject(payload['permit2Authorization'])
    ? readPermit(payload['permit2Authorization'], payload['signature'], offer)
    : readTransfer(payload['authorization'], payload['signature'], offer)
}

const transferTypes: TypedData['types'] = {
  TransferWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
}

function readTransfer(fields: unknown, signature: unknown, offer: Entry): ReadPayload | undefined {
  if (!isObject(fields)) return undefined
  const { from, to, value, validAfter, validBefore, nonce } = fields
  const [payer, payTo, asset] = [from, to, offer['asset']].map((text) => parseAddress(String(text)))
  const numbers = [value, validAfter, validBefore].map(readUint)
  const [amount, after, before] = numbers
  if (!payer || !payTo || !asset || amount === undefined || after === undefined || before === undefined)
    return undefined
  if (typeof nonce !== 'string' || !/^0x[0-9a-fA-F]{64}$/.test(nonce)) return undefined
  const message = { from: payer, to: payTo, value: amount, validAfter: after, validBefore: before, nonce }
  const data = {
    domain: domainOf(offer, asset),
    types: transferTypes,
    primaryType: 'TransferWithAuthorization',
    message,
  } as const
  return {
    network: String(offer['network']),
    asset,
    payer,
    payTo,
    amount,
    nonce: nonce.toLowerCase(),
    validAfter: Number(after),
    validBefore: Number(before),
    isSigned: isSignedBy(data, signature, payer),
  }
}

function readPermit(fields: Entry, signature: unknown, offer: Entry): ReadPayload | undefined {
  const { from, permitted, spender, witness } = fields
  if (!isObject(permitted) || !isObject(witness)) return undefined
  const [payer, payTo, asset, by] = [from, witness['to'], permitted['token'], spender].map((text) =>
    parseAddress(String(text)),
  )
  const numbers = [permitted['amount'], fields['nonce'], fields['deadline'], witness['validAfter']].map(readUint)
  const [amount, nonce, deadline, after] = numbers
  if (!payer || !payTo || !asset || !by) return undefined
  if (amount === undefined || nonce === undefined || deadline === undefined || after === undefined) return undefined
  const named = witness['facilitator']
  const who = named === undefined ? {} : { facilitator: String(named) }
  const data: TypedData = {
    domain: { name: 'Permit2', chainId: chainIdOf(offer), verifyingContract: permit2 },
    types: permitTypes(named !== undefined),
    primaryType: 'PermitWitnessTransferFrom',
    message: {
      permitted: { token: asset, amount },
      spender: by,
      nonce,
      deadline,
      witness: { to: payTo, ...who, validAfter: after },
    },
  }
  const isOurs = by === spenders[String(offer['scheme'])] && (named === undefined || named === facilitator)
  return {
    network: String(offer['network']),
    asset,
    payer,
    payTo,
    amount,
    nonce: `0x${nonce.toString(16).padStart(64, '0')}`,
    validAfter: Number(after),
    validBefore: Number(deadline) + 1,
    isSigned: isOurs && isSignedBy(data, signature, payer),
  }
}

function permitTypes(hasFacilitator: boolean): TypedData['types'] {
  const facilitatorField = hasFacilitator ? [{ name: 'facilitator', type: 'address' }] : []
  return {
    PermitWitnessTransferFrom: [
      { name: 'permitted', type: 'TokenPermissions' },
      { name: 'spender', type: 'address' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
      { name: 'witness', type: 'Witness' },
    ],
    TokenPermissions: [
      { name: 'token', type: 'address' },
      { name: 'amount', type: 'uint256' },
    ],
    Witness: [{ name: 'to', type: 'address' }, ...facilitatorField, { name: 'validAfter', type: 'uint256' }],
  }
}

/** The token's own domain, where it is one that everybody knows: only what is signed for that moves money. */
function domainOf(offer: Entry, asset: Hex): TypedData['domain'] {
  const known = pinnedAssets().find((one) => one.network === offer['network'] && one.address === asset)
  const extra = isObject(offer['extra']) ? offer['extra'] : {}
  const { name, version } = known?.eip712 ?? { name: String(extra['name']), version: String(extra['version']) }
  return { name, version, chainId: chainIdOf(offer), verifyingContract: asset }
}

function chainIdOf({ network }: Entry): number {
  return Number(String(network).slice('eip155:'.length))
}

function isSignedBy(data: TypedData, text: unknown, payer: Hex): boolean {
  try {
    const signature = typeof text === 'string' ? parseSignature(text) : undefined
    return signature !== undefined && recoverAddress(hashTypedData(data), signature) === payer
  } catch {
    return false
  }
}

function readUint(text: unknown): bigint | undefined {
  if (typeof text !== 'string' || !/^(0|[1-9]\d{0,77})$/.test(text)) return undefined
  const value = BigInt(text)
  return value >> 256n ? undefined : value
}

import { ed25519 } from '@noble/curves/ed25519'
import { base58 } from '@scure/base'
import { hashCharge, type TempoCharge } from '../../evm/tempo/charge-transaction.js'
import { hashTypedData, type TypedData } from '../../evm/typed-data.js'
import { parseSignature, recoverAddress } from '../../evm/signature.js'
import { parseAddress } from '../../evm/address.js'
import { isSignedBy } from '../../solana/verify.js'
import { isEvmSigner } from '../../evm/signer.js'
import type { KnownSigner } from '../../keys/signers.js'
import type { Signer } from '../../ports/key-store.js'
import { isSolanaSigner } from '../../solana/signer.js'
import type { Network } from '../../types.js'
import {
  sampleAllowancePermit,
  sampleCharge,
  sampleMessage,
  samplePermit,
  sampleTransfer,
  sampleUptoPermit,
} from './samples.js'

/** What is asked of the signers of one family of networks. */
export type KeyFamily = {
  readonly networks: readonly [Network, ...Network[]]
  readonly isAddress: (address: string) => boolean
  /** How payments of the family move, each of which is signed in a shape of its own. */
  readonly kinds: readonly [PaymentKind, ...PaymentKind[]]
  /** Whether a signer can sign payments of a kind that not every one has to. @default it can */
  readonly can?: ((signer: Signer, kind: PaymentKind) => boolean) | undefined
  /** Signs the sample payment of a number, from the signer's own address. */
  readonly sign: (signer: Signer, number: bigint, kind?: PaymentKind) => Promise<unknown>
  /** Asks for what no signer can sign. */
  readonly signNonsense: (signer: Signer) => Promise<unknown>
  /** Whether a signature is in the one form that the chains take. */
  readonly isCanonical: (signature: unknown) => boolean
  readonly isSignedBy: (address: string, number: bigint, signature: unknown, kind?: PaymentKind) => boolean
}

type PaymentKind = 'eip3009' | 'permit' | 'permit2' | 'permit2-upto' | 'tip20' | 'tip20-own-fee' | 'transfer-checked'

const eip155: KeyFamily = {
  networks: ['eip155:84532', 'eip155:1', 'eip155:8453'],
  isAddress: (address) => parseAddress(address.toLowerCase()) === address,
  kinds: ['eip3009', 'permit', 'permit2', 'permit2-upto', 'tip20', 'tip20-own-fee'],
  can: (signer, kind) => !isOfTempo(kind) || (isEvmSigner(signer) && signer.signCharge !== undefined),
  sign: async (signer, number, kind) =>
    isOfTempo(kind)
      ? signCharge(signer, sampleCharge(number, kind))
      : signTyped(signer, sampleOf(signer.address, number, kind)),
  signNonsense: async (signer) => signTyped(signer, { ...sampleTransfer(signer.address, 1n), primaryType: 'Nothing' }),
  isCanonical: (signature) => {
    const isPlain = typeof signature === 'string' && /^0x[0-9a-f]{128}1[bc]$/.test(signature)
    return isPlain && parseSignature(signature) === signature
  },
  isSignedBy: (address, number, signature, kind) => {
    const parsed = parseSignature(signature)
    const digest = isOfTempo(kind)
      ? hashCharge(sampleCharge(number, kind))
      : hashTypedData(sampleOf(address, number, kind))
    return parsed !== undefined && recoverAddress(digest, parsed) === address
  },
}

function isOfTempo(kind: PaymentKind | undefined): kind is 'tip20' | 'tip20-own-fee' {
  return kind === 'tip20' || kind === 'tip20-own-fee'
}

function sampleOf(address: string, number: bigint, kind?: PaymentKind): TypedData {
  if (kind === 'permit2-upto') return sampleUptoPermit(number)
  if (kind === 'permit') return sampleAllowancePermit(address, number)
  return kind === 'permit2' ? samplePermit(number) : sampleTransfer(address, number)
}

const solana: KeyFamily = {
  networks: [
    'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
    'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
    'solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z',
  ],
  isAddress: (address) => isPoint(address),
  kinds: ['transfer-checked'],
  sign: async (signer, number) => signBytes(signer, sampleMessage(signer.address, number)),
  signNonsense: async (signer) => signBytes(signer, undefined as unknown as Uint8Array),
  isCanonical: (signature) => signature instanceof Uint8Array && signature.length === 64,
  isSignedBy: (address, number, signature) => {
    const isBytes = signature instanceof Uint8Array && signature.length === 64
    return isBytes && isSignedBy(sampleMessage(address, number), signature, address)
  },
}

/** The families of networks that a key store can hold keys for. */
export const keyFamilies: Readonly<Record<KnownSigner['namespace'], KeyFamily>> = Object.freeze({ eip155, solana })

function signTyped(signer: Signer, data: TypedData): Promise<unknown> | undefined {
  return isEvmSigner(signer) ? signer.signTypedData(data) : undefined
}

function signCharge(signer: Signer, charge: TempoCharge): Promise<unknown> | undefined {
  return isEvmSigner(signer) ? signer.signCharge?.(charge) : undefined
}

function signBytes(signer: Signer, message: Uint8Array): Promise<unknown> | undefined {
  return isSolanaSigner(signer) ? signer.signMessage(message) : undefined
}

function isPoint(address: string): boolean {
  try {
    ed25519.ExtendedPoint.fromHex(base58.decode(address))
    return true
  } catch {
    return false
  }
}

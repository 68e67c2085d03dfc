import { base58 } from '@scure/base'
import { ConfigurationError, KeyStoreLockedError } from '../errors.js'
import { type Secp256k1, signDigest } from '../evm/signature.js'
import type { EvmSigner } from '../evm/signer.js'
import { hashCharge, type TempoCharge } from '../evm/tempo/charge-transaction.js'
import { draw, type Random } from '../lib/random.js'
import type { Hex, Network } from '../types.js'
import { ownBytes, wipe } from '../lib/bytes.js'
import { isOwn, markOwn } from '../lib/own-signers.js'
import { createSign, publicKeyOf } from './ed25519.js'
import { addressOfEvmKey, deriveFrom, holdEvm, isEvmKey } from './held-evm.js'
import type { KeyStore } from '../ports/key-store.js'
import type { KnownSigner } from './signers.js'
import type { SolanaSigner } from '../solana/signer.js'

/** 32 secret bytes and the curve they are for: a secp256k1 key for `eip155`, an ed25519 seed for `solana`. */
export type Secret = { readonly namespace: KnownSigner['namespace']; readonly bytes: Uint8Array }

/** A key in memory of its own, until it is wiped; it never shows its bytes. */
export type HeldKey = {
  readonly signer: KnownSigner
  readonly derive: (purpose: string) => Uint8Array
  /** Overwrites the key; from then on it signs nothing. */
  readonly wipe: () => void
}

/**
 * Takes a copy of a secret, which the caller then overwrites; what signs with an EVM key is JavaScript by default.
 *
 * @throws ConfigurationError when the bytes are no key of their curve; the message never repeats them.
 */
export function holdKey({ namespace, bytes }: Secret, curve?: Secp256k1): HeldKey {
  if (!isKey({ namespace, bytes })) throw new ConfigurationError('Failed to hold a key: its bytes are no key')
  let key: Uint8Array | undefined = ownBytes(bytes)
  const use = (): Uint8Array => {
    if (key) return key
    throw new KeyStoreLockedError('its keys are overwritten')
  }
  const held: Held = namespace === 'eip155' ? { signer: withCharges(holdEvm(use, curve), use, curve) } : holdSolana(use)
  return Object.freeze({
    signer: held.signer,
    derive: (purpose: string) => deriveFrom(use(), purpose),
    wipe: () => {
      wipe(key)
      key = undefined
      held.forget?.()
    },
  })
}

/** Tells whether bytes are a key: of secp256k1 any number from 1 to below the order, of ed25519 anything but zeros. */
export function isKey({ namespace, bytes }: Secret): boolean {
  if (bytes.length !== 32) return false
  return namespace === 'eip155' ? isEvmKey(bytes) : bytes.some((byte) => byte !== 0)
}

/**
 * Draws a fresh secret.
 *
 * @throws ConfigurationError when the generator answers zeros, or what is no key.
 */
export function generateSecret(namespace: Secret['namespace'], random: Random): Secret {
  const drawn = draw(random, 32)
  const secret: Secret = { namespace, bytes: ownBytes(drawn) }
  wipe(drawn)
  if (isKey(secret)) return secret
  throw new ConfigurationError('Failed to draw a key: the generator answers what is no key')
}

/** Answers the address of a secret. */
export function addressOfSecret({ namespace, bytes }: Secret): string {
  return namespace === 'eip155' ? addressOfEvmKey(bytes) : base58.encode(publicKeyOf(bytes))
}

/** Signs payments on Tempo too; a page whose wallet is lean pays by x402 alone, and does not download this. */
function withCharges(signer: EvmSigner, use: () => Uint8Array, curve: Secp256k1 | undefined): EvmSigner {
  const signCharge = async (charge: TempoCharge): Promise<Hex> => signDigest(hashCharge(charge), use(), curve)
  const able = Object.freeze({ ...signer, signCharge })
  return isOwn(signer) ? markOwn(able) : able
}

type Held = { readonly signer: KnownSigner; readonly forget?: (() => void) | undefined }

function holdSolana(use: () => Uint8Array): Held {
  let sign: ReturnType<typeof createSign> | undefined
  const signer: SolanaSigner = Object.freeze({
    namespace: 'solana',
    address: base58.encode(publicKeyOf(use())),
    throwsUnsigned: true,
    signMessage: async (message: Uint8Array) => {
      const key = use()
      sign ??= createSign(key)
      return sign(message)
    },
  })
  const forget = (): void => {
    sign = undefined
  }
  return { signer: markOwn(signer), forget }
}

/** The store of keys that are held: the first of a family signs for its networks, the first of all derives. */
export function storeOf(keys: readonly HeldKey[]): Required<Pick<KeyStore<KnownSigner>, 'getSigner' | 'deriveSecret'>> {
  return {
    getSigner: async (network: Network) => signerFor(network, keys)?.signer,
    deriveSecret: async (purpose: string) => {
      const [first] = keys
      if (!first) throw new ConfigurationError('Failed to derive a secret: the store holds no key')
      return first.derive(purpose)
    },
  }
}

function signerFor(network: Network, keys: readonly HeldKey[]): HeldKey | undefined {
  return keys.find(({ signer }) => network.startsWith(`${signer.namespace}:`))
}

import { type OptionNames, requireOptions } from '../lib/known-options.js'
import { secp256k1 } from '@noble/curves/secp256k1'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils'
import { within } from '../lib/deadline.js'
import { ConfigurationError } from '../errors.js'
import { cleanCause } from '../lib/clean-cause.js'
import { hashCharge, type TempoCharge } from '../evm/tempo/charge-transaction.js'
import { hashTypedData, type TypedData, withDomainType } from '../evm/typed-data.js'
import { parseSignature, recoverAddress } from '../evm/signature.js'
import { parseAddress } from '../evm/address.js'
import type { Hex, Network } from '../types.js'
import { isWalletAddress } from '../solana/address.js'
import { isSignedBy } from '../solana/verify.js'
import type { KnownSigner, SingleKeyStore } from './signers.js'
import type { SolanaSigner } from '../solana/signer.js'
import type { EvmSigner } from '../evm/signer.js'

/** What a remote signer is asked for. */
export type RemoteSigningRequest =
  | {
      readonly namespace: 'eip155'
      readonly address: Hex
      /** With the type of its domain, as `eth_signTypedData_v4` takes it. */
      readonly typedData: TypedData
      /** The 32 bytes that typed data is signed by, for a signer that takes digests (`ECDSA_SHA_256` with `DIGEST`). */
      readonly digest: Uint8Array
    }
  | {
      readonly namespace: 'solana'
      readonly address: string
      /** What ed25519 signs, as it is. */
      readonly message: Uint8Array
    }

/** What a remote signer is asked for of a payment on Tempo. */
export type RemoteChargeRequest = {
  readonly address: Hex
  readonly charge: TempoCharge
  /** The 32 bytes that are signed, for a signer that takes digests. */
  readonly digest: Uint8Array
}

/** Options of `remoteSigner`. */
export type RemoteSignerOptions = {
  /** The address of the key, which also says its family: EVM or Solana. */
  readonly address: string
  /**
   * Asks the KMS, HSM or service to sign, and answers the signature: hex or bytes; of secp256k1 65 bytes, 64 without
   * recovery, or DER, as a KMS writes it.
   */
  readonly sign: (request: RemoteSigningRequest) => Promise<string | Uint8Array>
  /**
   * Asks it to sign a payment on Tempo, likewise; only `chargeTempo` of `stipend/tempo` needs it.
   *
   * @default it pays nothing there
   */
  readonly signCharge?: ((request: RemoteChargeRequest) => Promise<string | Uint8Array>) | undefined
  /** After which nothing is waited for; the signer may still sign. At most 30. @default 20 */
  readonly timeoutSeconds?: number | undefined
}

const optionNames: OptionNames<RemoteSignerOptions> = {
  address: true,
  sign: true,
  signCharge: true,
  timeoutSeconds: true,
}

/**
 * Creates a key store whose key is elsewhere. Whatever goes wrong there (no answer, an error, a signature of something
 * else), the key may have been used: the payment counts as spent. Only an error whose `code` is 4001 says that a person
 * has rejected it.
 *
 * @throws ConfigurationError when the address is none.
 *
 * @example
 * ```ts
 * import { remoteSigner } from 'stipend/keys'
 *
 * const keyStore = remoteSigner({
 *   address: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
 *   sign: async (request) => {
 *     const body = request.namespace === 'eip155' ? request.digest : request.message
 *     const response = await fetch('https://signer.internal/sign', { method: 'POST', body: Uint8Array.from(body) })
 *     return new Uint8Array(await response.arrayBuffer())
 *   },
 * })
 * ```
 */
export function remoteSigner(options: RemoteSignerOptions): SingleKeyStore {
  requireOptions('remoteSigner', options, optionNames)
  const { signCharge, timeoutSeconds = 20 } = options
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 30)) {
    throw new ConfigurationError('Failed to read timeoutSeconds: it is not a number above 0 and up to 30')
  }
  const inTime =
    <request>(sign: Ask<request>) =>
    (request: request): Promise<Answer> =>
      within(timeoutSeconds * 1000, clean(sign, request), 'the remote signer did not answer in time')
  const signer = createSigner(options.address, inTime(options.sign), signCharge && inTime(signCharge))
  const { namespace, address } = signer
  return Object.freeze({
    id: address,
    namespace,
    address,
    getSigner: async (network: Network) => (network.startsWith(`${namespace}:`) ? signer : undefined),
  }) as SingleKeyStore
}

/** What a client of HTTP throws holds the request, and its bearer token. */
async function clean<request>(sign: Ask<request>, request: request): Promise<Answer> {
  try {
    return await sign(request)
  } catch (cause) {
    throw cleanCause(cause)
  }
}

type Answer = string | Uint8Array
type Ask<request> = (request: request) => Promise<Answer>

function createSigner(
  claimed: string,
  ask: Ask<RemoteSigningRequest>,
  askForCharge: Ask<RemoteChargeRequest> | undefined,
): KnownSigner {
  const address = parseAddress(String(claimed))
  if (address) return evmSigner(address, ask, askForCharge)
  if (isWalletAddress(String(claimed))) return solanaSigner(claimed, ask)
  throw new ConfigurationError('Failed to read the remote signer: its address is neither of EVM nor of Solana')
}

function evmSigner(
  address: Hex,
  ask: Ask<RemoteSigningRequest>,
  askForCharge: Ask<RemoteChargeRequest> | undefined,
): EvmSigner {
  const signTypedData = async (typedData: TypedData): Promise<Hex> => {
    const digest = hashTypedData(typedData)
    const request = { namespace: 'eip155', address, typedData: withDomainType(typedData) } as const
    return readSignature(await ask({ ...request, digest: digest.slice() }), digest, address)
  }
  const signCharge = async (charge: TempoCharge): Promise<Hex> => {
    const digest = hashCharge(charge)
    return readSignature(await askForCharge?.({ address, charge, digest: digest.slice() }), digest, address)
  }
  return Object.freeze({ namespace: 'eip155', address, signTypedData, ...(askForCharge && { signCharge }) })
}

function readSignature(answer: unknown, digest: Uint8Array, address: Hex): Hex {
  const found = spellings(toBytes(answer)).find((signature) => recoverAddress(digest, signature) === address)
  if (found) return found
  throw new TypeError('the remote signer answered with no signature of this payment by this address')
}

function solanaSigner(address: string, ask: Ask<RemoteSigningRequest>): SolanaSigner {
  const signMessage = async (message: Uint8Array): Promise<Uint8Array> => {
    const signature = toBytes(await ask({ namespace: 'solana', address, message: message.slice() }))
    if (isSignedBy(message, signature, address)) return signature
    throw new TypeError('the remote signer answered with no signature of this payment by this address')
  }
  return Object.freeze({ namespace: 'solana', address, signMessage })
}

/** A signer's answer is anything at all. */
function toBytes(answer: unknown): Uint8Array {
  if (answer instanceof Uint8Array) return Uint8Array.from(answer.subarray(0, 128))
  const digits = typeof answer === 'string' ? /^(?:0x)?((?:[0-9a-fA-F]{2}){1,128})$/.exec(answer)?.[1] : undefined
  return digits === undefined ? new Uint8Array(0) : hexToBytes(digits)
}

/** The two signatures that r and s can be, one for each recovery bit, with s in the lower half. */
function spellings(bytes: Uint8Array): readonly Hex[] {
  const compact = readCompact(bytes)
  if (compact === undefined) return []
  return ['1b', '1c'].flatMap((v) => parseSignature(`0x${compact}${v}`) ?? [])
}

function readCompact(bytes: Uint8Array): string | undefined {
  try {
    const isCompact = bytes.length === 64 || bytes.length === 65
    const { Signature } = secp256k1
    const signature = isCompact ? Signature.fromCompact(bytes.slice(0, 64)) : Signature.fromDER(bytesToHex(bytes))
    return signature.normalizeS().toCompactHex()
  } catch {
    return undefined
  }
}

import { bytesToHex, hexToBytes } from '@noble/hashes/utils'
import { ConfigurationError } from 'stipend'
import type { Secp256k1 } from 'stipend/keys'
import { markOwn } from '../../src/lib/own-signers.js'

/** A key, a digest, and what RFC 6979 makes of them: 64 bytes of r and s, s in the lower half, and the recovery id. */
const known = {
  key: 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
  digest: 'af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf',
  compact:
    '432310e32cb80eb6503a26ce83cc165c783b870845fb8aad6d970889fcd7a6c8530128b6b81c548874a6305d93ed071ca6e05074d85863d4056ce89b02bfab69',
  recovery: 0,
} as const

/**
 * Loads libsecp256k1 as WebAssembly, by the package `tiny-secp256k1`, for `privateKey`: it signs in a third of the time of
 * the default, and the same bytes. There is no silent way back: what fails to load is thrown.
 *
 * @throws ConfigurationError when `tiny-secp256k1` is not installed, does not run here, or signs a known digest otherwise
 * than RFC 6979 has it.
 *
 * @example
 * ```ts
 * import { loadSecp256k1 } from 'stipend/fast'
 * import { privateKey } from 'stipend/keys'
 *
 * const keyStore = privateKey(process.env.AGENT_KEY, { secp256k1: await loadSecp256k1() })
 * ```
 */
export async function loadSecp256k1(): Promise<Secp256k1> {
  const { signRecoverable } = await load()
  const secp256k1: Secp256k1 = Object.freeze({
    sign: (digest: Uint8Array, key: Uint8Array) => {
      const { signature, recoveryId } = signRecoverable(digest, key)
      return { compact: signature, recovery: recoveryId }
    },
  })
  check(secp256k1)
  return markOwn(secp256k1)
}

/** As much of tiny-secp256k1 as is used. */
type TinySecp256k1 = {
  readonly signRecoverable: (
    digest: Uint8Array,
    key: Uint8Array,
  ) => { readonly signature: Uint8Array; readonly recoveryId: number }
}

async function load(): Promise<TinySecp256k1> {
  try {
    return await import('tiny-secp256k1')
  } catch (cause) {
    throw new ConfigurationError('Failed to load the fast signer', {
      details: ['Install it with npm i tiny-secp256k1, or leave it out: the default signs the same bytes.'],
      cause,
    })
  }
}

function check({ sign }: Secp256k1): void {
  const { compact, recovery } = sign(hexToBytes(known.digest), hexToBytes(known.key))
  if (bytesToHex(compact) === known.compact && recovery === known.recovery) return
  throw new ConfigurationError('Failed to load the fast signer: it signs a known digest otherwise than RFC 6979 has it')
}

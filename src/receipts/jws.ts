import { ed25519 } from '@noble/curves/ed25519'
import { p256 } from '@noble/curves/p256'
import { secp256k1 } from '@noble/curves/secp256k1'
import { sha256 } from '@noble/hashes/sha2'
import { utf8ToBytes } from '@noble/hashes/utils'
import { decodeBase64 } from '../lib/base64.js'
import { findJsonProblem } from '../lib/strict-json.js'
import type { AttestationProblem } from '../ports/attestations.js'
import { type Algorithm, decodeUrlSafe, type Key, readKey } from './key-id.js'

/** What a compact JWS (RFC 7515) holds; its signature is not looked at yet. */
export type OpenJws = {
  readonly payload: unknown
  /** Answers by whose key it is signed: one that its header spells out, since a key that is elsewhere is not fetched. */
  readonly verify: () => { readonly issuer: string } | AttestationProblem
}

const algorithms: Readonly<Record<string, Algorithm>> = {
  EdDSA: 'ed25519',
  Ed25519: 'ed25519',
  ES256: 'p256',
  ES256K: 'secp256k1',
}

/** Opens a compact JWS. */
export function openJws(jws: string): OpenJws {
  const [head = '', body = '', signed = '', ...others] = jws.split('.')
  const header = parse(head)
  return {
    payload: others.length > 0 ? undefined : parse(body),
    verify: () => {
      const { alg, kid, crit, b64 } = Object(header)
      if (crit !== undefined || b64 !== undefined) return { problem: 'has a header that is not known' }
      const key = readKey(kid)
      if (!key) return { problem: 'does not spell out its key, and none is fetched' }
      const isOfKey = Object.hasOwn(algorithms, String(alg)) && algorithms[String(alg)] === key.algorithm
      if (!isOfKey) return { problem: 'names another algorithm than that of its key' }
      const isGood = isSignedBy(key, decodeUrlSafe(signed), utf8ToBytes(`${head}.${body}`))
      return isGood ? { issuer: key.id } : { problem: 'has a signature that is not of its key' }
    },
  }
}

function isSignedBy({ algorithm, bytes }: Key, signature: Uint8Array | undefined, message: Uint8Array): boolean {
  try {
    if (signature?.length !== 64) return false
    if (algorithm === 'ed25519') return ed25519.verify(signature, message, bytes)
    const curve = algorithm === 'p256' ? p256 : secp256k1
    return curve.verify(signature, sha256(message), bytes, { lowS: false })
  } catch {
    return false
  }
}

function parse(encoded: string): unknown {
  const text = decodeBase64(encoded)
  const bounds = { maxLength: 8192, maxDepth: 4, showKey: () => 'a key' }
  if (text === undefined || findJsonProblem(text, bounds) !== undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import { hmac } from '@noble/hashes/hmac'
import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import type { Asset, Hex, PaymentId, SessionId } from '../types.js'

/** Names what a session does so that no other session, nor the wallet itself, can mean the same by the same name. */
export function nameIn(session: SessionId | undefined, name: string): string {
  return session === undefined ? `own\n${name}` : `${session}\n${name}`
}

/** Started once for each secret: what all hashes under it begin with. */
const started = new WeakMap<Uint8Array, ReturnType<typeof hmac.create>>()

/** Hashes a text under a secret, as hex (HMAC-SHA-256). */
export function mac(secret: Uint8Array, text: string): string {
  const start = started.get(secret) ?? hmac.create(sha256, secret)
  started.set(secret, start)
  return bytesToHex(start.clone().update(utf8ToBytes(text)).digest())
}

/** Names the payment of a purchase: the same key under the same secret always has the same id. */
export function paymentId(secret: Uint8Array, purchaseKey: string): PaymentId {
  return `pay_${mac(secret, `id\n${purchaseKey}`).slice(0, 32)}`
}

/**
 * Derives the nonce of a purchase in one token. A token contract takes a nonce once, so the same purchase signed
 * twice, in another process or after a crash, can still be paid only once.
 */
export function nonceOf(secret: Uint8Array, purchaseKey: string, asset: Asset): Hex {
  const purchase = `nonce\n${asset.network}\n${asset.address}\n${purchaseKey}`
  return `0x${mac(secret, purchase)}`
}

/** Names a request without telling what it was: the same for the same request of the same wallet. */
export function requestDigest(secret: Uint8Array, requestHash: string): Hex {
  return `0x${mac(secret, `request\n${requestHash}`)}`
}

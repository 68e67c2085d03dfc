import { hmac } from '@noble/hashes/hmac'
import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import type { Asset, Hex, PaymentId, SessionId } from '../types.js'

/** Names what a session does so that no other session, nor the wallet itself, can mean the same by the same name. */
export function nameIn(session: SessionId | undefined, name: string): string {
  return session === undefined ? `own\n${name}` : `${session}\n${name}`
}

/** Names the payment of a purchase: the same key under the same secret always has the same id. */
export function paymentId(secret: Uint8Array, purchaseKey: string): PaymentId {
  return `pay_${bytesToHex(hmac(sha256, secret, utf8ToBytes(`id\n${purchaseKey}`))).slice(0, 32)}`
}

/**
 * Derives the nonce of a purchase in one token. A token contract takes a nonce once, so the same purchase signed
 * twice, in another process or after a crash, can still be paid only once.
 */
export function nonceOf(secret: Uint8Array, purchaseKey: string, asset: Asset): Hex {
  const purchase = `nonce\n${asset.network}\n${asset.address}\n${purchaseKey}`
  return `0x${bytesToHex(hmac(sha256, secret, utf8ToBytes(purchase)))}`
}

/** Names a request without telling what it was: the same for the same request of the same wallet. */
export function requestDigest(secret: Uint8Array, requestHash: string): Hex {
  return `0x${bytesToHex(hmac(sha256, secret, utf8ToBytes(`request\n${requestHash}`)))}`
}

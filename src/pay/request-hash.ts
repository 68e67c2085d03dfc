import { joinBytes } from '../lib/bytes.js'
import { sha256Hex } from '../lib/sha256.js'

/** Hashes what makes two requests the same: the method, the URL without its fragment, and the body. */
export function requestHash(method: string, url: string, body: Uint8Array | undefined): string {
  const { href } = new URL(url)
  const head = `${method}\n${href.split('#')[0]}\n`
  return sha256Hex(body ? joinBytes(new TextEncoder().encode(head), body) : head)
}

import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'

/** Hashes what makes two requests the same: the method, the URL without its fragment, and the body. */
export function requestHash(method: string, url: string, body: Uint8Array | undefined): string {
  const { href } = new URL(url)
  const hash = sha256.create().update(utf8ToBytes(`${method}\n${href.split('#')[0]}\n`))
  return bytesToHex(hash.update(body ?? new Uint8Array()).digest())
}
